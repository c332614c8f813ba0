"""What two million posts leave behind in a worker: `python -m benchmarks.memory [--posts N] [--brands 50]`.

A second process writes posts to Kafka as fast as the worker takes them (never more than `LEAD` ahead): 5 % name a
brand, 25 % reply, 10 % repost or quote, 2 % are deletions, authors by a power law. The classifier is off. After every
slice the worker's resident memory is noted. Entries are kept, so it may grow with them, and with nothing else: over
the second half of the run a straight line is fitted, per post and per entry.

Goal: flat, apart from the entries themselves (`benchmarks.views` says what one takes).
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import psutil
from prometheus_client.parser import text_string_to_metric_families
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from benchmarks.crowd import Crowd, brands
from benchmarks.service import Role, ask_until, free_port, write_config
from config.schema import Config
from streams.admin import ensure_topics
from streams.broker import EmbeddedKafka
from streams.kafka import producer
from streams.records import Post, encode
from streams.topics import Topics, partition_of

POSTS = 2_000_000
SLICE = 100_000
LEAD = 20_000  # posts that the writer may be ahead of the worker
MIX = {"naming": 0.05, "replies": 0.25, "shared": 0.10, "deletes": 0.02}
FLAT = 40.0  # bytes per post beyond what the entries take that count as noise: 80 MB over two million posts
ENTRY = 150.0  # bytes of an entry in memory: the goal of `benchmarks.views`
BARS = "▁▂▃▄▅▆▇█"
PATIENCE_S = 600.0  # without any progress


class Sample(NamedTuple):
    """The worker after so many posts."""

    posts: int
    entries: int
    rss: int
    disk: int
    seconds: float


class Worker:
    """The worker process, seen from outside."""

    def __init__(self, role: Role, port: int, state: Path) -> None:
        assert role.process is not None
        self.role, self._port, self._state = role, port, state
        self._process = psutil.Process(role.process.pid)
        self._begun = time.monotonic()

    def metrics(self) -> dict[str, float]:
        """Sums over all labels."""
        return metrics(self._port)

    def sample(self, posts: int) -> Sample:
        """As it is now."""
        entries = round(self.metrics().get("tertulia_ledger_entries", 0))
        disk = sum(path.stat().st_size for path in self._state.rglob("*.sst"))
        return Sample(posts, entries, self._process.memory_info().rss, disk, time.monotonic() - self._begun)


def metrics(port: int) -> dict[str, float]:
    """The worker's metrics, each summed over its labels."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=60) as response:
        text = response.read().decode()
    sums: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            sums[sample.name] = sums.get(sample.name, 0.0) + sample.value
    return sums


def consumed(port: int) -> int:
    """Posts that the match stage has taken in; deletions count once per partition, as they arrive."""
    return round(metrics(port).get("tertulia_posts_consumed_total", 0))


def feed(settings: dict[str, Any], port: int, count: int) -> None:
    """The second process: write the posts."""
    asyncio.run(_feed(Config.model_validate(settings), port, count))


async def _feed(config: Config, port: int, count: int) -> None:
    topics, sender = Topics(config), producer(config.kafka.bootstrap, config.kafka)
    await sender.start()
    crowd = Crowd([brand.name for brand in config.brands], 1, **MIX)
    written = 0
    begun = datetime.now(UTC) - timedelta(hours=20)
    for number, post in enumerate(crowd.posts(count, begun, timedelta(hours=20) / count), 1):
        for partition, value in _records(post, topics.posts_partitions):
            await sender.send(topics.posts, value, post.id.encode(), partition=partition)
            written += value is not None
        if number % 2_000 == 0:
            while written - await asyncio.to_thread(consumed, port) > LEAD:
                await asyncio.sleep(0.05)
    await sender.stop()


def _records(post: Post, partitions: int) -> list[tuple[int, bytes | None]]:
    if post.op == "delete":
        return [(number, value) for number in range(partitions) for value in (encode(post), None)]
    return [(partition_of(post.root, partitions), encode(post))]


