"""How fast the numbers are, and how much room they take: `python -m benchmarks.views [ENTRIES …]`.

A simulated conversation over 90 days: authors by a Pareto law, half of the posts are replies, a third of those do not
say whom they answer. Times are CPU times, so that busy neighbours matter less. Beside each figure stands what issue 2
asks for, or what the design allows itself.
"""

from __future__ import annotations

import argparse
import gc
import random
import resource
import time
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

import numpy as np

from config.schema import Views
from streams.records import SENTIMENTS, Author, Entry, Post
from streams.views.asked import Asked
from streams.views.base import VIEWS
from streams.views.columns import Ints
from streams.views.core import core_numbers
from streams.views.frame import Frame, Window
from streams.views.health import health, history
from streams.views.pulse import pulse
from streams.views.series import series
from streams.views.trees import NONE, shape, virality, wiener, without_cycles

END: Final = datetime(2026, 11, 1, tzinfo=UTC)
DAYS: Final = 90
SIZES: Final = (10_000, 200_000, 1_000_000)
OWN: Final = ("demo:a1", "@brand")
CONFUSION: Final = dict.fromkeys(("en", "es"), ((700, 200, 100), (250, 600, 150), (50, 150, 800)))


def conversation(count: int) -> Iterator[Entry]:
    """Seeded, in random order of time."""
    dice = random.Random(count)
    for number in range(count):
        reply = number > 0 and dice.random() < 0.5
        parent = dice.randrange(max(0, number - 500), number) if reply else None
        yield _entry(dice, number, parent, count)


def _entry(dice: random.Random, number: int, parent: int | None, count: int) -> Entry:
    who = int(dice.paretovariate(0.8)) % max(10, count // 8)
    at = END - timedelta(seconds=dice.random() * DAYS * 86_400)
    post = Post(
        id=f"demo:{number}",
        platform="demo",
        author=Author(id=f"demo:a{who}", handle=f"a{who}"),
        text="words",
        created_at=at,
        lang=dice.choice(("en", "es")),
        reply_to=None if parent is None else f"demo:{parent}",
        thread=None if parent is None else f"demo:{parent - parent % 20}",
        reply_to_author=f"demo:a{dice.randrange(max(10, count // 8))}" if parent is not None and number % 3 else None,
    )
    return Entry("demo", post, "name", at, sentiment=dice.choice(SENTIMENTS), p=(0.2, 0.3, 0.5))


def timed(work: Callable[[], object]) -> float:
    """CPU seconds."""
    gc.collect()
    started = time.process_time()
    work()
    return time.process_time() - started


def changes(entries: Sequence[Entry]) -> None:
    """Adding one by one and at once, and removing, as many a second as the processor does."""
    frame, some = Frame(OWN), entries[: len(entries) // 4]
    at_once = len(entries) / timed(lambda: frame.add_many(entries))
    removed = len(some) / timed(lambda: _each(frame.remove, some))
    added = len(some) / timed(lambda: _each(frame.add, some))
    print(f"\nchanges, {len(entries):,} entries held     per second   wanted")
    print(f"  add_many (recovery)            {at_once:12,.0f}   150,000")
    print(f"  remove                         {removed:12,.0f}     4,000 (ledger and views together)")
    print(f"  add                            {added:12,.0f}     4,000 (ledger and views together)")


def _each(change: Callable[[Entry], None], entries: Sequence[Entry]) -> None:
    for entry in entries:
        change(entry)


def room(entries: Sequence[Entry]) -> None:
    """Bytes an entry, all it takes included, after a question has built its index."""
    tracemalloc.start()
    frame = Frame(OWN)
    frame.add_many(entries)
    frame.snapshot().authors_of(frame.rows().post[:1])
    frame._snapshot = None
    held, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    print(
        f"room: {held / len(entries):.0f} bytes an entry, at most {peak / len(entries):.0f} while filling (150 wanted)"
    )


def questions(entries: Sequence[Entry]) -> None:
    """A pulse over three windows, right after a change, so that nothing is remembered from the one before."""
    frame, last = Frame(OWN), entries[-1]
    frame.add_many(entries)
    title = f"questions, {len(entries):,} entries held"
    print(f"\n{title:30}      1 day     7 days    90 days")
    windows = [Window.last(timedelta(days=days), END) for days in (1, 7, DAYS)]

    def ask(window: Window) -> None:
        frame.remove(last)
        frame.add(last)
        pulse(frame, window, Views(), CONFUSION)

    ask(windows[0])
    _line("posts", [f"{len(frame.rows(window)):,}" for window in windows])
    _line("pulse, ms", [_ms(partial(ask, window)) for window in windows])
    snapshot, steps = frame.snapshot(), (timedelta(minutes=5), timedelta(hours=1), timedelta(hours=6))
    charts = [partial(series, snapshot, window, step, Views()) for window, step in zip(windows, steps, strict=True)]
    _line("series, ms", [_ms(chart) for chart in charts])
    _line("health, ms", [_ms(partial(health, snapshot, window, Asked())) for window in windows])
    _line("  of so many windows", [str(2 + len(history(snapshot, window, Asked()))) for window in windows])
    rows, asked = frame.rows(windows[-1]), Asked(Views(), CONFUSION)
    for name, view in VIEWS.items():
        _line(f"  {name}", ["", "", _ms(partial(view, rows, asked))])


def shapes(count: int) -> None:
    """The worst and the usual shapes for what walks along replies and ties: one long chain, one crowd, and chance."""
    dice = np.random.default_rng(count)
    chain, star = np.arange(-1, count - 1), np.where(np.arange(count), 0, NONE)
    tree = np.concatenate(([NONE], (dice.random(count - 1) * np.arange(1, count)).astype(np.int64)))
    print(f"\n{f'shapes, {count:,} posts or ties':30}      chain       star     random")
    _line("depth and virality, ms", [_ms(partial(_virality, parent)) for parent in (chain, star, tree)])
    short = chain[: count // 20]  # a round for every second account: 50,000 in a chain are beyond all that was seen
    one, further = dice.integers(0, count // 8, count), dice.integers(1, count // 8, count)
    random = one, (one + further) % (count // 8)
    graphs = ((short[1:], short[1:] + 1), (np.zeros(count, dtype=np.int64), np.arange(count)), random)
    _line("core numbers, ms", [_ms(partial(core_numbers, count, *graph)) for graph in graphs])


def _virality(parent: Ints) -> None:
    one, nodes = np.zeros(len(parent), dtype=np.int64), np.array([len(parent)])
    virality(wiener(parent, shape(without_cycles(parent)).size, one, nodes), nodes)


def _line(name: str, cells: Sequence[str]) -> None:
    print(f"  {name:28}" + "".join(f"{cell:>11}" for cell in cells))


def _ms(work: Callable[[], object]) -> str:
    return f"{1_000 * timed(work):.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.views", description=__doc__)
    parser.add_argument("entries", type=int, nargs="*", default=SIZES)
    for count in parser.parse_args().entries:
        entries = list(conversation(count))
        if count >= 100_000:
            changes(entries)
            room(entries)
        questions(entries)
        shapes(count)
    print(f"\npeak memory of this process {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


if __name__ == "__main__":
    main()
