"""200 RSS feeds and 50 Mastodon tags in one process: `python -m benchmarks.polling [--minutes 7]`.

A server in a process of its own has the feeds and one Mastodon instance with its rate limit. Every feed and tag gets
new entries all the time. The role `collect` reads them into the embedded Apache Kafka; at the end what the topic holds
is compared with what the server had written up to the last round of looks.

Goals: nothing lost and nothing twice, no request beyond a limit, under 150 MB of resident memory at any time.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import psutil
import uvloop
import yaml
from aiokafka import TopicPartition
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.polling_server import FEEDS, PER_FIVE_MINUTES, TAGS, Served, serve
from benchmarks.service import Role
from config.schema import Config
from streams.admin import ensure_topics
from streams.broker import EmbeddedKafka
from streams.kafka import consumer
from streams.records import parse_post
from streams.topics import Topics

if TYPE_CHECKING:
    from rich.console import JustifyMethod

MOST_MB = 150.0
EVERY_S = 60
"""Pause between two looks at one feed, and at one tag: 50 tags of one server may be asked for once in 50 seconds."""
SETTLE_S = 2.2 * EVERY_S
"""The server writes nothing new at the end, so that each feed and tag is looked at once more."""


@contextmanager
def network() -> Iterator[tuple[str, Connection]]:
    """The server, started; its address, and the line on which it is told to stop writing and asked what it had."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs,), daemon=True)
    process.start()
    theirs.close()  # so that its end is heard
    try:
        yield ours.recv(), ours
    finally:
        process.terminate()
        process.join()


def settings(address: str, bootstrap: str, data: Path) -> dict[str, Any]:
    """The configuration of the collector."""
    tags = [f"#tag{number}" for number in range(TAGS)]
    return {
        "kafka": {"bootstrap": bootstrap},
        "data_dir": str(data),
        "sources": {
            "rss": {
                "enabled": True,
                "feeds": [f"{address}/feed/{number}" for number in range(FEEDS)],
                "every": f"{EVERY_S}s",
            },
            "mastodon": {
                "enabled": True,
                "instances": [{"url": address, "timelines": tags}],
                "poll": f"{EVERY_S}s",
                "recheck": [],
            },
            **{name: {"enabled": False} for name in ("bluesky", "hackernews", "demo")},
        },
    }


def watched(role: Role, seconds: float, title: str) -> list[float]:
    """Megabytes of resident memory, twice a second. RuntimeError when the process ends."""
    assert role.process is not None
    process, found = psutil.Process(role.process.pid), []
    for _ in track(range(int(2 * seconds)), title):
        if role.ended():
            raise RuntimeError("the collector ended")
        found.append(process.memory_info().rss / 1e6)
        time.sleep(0.5)
    return found


async def held(bootstrap: str, config: Config) -> Counter[str]:
    """How often each entry stands in `posts`, by the name at the end of its text."""
    found, topic = Counter[str](), Topics(config).posts
    reader = consumer(bootstrap, config.kafka)
    await reader.start()
    try:
        places = [TopicPartition(topic, number) for number in range(config.kafka.posts_partitions)]
        reader.assign(places)
        ends = await reader.end_offsets(places)
        while any([await reader.position(place) < end for place, end in ends.items()]):
            for records in (await reader.getmany(timeout_ms=500)).values():
                found.update(parse_post(record.value).text.split()[-1] for record in records if record.value)
    finally:
        await reader.stop()
    return found


async def main(minutes: float) -> int:
    """Measure and print; 1 when a goal is missed."""
    with tempfile.TemporaryDirectory() as folder, network() as (address, line):
        async with EmbeddedKafka(Path(folder) / "kafka") as broker:
            given = settings(address, broker.bootstrap, Path(folder))
            config = Config.model_validate(given)
            await ensure_topics(broker.bootstrap, Topics(config).specs())
            path = Path(folder) / "tertulia.yaml"
            path.write_text(yaml.safe_dump(given), encoding="utf-8")
            role = Role(["collect", "--config", str(path)], Path(folder) / "collect.log").start()
            try:
                megabytes = await asyncio.to_thread(watched, role, 60 * minutes, "both write and are read")
                line.send("stop writing")
                megabytes += await asyncio.to_thread(watched, role, SETTLE_S, "the last looks")
            finally:
                role.stop()
            line.send("tell")
            served: Served = await asyncio.to_thread(line.recv)
            told = await held(broker.bootstrap, config)
    return show(served, told, megabytes, minutes)


def show(served: Served, told: Counter[str], megabytes: Sequence[float], minutes: float) -> int:
    """The table."""
    lost = [name for name in served.written if name not in told]
    twice = [name for name, times in told.items() if times > 1]
    table = Table(title=f"{FEEDS} feeds and {TAGS} tags, one process, {minutes:g} minutes")
    for column, justify in (("what", "left"), ("figure", "right"), ("goal", "right")):
        table.add_column(column, justify=cast("JustifyMethod", justify))
    table.add_row("entries and posts written", f"{len(served.written):,}", "")
    table.add_row("lost", str(len(lost)), "0")
    table.add_row("told twice", str(len(twice)), "0")
    table.add_row("looks at feeds, of them unchanged", f"{served.looks:,}, {served.unchanged:,}", "")
    table.add_row("looks at tags, most in five minutes", str(served.most), f"at most {PER_FIVE_MINUTES}")
    table.add_row("looks that the server refused", str(served.refused), "0")
    table.add_row("resident memory, most", f"{max(megabytes):.0f} MB", f"under {MOST_MB:.0f} MB")
    table.add_row("resident memory, at the end", f"{megabytes[-1]:.0f} MB", "")
    Console(width=100).print(table)
    return int(bool(lost or twice or served.refused or served.most > PER_FIVE_MINUTES or max(megabytes) >= MOST_MB))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=7.0)
    sys.exit(uvloop.run(main(parser.parse_args().minutes)))