class Trial:
    """One run."""

    def __init__(self, folder: Path, bootstrap: str, count: int, brand_count: int, waiting: int) -> None:
        self.count, self.port = count, free_port()
        self.settings: dict[str, Any] = {
            "namespace": "memory",
            "brands": [brand.model_dump(mode="json", exclude_defaults=True) for brand in brands(brand_count)],
            "kafka": {"bootstrap": bootstrap},
            "classifiers": {"sentiment": {"model": "none"}},
            "match": {"waiting": waiting},
            "api": {"port": self.port},
        }
        path = write_config(folder / "tertulia.yaml", **self.settings)
        words = ["work", "--config", str(path), "--data-dir", str(folder / "work")]
        self.role, self.state = Role(words, folder / "work.log"), folder / "work" / "state"

    async def run(self, progress: Progress) -> list[Sample]:
        """Feed everything; a sample for each slice."""
        await ensure_topics(self.settings["kafka"]["bootstrap"], Topics(Config.model_validate(self.settings)).specs())
        self.role.start()
        await asyncio.to_thread(ask_until, f"http://127.0.0.1:{self.port}/readyz")
        worker = Worker(self.role, self.port, self.state)
        writer = multiprocessing.get_context("spawn").Process(target=feed, args=(self.settings, self.port, self.count))
        writer.start()
        try:
            return await self._watch(worker, writer, progress)
        finally:
            writer.terminate()
            writer.join()
            self.role.stop()

    async def _watch(self, worker: Worker, writer: Any, progress: Progress) -> list[Sample]:
        task = progress.add_task("posts", total=self.count, rss="")
        samples = [worker.sample(0)]
        per_post = 1 + MIX["deletes"] * (Config().kafka.posts_partitions - 1)  # a deletion arrives on every partition
        moved, last = time.monotonic(), 0
        while last < self.count:
            await asyncio.sleep(0.5)
            done = min(self.count, round(await asyncio.to_thread(consumed, self.port) / per_post))
            if not writer.is_alive() and done == last:
                done = self.count  # the rounding of `per_post`
            if done != last:
                moved = time.monotonic()
            elif self.role.ended() or time.monotonic() - moved > PATIENCE_S:
                raise SystemExit(f"the worker stands still after {last:,} posts")
            last = done
            if done // SLICE > samples[-1].posts // SLICE or done == self.count:
                samples.append(await asyncio.to_thread(worker.sample, done))
                progress.console.print(_line(samples[-1]))
            progress.update(task, completed=done)
        return samples


def _line(sample: Sample) -> str:
    return f"{sample.posts:>9,} posts  {sample.entries:>9,} entries  {sample.rss / 2**20:6.0f} MiB"


def slopes(samples: Sequence[Sample]) -> tuple[float, float]:
    """Bytes per post and bytes per entry, by least squares over the second half."""
    half = samples[len(samples) // 2 :]
    rss = [sample.rss for sample in half]
    return _slope([s.posts for s in half], rss), _slope([s.entries for s in half], rss)


def _slope(x: Sequence[int], y: Sequence[int]) -> float:
    return float(np.polyfit(x, y, 1)[0]) if len(set(x)) > 1 else float("nan")


def sparkline(values: Sequence[float]) -> str:
    """The values as bars, from nothing to the largest."""
    return "".join(BARS[min(len(BARS) - 1, int(len(BARS) * value / max(values)))] for value in values)


def show(samples: Sequence[Sample], brand_count: int) -> bool:
    """The table; whether it is flat."""
    table = Table(title=f"resident memory of a worker, {samples[-1].posts:,} posts, {brand_count} brands")
    for name in ("posts", "entries", "RSS, MiB", "since the one before, MiB", "state on disk, MiB", "posts/s"):
        table.add_column(name, justify="right")
    for before, now in zip((None, *samples[:-1]), samples, strict=True):
        grown = "" if before is None else f"{(now.rss - before.rss) / 2**20:+.1f}"
        rate = "" if before is None else f"{(now.posts - before.posts) / (now.seconds - before.seconds):,.0f}"
        row = (f"{now.posts:,}", f"{now.entries:,}", f"{now.rss / 2**20:.0f}", grown, f"{now.disk / 2**20:.0f}", rate)
        table.add_row(*row)
    per_post, per_entry = slopes(samples)
    half = samples[len(samples) // 2]
    share = (samples[-1].entries - half.entries) / max(1, samples[-1].posts - half.posts)
    beyond = per_post - share * ENTRY
    flat = beyond <= FLAT
    console = Console(width=110)
    console.print(table)
    console.print(f"RSS {sparkline([sample.rss for sample in samples])}")
    console.print(
        f"second half: {per_post:+.0f} bytes per post, that is {per_entry:+.0f} per entry; beyond {ENTRY:.0f} an "
        f"entry: {beyond:+.0f} bytes per post ({'flat' if flat else 'NOT FLAT'}: up to {FLAT:.0f} is noise)"
    )
    return flat


async def main() -> int:
    """Measure and print; 1 when memory is not flat."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--posts", type=int, default=POSTS)
    parser.add_argument("--brands", type=int, default=50)
    parser.add_argument("--waiting", type=int, default=20_000, help="match.waiting: reached early, so that it shows")
    parser.add_argument("--keep", type=Path, help="an existing folder for state and log, which stay there")
    asked = parser.parse_args()
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = asked.keep or Path(name)
        async with EmbeddedKafka(folder / "broker") as broker:
            trial = Trial(folder, broker.bootstrap, asked.posts, asked.brands, asked.waiting)
            with Progress(TextColumn("{task.description}"), *columns, transient=True) as progress:
                samples = await trial.run(progress)
    return 0 if show(samples, asked.brands) else 1


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main()))
