"""Sweeping erased authors' posts out of a real log: exactly what is covered, once, whoever holds the partition."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from config.schema import Config
from config.schema import Kafka as KafkaSettings
from streams.admin import ensure_topics
from streams.erasures import Erasure, merged
from streams.kafka import producer
from streams.log import LogReader, Record
from streams.outbox import Outbox
from streams.records import Post, encode
from streams.sweep import Sweep, covered
from streams.topics import Topics
from tests.bots.kafka_log import Log, newest
from tests.streams.histories import erased, post

POSTS = [
    post(1, "about nobody", by="ana"),
    post(2, "about nothing", by="b"),
    post(3, "an answer", by="ana", reply_to="t:2", thread="t:2"),
    post(40, "back again", by="ana"),
    Post(id="t:9", op="delete"),
]


def told(*words: Post) -> Erasure:
    known: Erasure | None = None
    for number, word in enumerate(words):
        known = merged(known, word, 1_000 + number)
    assert known is not None
    return known


class World:
    """One partition of `posts` and of `erasures`."""

    def __init__(self, bootstrap: str, config: Config, outbox: Outbox) -> None:
        self.topics, self.outbox = Topics(config), outbox
        self.log = Log(bootstrap, config)
        # Two workers, which share nothing but the log.
        self.sweep, self.other = (
            Sweep(self.topics, LogReader(bootstrap, config.kafka), outbox, lambda: (0,)) for _ in range(2)
        )

    async def write(self, *posts: Post) -> None:
        await self.outbox.deliver(self.topics.posts, [(0, each.id.encode(), encode(each)) for each in posts])

    async def erase(self, author: str, erasure: Erasure | None) -> None:
        value = None if erasure is None else encode(erasure)
        await self.outbox.deliver(self.topics.erasures, [(0, f"t:{author}".encode(), value)])

    async def left(self) -> set[str]:
        """The ids that a compacted log keeps."""
        found = newest(await self.log.read(self.topics.posts))
        return {key.decode() for key, value in found.items() if value is not None}


@pytest.fixture
async def world(kafka: str, namespace: str) -> AsyncIterator[World]:
    config = Config(namespace=namespace.lower(), kafka=KafkaSettings(brand_partitions=1, posts_partitions=1))
    await ensure_topics(kafka, Topics(config).specs())
    writer = producer(kafka, config.kafka)
    await writer.start()
    yield World(kafka, config, Outbox(writer))
    await writer.stop()


async def test_what_is_covered_goes_and_nothing_else(world: World) -> None:
    await world.write(*POSTS)
    assert await world.sweep.partition(0) == 0
    await world.erase("ana", told(erased("ana", 20)))
    assert await world.sweep.partition(0) == 2
    assert await world.left() == {"t:2", "t:40", "t:9"}


async def test_a_sweep_is_remembered_in_the_log_until_more_is_erased(world: World) -> None:
    await world.write(*POSTS)
    await world.erase("ana", told(erased("ana", 20)))
    await world.sweep.partition(0)
    assert await world.other.partition(0) == 0
    await world.erase("b", told(erased("b", 5, again=False), erased("b", 6, again=False)))
    assert await world.other.partition(0) > 0
    assert await world.left() == {"t:40", "t:9"}


async def test_an_objection_takes_what_is_newer_too_and_one_lifted_does_not(world: World) -> None:
    await world.write(*POSTS, post(50, "later still", by="c"), post(70, "welcome back", by="c"))
    await world.erase("ana", told(erased("ana", 20, again=False)))
    await world.erase("c", told(erased("c", 20, again=False), erased("c", 60, again=True)))
    await world.sweep.partition(0)
    assert await world.left() == {"t:2", "t:70", "t:9"}


async def test_who_is_no_longer_erased_is_left_alone(world: World) -> None:
    await world.write(*POSTS)
    await world.erase("ana", told(erased("ana", 60)))
    await world.erase("ana", None)
    assert await world.sweep.partition(0) == 0
    assert await world.left() == {"t:1", "t:2", "t:3", "t:40", "t:9"}


def test_what_is_no_post_is_passed_over() -> None:
    values = [b"\xff", b"{}", b"[]", b'{"author":{"id":"t:a"}}', None, encode(post(1, by="a"))]
    records = [Record(number, b"k%d" % number, value, 0) for number, value in enumerate(values)]
    assert covered(records, {"t:a": Erasure(0, until_ms=2**60)}) == [b"k5"]
