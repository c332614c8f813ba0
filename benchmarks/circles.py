"""How long the circles of a large brand take, and what the consumer feels of it: `python -m benchmarks.circles`.

100,000 people in 300 planted circles make a million ties (a third of the talk crosses circles, activity by a Pareto
law). The graph and its circles are found on one core, limit 10 s; then the whole answer is worked out as a worker does
it, in a process beside, while this one goes on adding and removing entries as a ledger does. Its lag is how much later
than due each batch was done, then and for as long after. The other times are CPU times. Networkx stands beside, on a
tenth of it.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import tempfile
import time
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np

from config.schema import Config
from streams.api.circles import CircleRoom
from streams.api.params import Span
from streams.api.problems import Problem
from streams.desk import Page
from streams.graph.answers import Circles
from streams.graph.circles import find
from streams.graph.material import Material, gather
from streams.graph.measures import modularity
from streams.graph.ties import Ties
from streams.records import SENTIMENTS, Author, Entry, Post
from streams.views.frame import Frame
from streams.views.window import Window
from tests.streams.shelf import shelved

END: Final = datetime(2026, 11, 1, tzinfo=UTC)
DAYS: Final = 90
SIZES: Final = (100_000, 1_000_000)
LIMIT_S: Final = 10.0
LAG_S: Final = 0.1  # the 99th percentile may grow by so much
BATCH: Final = 10  # entries changed every hundredth of a second; so few that the frame is not merged meanwhile
CONFIG: Final = Config.model_validate({"brands": [{"name": "demo", "terms": ["demo"]}]})


class Conversation:
    """Numbers of who answered whom and when; entries are made of them as they are wanted."""

    def __init__(self, people: int, ties: int, seed: int = 1, end: datetime = END) -> None:
        self._end = end
        dice = np.random.default_rng(seed)
        circles = max(3, people // 333)
        size = dice.pareto(1.5, circles) + 1
        self.circle = np.sort(dice.choice(circles, people, p=size / size.sum()))
        loud = np.cumsum(np.minimum(dice.pareto(1.2, people) + 1, 300.0))
        self.by, self.to = _pairs(dice, self.circle, np.concatenate(([0.0], loud)), ties)
        self.ms = np.sort(dice.integers(0, DAYS * 86_400_000, len(self.by)))

    def __len__(self) -> int:
        return len(self.by)

    def entry(self, number: int) -> Entry:
        """One reply."""
        by, to = int(self.by[number]), int(self.to[number])
        post = Post(
            id=f"demo:{number}",
            platform="demo",
            author=Author(f"demo:a{by}", handle=f"a{by}"),
            text=f"something about subject{chr(97 + int(self.circle[by]) % 26) * 3} and the battery number {number}",
            created_at=self._end - timedelta(milliseconds=int(self.ms[number]) + 1),
            lang=("en", "es")[by % 2],
            reply_to=f"demo:before{number}",
            reply_to_author=f"demo:a{to}",
        )
        return Entry("demo", post, "name", self._end, sentiment=SENTIMENTS[number % 3], p=(0.2, 0.3, 0.5))

    def entries(self) -> Iterator[Entry]:
        """All of them."""
        return (self.entry(number) for number in range(len(self)))


def _pairs(dice: np.random.Generator, circle: np.ndarray, loud: np.ndarray, ties: int) -> tuple[np.ndarray, np.ndarray]:
    """So many different pairs, and some of them more than once; a third of them cross circles."""
    people = len(circle)
    first, last = np.searchsorted(circle, circle), np.searchsorted(circle, circle, side="right")
    found: list[np.ndarray] = []
    pairs = 0
    while pairs < ties:
        by = np.minimum(np.searchsorted(loud, dice.random(ties) * loud[-1], side="right") - 1, people - 1)
        across = dice.random(ties) < 1 / 3
        low, high = np.where(across, 0.0, loud[first[by]]), np.where(across, loud[-1], loud[last[by]])
        to = np.minimum(np.searchsorted(loud, low + dice.random(ties) * (high - low), side="right") - 1, people - 1)
        found.append(np.stack((by, to))[:, by != to])
        together = np.concatenate(found, axis=1)
        keys = np.minimum(*together) * people + np.maximum(*together)
        distinct, at = np.unique(keys, return_index=True)
        pairs = len(distinct)
    enough = int(np.sort(at)[ties - 1]) + 1
    by, to = together[:, :enough]
    return by, to


class Held:
    """A desk over one frame and a ledger on disk; single entries are made again from their numbers."""

    def __init__(self, talk: Conversation, frame: Frame, shelf: Path) -> None:
        self._talk, self._frame, self._shelf, self.changes = talk, frame, shelf, 0

    def ready(self) -> bool:
        return True

    def brands(self) -> Collection[str]:
        return ("demo",)

    def frame(self, _brand: str) -> Frame:
        return self._frame

    def entries(self, _brand: str, start: datetime, end: datetime, _after: str | None, limit: int) -> Page:
        early, late = ((END - each) // timedelta(milliseconds=1) - 1 for each in (end, start))
        first, last = int(self._talk.ms.searchsorted(early)), int(self._talk.ms.searchsorted(late, side="right"))
        return Page([self._talk.entry(number) for number in range(first, min(last, first + limit))], None)

    def shelf(self, _brand: str) -> Path:
        return self._shelf

    def version(self, _brand: str) -> int:
        return self.changes

    async def changed(self) -> None:
        await asyncio.Event().wait()


def networkx_beside(ties: Ties) -> tuple[float, float]:
    """(CPU seconds, modularity) of networkx's Louvain on the same graph."""
    import networkx as nx  # noqa: PLC0415 - a development dependency

    graph = nx.Graph()
    graph.add_weighted_edges_from(zip(ties.source.tolist(), ties.target.tolist(), ties.weight.tolist(), strict=True))
    begun = time.process_time()
    found = nx.community.louvain_communities(graph, seed=1)
    return time.process_time() - begun, float(nx.community.modularity(graph, found))


