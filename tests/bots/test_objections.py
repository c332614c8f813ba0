"""What an author who objects writes does not come into the log; with the real Kafka."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random

from aiokafka import AIOKafkaProducer

from bots.objections import Objections
from bots.publish import Publisher
from streams.erasures import Erasure
from streams.kafka import producer
from streams.records import Author, Post, encode
from tests.bots.kafka_log import Log

AT = datetime(2026, 6, 1, tzinfo=UTC)
OBJECTS = Erasure(1, until_ms=1, first_objection_ms=1, last_objection_ms=1)


def post(number: int, author: str) -> Post:
    """Some post."""
    return Post(id=f"test:{number}", platform="test", author=Author(f"test:{author}"), text="x", created_at=AT)


async def tell(log: Log, writer: AIOKafkaProducer, author: str, erasure: Erasure | None) -> None:
    """As the match stage does, in the partition that is read."""
    value = None if erasure is None else encode(erasure)
    await writer.send_and_wait(log.topics.erasures, value, key=f"test:{author}".encode(), partition=0)


async def test_what_an_author_who_objects_writes_is_not_published(log: Log) -> None:
    """Deletions are; and once the objection is lifted, all is. What is no erasure hides none behind it."""
    writer = producer(log.bootstrap, log.config.kafka)
    publisher = Publisher(log.bootstrap, log.config, random=Random(1))
    objections = Objections(log.bootstrap, log.config)
    await writer.start()
    await publisher.start()
    try:
        await writer.send_and_wait(log.topics.erasures, b"nonsense", key=b"test:a", partition=0)
        await writer.send_and_wait(log.topics.erasures, None, key=b"\x00roll", partition=0)
        await tell(log, writer, "a", OBJECTS)
        await tell(log, writer, "b", Erasure(1, until_ms=9_999_999_999_999))  # erased, but may come back
        await tell(log, writer, "c", OBJECTS)
        await objections.start()
        publisher.refuses = objections.cover
        sent = [post(1, "a"), post(2, "b"), post(3, "c"), Post("test:9", "delete", author=Author("test:a"))]
        await (await publisher.publish(sent))
        await tell(log, writer, "a", Erasure(2, until_ms=1, first_objection_ms=1, last_objection_ms=1, lifted_ms=2))
        await tell(log, writer, "c", None)
        await objections.start()
        await (await publisher.publish([post(4, "a"), post(5, "c")]))
    finally:
        await publisher.stop()
        await writer.stop()
    assert {record.key for record in await log.read(log.topics.posts)} == {b"test:2", b"test:4", b"test:5", b"test:9"}
