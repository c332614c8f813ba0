"""Exactness under failure: a real history with faults of every kind, while the processes are killed on the way.

    python -m benchmarks.exactness [--posts FILE] [--kills 20] [--broker-kills 2] [--seed 1]

The recording is turned into a history with duplicates, reordering, edits and deletions, and replayed while the worker
and the collector are killed (`kill -9`) at random moments, and the broker too. At the end every number of every brand
must equal, to the last digit, one clean computation over the final posts, and the entries must be the same, one by one.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import msgspec
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

import classifiers
from benchmarks.oracle import belonging, final_posts, not_meant, question
from benchmarks.service import Role, ask, ask_until, free_port, write_config
from classifiers.base import Classifier
from classifiers.language import detect
from config.schema import Config, Views
from streams.broker import EmbeddedKafka
from streams.records import Entry, Post, decode_post, encode
from streams.terms import Terms
from streams.views.frame import Frame, Window
from streams.views.pulse import pulse
from streams.views.voice import share_of_voice, voice_counts

RECORDING = Path("../shared/recordings/threads/reddit.jsonl")
WINDOW = timedelta(days=6_000)
EDITS = ("edited: reddit is down again", "edited away", "edited: I like imgur better")


def brands_of(posts: Sequence[Post]) -> list[dict[str, Any]]:
    """The brand of the recording, its staff as own accounts, and two others of its group. Where there is a description,
    the classifier judges whether the brand is meant."""
    staff = sorted({post.author.id for post in posts if post.author and post.author.role == "admin"})
    return [
        {"name": "reddit", "terms": ["reddit"], "own": staff, "description": "Website of forums, run by its users."},
        {"name": "imgur", "terms": ["imgur"], "domains": ["imgur.com"], "description": "Website to share images."},
        {"name": "facebook", "terms": ["facebook"]},
    ]


def with_faults(posts: Sequence[Post], rng: Random) -> list[Post]:
    """The posts with quotes, duplicates, edits and deletions, locally and globally out of order."""
    events = list(posts)
    for post in rng.sample(events, len(events) // 20):
        events.append(_answer_to(post, rng))
    for post in rng.sample(events, len(events) // 10):
        events.append(post)
    for post in rng.sample(events, len(events) // 10):
        events.append(msgspec.structs.replace(post, op="update", text=rng.choice(EDITS)))
    for post in rng.sample(events, len(events) // 12):
        events.append(Post(id=post.id, op="delete"))
    keyed = [(number + rng.gauss(0, 200), number) for number in range(len(events))]
    far = rng.sample(range(len(events)), len(events) // 20)
    for index in far:
        keyed[index] = (rng.uniform(0, len(events)), index)
    return [events[number] for _, number in sorted(keyed)]


def _answer_to(post: Post, rng: Random) -> Post:
    """Somebody quotes or reposts a post of the recording."""
    assert post.created_at is not None and post.author is not None
    later = post.created_at + timedelta(minutes=rng.randrange(1, 600))
    number = f"x{rng.randrange(1 << 40):x}"
    author = msgspec.structs.replace(post.author, id=f"reddit:{number[:3]}", handle=number[:3], role=None)
    common: dict[str, Any] = {"id": f"reddit:{number}", "platform": "reddit", "author": author, "created_at": later}
    if rng.random() < 0.5:
        return Post(**common, repost_of=post.id, repost_of_author=post.author.id, thread=post.root)
    return Post(**common, text="this!", quote_of=post.id, quote_of_author=post.author.id)


async def expected_entries(posts: dict[str, Post], config: Config, classifier: Classifier) -> list[Entry]:
    """What one clean pass over the final posts gives."""
    terms, brands = Terms(config.brands), {brand.name: brand for brand in config.brands}
    unmeant = await not_meant(posts, config.brands, classifier, config.match.relevance)
    entries: list[Entry] = []
    via: Any  # a literal type that a dictionary's value cannot carry
    for (brand, post_id), via in sorted(belonging(posts, terms, unmeant).items()):
        post = posts[post_id]
        due = not post.repost_of and brand not in terms.own(post)
        verdict = (await classifier.classify([question(post, brands[brand])]))[0] if due else None
        if post.lang is None and post.text:
            post = msgspec.structs.replace(post, lang=detect(post.text))
        found: dict[str, Any] = {}
        if verdict is not None:
            found = {name: getattr(verdict, name) for name in ("sentiment", "p", "relevance", "stages")}
        entries.append(Entry(brand, post, via, datetime(2026, 1, 1, tzinfo=UTC), **found))
    return entries


class Trial:
    """One run: the history is fed while things die."""

    def __init__(self, folder: Path, bootstrap: str, broker: EmbeddedKafka, posts: Sequence[Post], seed: int) -> None:
        self.rng, self.broker = Random(seed), broker
        self.history = with_faults(posts, self.rng)
        self.file = folder / "history.jsonl"
        self.file.write_bytes(b"\n".join(encode(post) for post in self.history) + b"\n")
        self.port = free_port()
        settings = {
            "namespace": f"exact{seed}",
            "brands": brands_of(posts),
            "kafka": {"bootstrap": bootstrap},
            "api": {"port": self.port},
            "ledger": {"retention": "9000d", "text_retention": "9000d"},
        }
        self.config = Config.model_validate(settings)
        path = write_config(folder / "tertulia.yaml", **settings)
        common = ["--config", str(path), "--data-dir", str(folder / "data")]
        self.worker = Role(["work", *common], folder / "work.log")
        self.collector = Role(["replay", str(self.file), "--rate", "15", *common], folder / "replay.log")

    async def run(self, kills: int, broker_kills: int) -> None:
        """Feed everything; kill each process so often."""
        self.worker.start()
        self.collector.start()
        victims = ["worker"] * kills + ["collector"] * kills + ["broker"] * broker_kills
        self.rng.shuffle(victims)
        with Progress() as progress:
            task = progress.add_task("killing", total=len(victims))
            for victim in victims:
                await asyncio.sleep(self.rng.uniform(1.0, 6.0))
                self._kill(victim)
                progress.advance(task)
        if self.collector.wait() != 0:
            raise SystemExit(f"the replay failed, see {self.file.parent / 'replay.log'}")

    def _kill(self, victim: str) -> None:
        if victim == "broker":
            assert self.broker.pid is not None
            os.kill(self.broker.pid, signal.SIGKILL)
            return
        role = self.worker if victim == "worker" else self.collector
        if not role.ended():
            role.kill()
            role.start()

    def url(self, brand: str, route: str, **query: object) -> str:
        """A route of the worker."""
        asked = "&".join(f"{name}={value}" for name, value in {"window": "6000d", "to": _TO, **query}.items())
        return f"http://127.0.0.1:{self.port}/api/brands/{brand}/{route}?{asked}"

    def entries(self, brand: str) -> list[dict[str, Any]]:
        """All entries of a brand, page by page."""
        found: list[dict[str, Any]] = []
        after: dict[str, object] = {}
        while True:
            page = ask_until(self.url(brand, "mentions", limit=500, **after))
            found += page["mentions"]
            if page["after"] is None:
                return found
            after = {"after": page["after"]}


_END = datetime(2026, 3, 1, tzinfo=UTC)
_TO = "2026-03-01T00:00:00Z"


def settle(trial: Trial, wanted: dict[str, int], patience_s: float = 180.0) -> float:
    """Wait until every brand has as many entries as wanted, or nothing has moved for half a minute."""
    started = last_move = time.monotonic()
    before: dict[str, int] = {}
    while time.monotonic() - started < patience_s and time.monotonic() - last_move < 30:
        try:
            now = {brand: ask(trial.url(brand, "pulse"))["posts"] for brand in wanted}
        except OSError:
            time.sleep(0.2)
            continue
        if now != before:
            before, last_move = now, time.monotonic()
        if now == wanted:
            time.sleep(3)  # something late could still change the content
            break
        time.sleep(0.5)
    return time.monotonic() - started


def compare(trial: Trial, entries: Sequence[Entry], classifier: Classifier) -> Table:
    """Each number of each brand beside the clean computation."""
    table = Table("brand", "number", "equal", title="after the kills, against one clean pass")
    window = Window(_END - WINDOW, _END)
    frames: dict[str, Frame] = {}
    for brand in trial.config.brands:
        frame = frames[brand.name] = Frame.of(brand)
        frame.add_many(entry for entry in entries if entry.brand == brand.name)
    voices = {name: voice_counts(frame.rows(window)) for name, frame in frames.items()}
    for name, frame in frames.items():
        clean = pulse(frame, window, Views(), classifier.confusion)
        wanted = msgspec.to_builtins(clean)
        wanted["share_of_voice"] = msgspec.to_builtins(share_of_voice(name, voices))
        got = ask_until(trial.url(name, "pulse"))
        for number, value in wanted.items():
            table.add_row(name, number, _verdict(value, got.get(number)))
        same = {_content(msgspec.to_builtins(entry)) for entry in entries if entry.brand == name}
        held = {_content(entry) for entry in trial.entries(name)}
        verdict = "yes" if same == held else f"NO: {len(same - held)} missing, {len(held - same)} too many"
        table.add_row(name, f"{len(same)} entries", verdict)
    return table


def _content(entry: dict[str, Any]) -> tuple[object, ...]:
    """What must be equal of one entry, as the API spells it: all but the moment it was seen and the model's name."""
    said = (entry.get("sentiment"), tuple(entry.get("p") or ()), entry.get("relevance"), tuple(entry.get("stages", ())))
    return entry["post"]["id"], entry["post"].get("text", ""), entry["via"], *said