def found_in(material: Material) -> float:
    """CPU seconds for the graph and its circles; prints what they are."""
    begun = time.process_time()
    found = find(material.head, material.talk)
    took = time.process_time() - begun
    ties = found.ties
    print(f"  {len(ties.accounts):,} people, {len(ties.weight):,} ties, {len(material.talk.time):,} interactions")
    print(f"  graph and circles {took:21.1f} s   limit {LIMIT_S:g} s; {len(found.sizes):,} circles")
    print(f"  modularity {modularity(ties, found.label):30.4f}")
    return took


async def consume(held: Held, talk: Conversation, stop: asyncio.Event) -> list[float]:
    """Batches of changes, each due a hundredth of a second after the one before; how late each was done, in s."""
    lags, due, frame = [], time.perf_counter(), held.frame("demo")
    batch = [talk.entry(number) for number in range(BATCH)]
    while not stop.is_set():
        due += 0.01
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        for entry in batch:
            frame.remove(entry)
            frame.add(entry)
        held.changes += 1
        lags.append(time.perf_counter() - due)
        due = max(due, time.perf_counter() - 0.01)  # what is late delays the next ones, but is not made up for
    return lags


async def answered(held: Held, talk: Conversation) -> tuple[Circles, list[float], list[float]]:
    """(the answer, the consumer's lags while it was worked out, and for as long after)."""
    room, stop = CircleRoom(held, CONFIG, lambda: END), asyncio.Event()
    begun = time.monotonic()
    during = asyncio.ensure_future(consume(held, talk, stop))
    span = Span(timedelta(days=30), END, pinned=False)
    while True:
        try:
            answer = await room.circles("demo", span)
            break
        except Problem:
            await asyncio.sleep(1)
    stop.set()
    busy, stop = await during, asyncio.Event()
    await room.stop()
    after = asyncio.ensure_future(consume(held, talk, stop))
    await asyncio.sleep(time.monotonic() - begun)
    stop.set()
    return answer, busy, await after


def _lags(name: str, lags: Sequence[float]) -> float:
    p50, p99, most = (1_000 * float(each) for each in np.quantile(lags, (0.5, 0.99, 1.0)))
    print(f"  lag of the consumer, {name:12} p50 {p50:6.1f} ms   p99 {p99:6.1f} ms   most {most:6.1f} ms")
    return p99 / 1_000


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.circles", description=__doc__)
    parser.add_argument("people", type=int, nargs="?", default=SIZES[0])
    parser.add_argument("ties", type=int, nargs="?", default=SIZES[1])
    asked = parser.parse_args()
    window = Window.last(timedelta(days=30), END)
    small = Conversation(asked.people // 10, asked.ties // 10)
    frame = Frame(())
    frame.add_many(small.entries())
    print("a tenth of it")
    material = gather(frame.snapshot(), CONFIG, "demo", window, END)
    found_in(material)
    took, quality = networkx_beside(find(material.head, material.talk).ties)
    print(f"  networkx's Louvain {took:20.1f} s   modularity {quality:.4f}")
    talk, frame = Conversation(asked.people, asked.ties), Frame(())
    frame.add_many(talk.entries())
    print("all of it")
    begun = time.process_time()
    material = gather(frame.snapshot(), CONFIG, "demo", window, END)
    print(f"  columns gathered {time.process_time() - begun:22.1f} s   in a thread of the worker")
    graph_s = found_in(material)
    del material
    with tempfile.TemporaryDirectory() as folder:
        shelf = shelved(talk.entries(), Path(folder) / "ledger")
        answer, busy, quiet = asyncio.run(answered(Held(talk, frame, shelf), talk))
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(
        f"  the whole answer {used.ru_utime + used.ru_stime:22.1f} s   beside, {used.ru_maxrss / 1024:.0f} MiB", end=""
    )
    print(f"; {len(answer.circles)} circles described, {answer.texts:,} texts read")
    meanwhile, alone = _lags("meanwhile", busy), _lags("alone", quiet)
    return 0 if graph_s <= LIMIT_S and meanwhile <= alone + LAG_S else 1


if __name__ == "__main__":
    raise SystemExit(main())
