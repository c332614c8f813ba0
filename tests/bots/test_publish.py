"""The way to Kafka, against the real one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import msgspec
import pytest

from bots.publish import MOST_RECORD, Publisher
from config.schema import Config
from streams.admin import ensure_topics
from streams.broker import EmbeddedKafka
from streams.records import Author, DeadLetter, Post, encode, erasure, parse_post
from streams.topics import Topics, partition_of
from tests.bots.kafka_log import Log, newest

AUTHOR = Author(id="test:a")


def post(number: int, thread: int = 0, text: str = "hello") -> Post:
    """Some post."""
    at = datetime(2026, 6, 1, tzinfo=UTC)
    return Post(id=f"test:{number}", platform="test", author=AUTHOR, text=text, created_at=at, thread=f"test:{thread}")


@pytest.fixture
async def publisher(log: Log) -> AsyncIterator[Publisher]:
    """Started."""
    publisher = Publisher(log.bootstrap, log.config, random=Random(1))
    await publisher.start()
    yield publisher
    await publisher.stop()


async def test_posts_arrive_in_order_keyed_by_id_in_the_partition_of_their_thread(
    publisher: Publisher, log: Log
) -> None:
    posts = [post(n, thread=n % 7) for n in range(5_000)]
    acks = [await publisher.publish(posts[at : at + 100]) for at in range(0, len(posts), 100)]
    await asyncio.gather(*acks)
    records = await log.read(log.topics.posts)
    assert sorted(int(r.key[5:]) for r in records) == list(range(5_000))
    for record in records:
        found = parse_post(record.value)
        assert record.key == found.id.encode()
        assert record.partition == partition_of(found.root, 4)
    for partition in range(4):
        keys = [int(r.key[5:]) for r in records if r.partition == partition]
        assert keys == sorted(keys)
    assert publisher.pending == 0


async def test_a_deletion_goes_to_every_partition_with_its_tombstone(publisher: Publisher, log: Log) -> None:
    """It names only the post: nobody knows here in which partition the post is."""
    await (await publisher.publish([post(1), Post(id="test:1", op="delete")]))
    records = await log.read(log.topics.posts)
    for partition in range(4):
        values = [r.value for r in records if r.partition == partition]
        assert values[-1] is None
        assert parse_post(values[-2]).op == "delete"
    assert newest(records) == {b"test:1": None}


async def test_an_erasure_goes_to_every_partition_under_a_key_of_its_own(publisher: Publisher, log: Log) -> None:
    """An older erasure, or one without an objection, must not replace another in compaction."""
    at = datetime(2026, 6, 1, tzinfo=UTC)
    told = [erasure("test:a", at), erasure("test:a", at, False), erasure("test:a", at.replace(day=2)), post(1)]
    await (await publisher.publish([*told, erasure("test:a", at)]))
    records = await log.read(log.topics.posts)
    for partition in range(4):
        found = [r for r in records if r.partition == partition and r.key != b"test:1"]
        assert [parse_post(r.value) for r in found] == [*told[:3], told[0]]
        assert len({r.key for r in found}) == 3
        assert all(r.key.startswith(b"\x00") for r in found), "no post's id does"


async def test_what_no_message_can_hold_becomes_a_dead_letter(publisher: Publisher, log: Log) -> None:
    huge = msgspec.structs.replace(post(1), links=("https://example.org/" + "x" * MOST_RECORD,))
    torn = msgspec.structs.replace(post(2), author=Author(id="test:\ud800"))
    await (await publisher.publish([huge, torn, post(3)], "somewhere"))
    assert [r.key for r in await log.read(log.topics.posts)] == [b"test:3"]
    letters = [msgspec.json.decode(r.value, type=DeadLetter) for r in await log.read(log.topics.dead_letters)]
    assert [(letter.source, letter.offset) for letter in letters] == [("somewhere", "test:1"), ("somewhere", "test:2")]
    assert "more than a Kafka message" in letters[0].reason
    assert len(letters[0].record) <= 64 * 1024


async def test_a_dead_letter_keeps_reason_source_and_offset(publisher: Publisher, log: Log) -> None:
    await (await publisher.dead_letter("rss", "no \ud800 feed", b"\x00\xff" * 50_000, "https://example.org"))
    (record,) = await log.read(log.topics.dead_letters)
    letter = msgspec.json.decode(record.value, type=DeadLetter)
    assert (record.key, letter.reason, letter.offset) == (b"rss", "no ? feed", "https://example.org")
    assert letter.record == (b"\x00\xff" * 50_000)[: 64 * 1024]


async def test_publishing_waits_while_too_much_is_on_the_way(log: Log) -> None:
    publisher = Publisher(log.bootstrap, log.config, random=Random(1), most_pending=20_000)
    await publisher.start()
    try:
        for at in range(100):
            await publisher.publish([post(at * 10 + n, text="x" * 1_000) for n in range(10)])
            assert publisher.pending < 20_000 + 10 * 1_300
    finally:
        while publisher.pending:
            await asyncio.sleep(0.01)
        await publisher.stop()
    assert len(await log.read(log.topics.posts)) == 1_000


async def test_a_topic_with_other_partitions_is_named(log: Log) -> None:
    kafka = log.config.kafka.model_copy(update={"posts_partitions": 3})
    publisher = Publisher(log.bootstrap, log.config.model_copy(update={"kafka": kafka}), random=Random(1))
    with pytest.raises(ValueError, match="has 4 partitions"):
        await publisher.start()
    await publisher.stop()


async def test_a_broker_killed_under_way_loses_nothing(kafka: str, config: Config, tmp_path: Path) -> None:
    """A broker of its own is killed twice while posts flow; all that was handed over arrives."""
    async with EmbeddedKafka(tmp_path) as broker:
        await ensure_topics(broker.bootstrap, Topics(config).specs())
        publisher = Publisher(broker.bootstrap, config, random=Random(1), most_pending=100_000)
        await publisher.start()
        acks = []
        for at in range(0, 6_000, 20):
            if at in (1_000, 4_000):
                _kill(broker)
            acks.append(await publisher.publish([post(n, thread=n % 5) for n in range(at, at + 20)]))
            await asyncio.sleep(0.001)
        await asyncio.gather(*acks)
        await publisher.stop()
        records = await Log(broker.bootstrap, config).read(Topics(config).posts)
    assert {r.key for r in records} == {f"test:{n}".encode() for n in range(6_000)}
    last = {r.key: encode(parse_post(r.value)) for r in records}
    assert len(last) == 6_000


def _kill(broker: EmbeddedKafka) -> None:
    import os
    import signal

    assert broker.pid is not None
    os.kill(broker.pid, signal.SIGKILL)