def _verdict(wanted: object, got: object) -> str:
    return "yes" if msgspec.json.encode(wanted) == msgspec.json.encode(got) else f"NO: {got} instead of {wanted}"


async def main() -> int:
    """Run one trial; 0 when everything is equal."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--posts", type=Path, default=RECORDING)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--broker-kills", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="Folder for the state and the logs; default: one that is removed.")
    asked = parser.parse_args()
    posts = [decode_post(line, datetime.now(UTC)) for line in asked.posts.read_bytes().splitlines()]
    console = Console()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = asked.keep or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        async with EmbeddedKafka(folder / "broker") as broker:
            trial = Trial(folder, broker.bootstrap, broker, posts, asked.seed)
            classifier = classifiers.load("default")
            entries = await expected_entries(final_posts(trial.history), trial.config, classifier)
            wanted = {b.name: sum(e.brand == b.name for e in entries) for b in trial.config.brands}
            started = time.monotonic()
            try:
                await trial.run(asked.kills, asked.broker_kills)
                fed = time.monotonic() - started
                waited = await asyncio.to_thread(settle, trial, wanted)
                table = await asyncio.to_thread(compare, trial, entries, classifier)
            finally:
                trial.collector.stop()
                trial.worker.stop()
    console.print(table)
    wrong = [cell for cell in table.columns[2].cells if cell != "yes"]
    console.print(
        f"{len(trial.history)} events fed in {fed:.0f} s, settled {waited:.1f} s later; killed: worker "
        f"{trial.worker.kills}, collector {trial.collector.kills}, broker {broker.restarts} times; "
        f"{table.row_count - len(wrong)} of {table.row_count} rows equal"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main()))
