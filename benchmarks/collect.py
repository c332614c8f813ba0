"""How many Jetstream events a second become acknowledged `posts`: `python -m benchmarks.collect [EVENTS]`.

The whole way, end to end: a websocket server in a process of its own -> the Bluesky source -> the runner -> the
publisher -> acknowledgements of the embedded Apache Kafka; all of it on two cores. Beside it the parts alone, and a
plain aiokafka loop that produces the same keys and values. Goal: 10,000 events/s.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, cast

import uvloop
from rich.console import Console
from rich.table import Table

from benchmarks.jetstream_load import frames, server
from bots.board import Board
from bots.http import Http
from bots.publish import Publisher
from bots.runner import Runner
from bots.sources.base import Tools
from bots.sources.bluesky import Bluesky, BlueskyOptions
from bots.sources.bluesky_posts import Handles
from bots.sources.jetstream import read
from bots.sources.jetstream_reader import Reader
from config.schema import Config
from streams.admin import ensure_topics
from streams.broker import EmbeddedKafka
from streams.kafka import producer
from streams.records import Post, check_post, encode
from streams.tasks import Tasks
from streams.topics import Topics, partition_of

EVENTS = 150_000
BATCH = 200
Row = tuple[str, float, float]


def now() -> datetime:
    """The clock."""
    return datetime.now(UTC)


def posts_of(messages: Sequence[bytes]) -> list[Post]:
    """The checked posts of the frames."""
    reader = Reader("ws://x", "v2", None, None, BlueskyOptions().silence, Handles())
    return [
        check_post(post, now())
        for start in range(0, len(messages), BATCH)
        for post in reader.batch(messages[start : start + BATCH]).posts
    ]


def timed(name: str, count: int, work: Callable[[], object]) -> Row:
    """One row: what, events/s, share of one core."""
    started, cpu = time.perf_counter(), time.process_time()
    work()
    elapsed = time.perf_counter() - started
    return name, count / elapsed, (time.process_time() - cpu) / elapsed


def parts(messages: Sequence[bytes]) -> list[Row]:
    """What the steps in memory can do."""
    return [
        timed("JSON decode only", len(messages), lambda: [read("v2", frame) for frame in messages]),
        timed("decode, post, check, encode", len(messages), lambda: [encode(post) for post in posts_of(messages)]),
    ]


async def reading(address: str, http: Http, count: int) -> Row:
    """Websocket to posts, without Kafka."""
    source = Bluesky(BlueskyOptions(hosts=(address,), version="v2"), Tools(http, now, Random(1), ()))
    started, cpu = time.perf_counter(), time.process_time()
    async with aclosing(cast("Any", source.collect(None))) as batches:
        async for batch in batches:
            if batch.cursor["seq"] >= count:
                break
    elapsed = time.perf_counter() - started
    return "websocket to posts, no Kafka", count / elapsed, (time.process_time() - cpu) / elapsed


async def whole(address: str, http: Http, bootstrap: str, config: Config, count: int) -> Row:
    """The whole way, as the role `collect` goes it."""
    publisher = Publisher(bootstrap, config)
    await publisher.start()
    source = Bluesky(BlueskyOptions(hosts=(address,), version="v2"), Tools(http, now, Random(1), ()))
    board = Board(source.key, publisher, now, None)
    runner = Runner(source, publisher, board, finder=None, random=Random(1))
    tasks = Tasks()
    started, cpu = time.perf_counter(), time.process_time()
    tasks.start(runner.run(), "runner")
    while (board.status.cursor or {}).get("seq", 0) < count:
        await asyncio.sleep(0.005)
    elapsed, used = time.perf_counter() - started, time.process_time() - cpu
    await tasks.stop()
    await publisher.stop()
    return "the whole way, acknowledged", count / elapsed, used / elapsed


async def plain(bootstrap: str, config: Config, messages: Sequence[bytes], count: int) -> Row:
    """The same keys and values with `AIOKafkaProducer.send`, one by one, as its documentation shows."""
    topics, sender = Topics(config), producer(bootstrap, config.kafka)
    records = [
        (partition, post.id.encode(), value)
        for post in posts_of(messages)
        for partition, value in _records(post, topics.posts_partitions)
    ]
    await sender.start()
    started, cpu = time.perf_counter(), time.process_time()
    acks = [await sender.send(topics.posts, value, key=key, partition=partition) for partition, key, value in records]
    await asyncio.gather(*acks)
    elapsed, used = time.perf_counter() - started, time.process_time() - cpu
    await sender.stop()
    return "plain aiokafka send of the same bytes", count / elapsed, used / elapsed


def _records(post: Post, partitions: int) -> list[tuple[int, bytes | None]]:
    if post.op == "delete":
        return [(number, value) for number in range(partitions) for value in (encode(post), None)]
    return [(partition_of(post.root, partitions), encode(post))]


async def main(count: int) -> None:
    """Measure and print."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, set(sorted(os.sched_getaffinity(0))[:2]))  # the broker and the server inherit it
    messages = frames(count)
    rows = parts(messages)
    config = Config(namespace="bench")
    with tempfile.TemporaryDirectory() as folder, server(count) as address:
        async with EmbeddedKafka(Path(folder)) as broker, Http() as http:
            await ensure_topics(broker.bootstrap, Topics(config).specs())
            rows.append(await reading(address, http, count))
            await whole(address, http, broker.bootstrap, config, count)  # once for the broker's just-in-time compiler
            rows.append(await whole(address, http, broker.bootstrap, config, count))
            rows.append(await plain(broker.bootstrap, config, messages, count))
    show(rows, count, sum(map(len, messages)) / count)


def show(rows: Sequence[Row], count: int, size: float) -> None:
    """The table."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    table = Table(title=f"{count:,} Jetstream events of {size:.0f} bytes on average, {cores} cores for all processes")
    table.add_column("what")
    table.add_column("events/s", justify="right")
    table.add_column("of one core", justify="right")
    for name, rate, share in rows:
        table.add_row(name, f"{rate:,.0f}", f"{share:.0%}")
    Console(width=100).print(table)


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS))
