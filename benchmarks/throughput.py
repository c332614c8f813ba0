"""Throughput of the two stages, beside Faust's stock settings and beside a plain aiokafka loop doing the same work.

    python -m benchmarks.throughput [--count 40000]

Every row is a process of its own on the same broker: it joins, says that it is ready, then `count` records are produced
as fast as the broker takes them, and the time runs from the first record that was processed to the last. Every post
names a brand, so each costs a match, an encoding and a delivery (the worst case); the model is off.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import uvloop
from rich.console import Console
from rich.table import Table

from benchmarks.stages import VARIANTS
from config.schema import Brand, Config, Kafka
from streams.admin import ensure_topics
from streams.broker import EmbeddedKafka
from streams.entry_keys import entry_key
from streams.kafka import producer
from streams.records import Author, Entry, Post, encode
from streams.topics import Topics, partition_of

BRANDS = 50
PARTITIONS = 4
ROWS: tuple[tuple[str, str, int, str], ...] = (
    ("match", "tertulia", 1, "Tertulia, one worker"),
    ("match", "tertulia", 2, "Tertulia, two workers"),
    ("match", "stock", 1, "Faust as it comes: Record, default producer"),
    ("match", "plain", 1, "plain aiokafka loop, same work"),
    ("ledger", "tertulia", 1, "Tertulia, one worker"),
    ("ledger", "tertulia", 2, "Tertulia, two workers"),
    ("ledger", "stock", 1, "Faust as it comes: Record, table"),
    ("ledger", "plain", 1, "plain aiokafka loop, same work"),
)
LIMITS = {"match": 5_000, "ledger": 4_000}


def make_config(namespace: str, folder: Path) -> Config:
    """Fifty brands, four partitions."""
    brands = tuple(Brand(name=f"brand{n}", terms=(f"brand{n}", f"the brand {n}")) for n in range(BRANDS))
    kafka = Kafka(posts_partitions=PARTITIONS, brand_partitions=PARTITIONS)
    return Config(namespace=namespace, data_dir=folder, brands=brands, kafka=kafka)


def make_posts(count: int) -> list[Post]:
    """Posts of about 600 bytes of JSON; a third are replies."""
    rng = Random(1)
    words = ["honestly", "battery", "screen", "price", "love", "never", "again", "support", "weeks", "camera"]
    start = datetime.now(UTC) - timedelta(days=1)
    posts: list[Post] = []
    for number in range(count):
        parent = posts[rng.randrange(len(posts))] if posts and rng.random() < 1 / 3 else None
        author = Author(f"bench:user{rng.randrange(20_000)}", f"user{number % 20_000}", followers=number % 997)
        posts.append(
            Post(
                id=f"bench:post-{number:08d}",
                platform="bench",
                author=author,
                text=f"brand{rng.randrange(BRANDS)} " + " ".join(rng.choices(words, k=25)),
                created_at=start + timedelta(milliseconds=number),
                lang="en",
                url=f"https://example.org/{number}",
                thread=parent.root if parent else f"bench:post-{number:08d}",
                reply_to=parent.id if parent else None,
                reply_to_author=parent.author.id if parent and parent.author else None,
            )
        )
    return posts


def records_for(stage: str, posts: list[Post]) -> list[tuple[int, bytes, bytes]]:
    """(partition, key, value) of what the stage reads."""
    if stage == "match":
        return [(partition_of(post.root, PARTITIONS), post.id.encode(), encode(post)) for post in posts]
    found = []
    for post in posts:
        brand = post.text.partition(" ")[0]
        entry = Entry(brand, post, "name", datetime.now(UTC), (brand,), "neutral", (0.2, 0.6, 0.2))
        found.append((partition_of(brand, PARTITIONS), entry_key(brand, post.id), encode(entry)))
    return found


async def measure(bootstrap: str, stage: str, variant: str, workers: int, posts: list[Post]) -> tuple[float, float]:
    """Records per second, and per second of the workers' CPU."""
    namespace = f"b{time.time_ns():x}"
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        config = make_config(namespace, Path(name))
        topics = Topics(config)
        await ensure_topics(bootstrap, topics.specs())
        words = [bootstrap, namespace, stage, variant, name]
        processes = [_child([*words, str(number), str(len(posts))]) for number in range(workers)]
        await asyncio.to_thread(lambda: [_line(process) for process in processes])
        topic = topics.posts if stage == "match" else topics.mentions
        await _produce(bootstrap, config, topic, records_for(stage, posts))
        reports: list[Mapping[str, float]] = await asyncio.to_thread(lambda: _reports(processes, len(posts)))
    seconds = max(r["last"] for r in reports) - min(r["first"] for r in reports)
    return len(posts) / seconds, len(posts) / sum(r["cpu"] for r in reports)


def _child(words: list[str]) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "benchmarks.throughput", "--child", *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True)


def _line(process: subprocess.Popen[str]) -> Any:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise RuntimeError(f"a worker ended with {process.wait()} before it reported")
    return json.loads(line)


def _reports(processes: list[subprocess.Popen[str]], count: int) -> list[Mapping[str, float]]:
    """Ask every worker how far it is until together they have done everything; then let them end."""
    while True:
        reports = []
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("how far?\n")
            process.stdin.flush()
            reports.append(_line(process))
        if sum(report["done"] for report in reports) >= count:
            break
        time.sleep(0.2)
    for process in processes:
        process.communicate()  # closes its input: it ends
    return [report for report in reports if report["done"]]


async def _produce(bootstrap: str, config: Config, topic: str, records: list[tuple[int, bytes, bytes]]) -> None:
    writer = producer(bootstrap, config.kafka)
    await writer.start()
    futures = [await writer.send(topic, value, key, partition=partition) for partition, key, value in records]
    await asyncio.gather(*futures)
    await writer.stop()


async def child(words: list[str]) -> None:
    """One worker: run the variant, and answer on standard output how far it is."""
    bootstrap, namespace, stage, variant, folder, number, _ = words
    config = make_config(namespace, Path(folder) / number)
    config.data_dir.mkdir(parents=True)
    start: Callable[..., Awaitable[Any]] = VARIANTS[stage, variant]
    progress = await start(config, bootstrap, f"worker-{number}")
    print(json.dumps("ready"), flush=True)
    while await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps(progress.report()), flush=True)
    await progress.stop()


async def main(count: int) -> int:
    """Run every row and print the table; 0 when the limits are reached."""
    posts = make_posts(count)
    table = Table("stage", "how", "records/s", "per CPU-second", "limit", title=f"{count:,} records on one broker")
    reached = True
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        async with EmbeddedKafka(Path(name)) as broker:
            for stage, variant, workers, label in ROWS:
                rate, per_cpu = await measure(broker.bootstrap, stage, variant, workers, posts)
                ours = variant == "tertulia"
                limit = f"{LIMITS[stage]:,}" if ours else ""
                reached &= not ours or workers > 1 or rate >= LIMITS[stage]
                table.add_row(stage, label, f"{rate:,.0f}", f"{per_cpu:,.0f}", limit)
    Console().print(table)
    return 0 if reached else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=40_000)
    parser.add_argument("--child", nargs=7, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        raise SystemExit(runner.run(child(asked.child) if asked.child else main(asked.count)))
