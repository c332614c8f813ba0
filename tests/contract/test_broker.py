"""What any broker under Tertulia has to do: run against the embedded one, or against TERTULIA_TEST_KAFKA."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from streams.admin import Admin, AdminError, TopicSpec, ensure_topics

KiB = 1024
# The shortest settings under which Kafka still compacts by itself: an append to a segment older than 100 ms rolls it.
COMPACT_NOW = {
    "cleanup.policy": "compact",
    "segment.ms": "100",
    "min.cleanable.dirty.ratio": "0.01",
    "max.compaction.lag.ms": "100",
    "delete.retention.ms": "100",
}


@asynccontextmanager
async def producing(kafka: str, **settings: Any) -> AsyncIterator[AIOKafkaProducer]:
    producer = AIOKafkaProducer(bootstrap_servers=kafka, acks="all", **settings)
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


@asynccontextmanager
async def consuming(kafka: str, *topics: str, **settings: Any) -> AsyncIterator[AIOKafkaConsumer]:
    defaults: dict[str, Any] = {"auto_offset_reset": "earliest", "enable_auto_commit": False}
    consumer = AIOKafkaConsumer(*topics, bootstrap_servers=kafka, **defaults | settings)
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()


async def take(consumer: AIOKafkaConsumer, count: int, within_s: float = 15.0) -> list[ConsumerRecord]:
    async with asyncio.timeout(within_s):
        return [await consumer.getone() for _ in range(count)]


async def read_all(kafka: str, topic: str) -> list[ConsumerRecord]:
    """Every record of a one-partition topic that is there now."""
    async with Admin(kafka) as admin:
        end = (await admin.end_offsets([topic]))[topic, 0]
    records: list[ConsumerRecord] = []
    async with consuming(kafka, topic) as consumer:
        await until(lambda: _assigned(consumer))
        partition = TopicPartition(topic, 0)
        while await consumer.position(partition) < end:
            batch = await consumer.getmany(timeout_ms=200)
            records += batch.get(partition, [])
    return records


async def _assigned(consumer: AIOKafkaConsumer) -> bool:
    return bool(consumer.assignment())


async def until(holds: Callable[[], Awaitable[bool]], within_s: float = 20.0) -> float:
    """Wait until `holds`; the seconds it took."""
    began = time.monotonic()
    async with asyncio.timeout(within_s):
        while not await holds():
            await asyncio.sleep(0.05)
    return time.monotonic() - began


async def topic(kafka: str, namespace: str, partitions: int = 1, config: dict[str, str] | None = None) -> str:
    name = f"{namespace}.t"
    await ensure_topics(kafka, [TopicSpec(name, partitions, config or {})])
    return name


class Member:
    """A consumer of a group that takes its records in the background, as a worker does."""

    def __init__(self, kafka: str, topic: str, group: str, **settings: Any) -> None:
        self.records: list[ConsumerRecord] = []
        self.consumer = AIOKafkaConsumer(
            topic, bootstrap_servers=kafka, group_id=group, auto_offset_reset="earliest", enable_auto_commit=False,
            **{"session_timeout_ms": 2_000, "heartbeat_interval_ms": 300} | settings,
        )  # fmt: skip

    async def join(self) -> Member:
        await self.consumer.start()
        self._task = asyncio.create_task(self._run())
        return self

    async def _run(self) -> None:
        async for record in self.consumer:
            self.records.append(record)

    def held(self) -> set[int]:
        return {tp.partition for tp in self.consumer.assignment()}

    async def leave(self) -> None:
        self._task.cancel()
        await self.consumer.stop()

    async def die(self) -> None:
        """Stop as `kill -9` does: no goodbye to the group."""
        self._task.cancel()
        self.consumer._coordinator._maybe_leave_group = _silently  # aiokafka has no public way to be rude
        await self.consumer.stop()


async def _silently() -> None:
    return None


async def test_a_record_comes_back_as_it_was_sent(kafka: str, namespace: str) -> None:
    name = await topic(kafka, namespace, partitions=3)
    an_hour_ago = int(time.time() * 1_000) - 3_600_000  # older than the topic's retention, it would be gone at once
    headers = [("h", b"1"), ("h", b"2")]
    async with producing(kafka) as producer:
        sent = await producer.send_and_wait(
            name, b"value", b"key", partition=2, timestamp_ms=an_hour_ago, headers=headers
        )
    async with consuming(kafka, name) as consumer:
        (got,) = await take(consumer, 1)
    assert (got.key, got.value, got.partition, got.offset) == (b"key", b"value", 2, sent.offset)
    assert got.headers == tuple(headers)
    assert got.timestamp == an_hour_ago


async def test_a_partition_keeps_its_order(kafka: str, namespace: str) -> None:
    name = await topic(kafka, namespace, partitions=2)
    async with producing(kafka, linger_ms=5) as producer:
        futures = [await producer.send(name, str(i).encode(), partition=i % 2) for i in range(2_000)]
        await asyncio.gather(*futures)
    async with consuming(kafka, name) as consumer:
        records = await take(consumer, 2_000)
    for partition in (0, 1):
        ours = [r for r in records if r.partition == partition]
        assert [int(r.value) for r in ours] == list(range(partition, 2_000, 2))
        assert [r.offset for r in ours] == list(range(1_000))


async def test_a_key_always_goes_to_the_same_partition(kafka: str, namespace: str) -> None:
    name = await topic(kafka, namespace, partitions=4)
    async with producing(kafka) as producer:
        sent = [await producer.send_and_wait(name, b"v", f"k{i % 8}".encode()) for i in range(32)]
    assert len({(i % 8, meta.partition) for i, meta in enumerate(sent)}) == 8


async def test_earliest_and_latest_offsets_are_right(kafka: str, namespace: str) -> None:
    """A wrong LATEST made Faust's tables recover truncated on another broker."""
    name = await topic(kafka, namespace, partitions=2)
    async with producing(kafka) as producer:
        for _ in range(7):
            await producer.send_and_wait(name, b"v", partition=1)
    zero, one = TopicPartition(name, 0), TopicPartition(name, 1)
    async with consuming(kafka) as consumer:
        assert await consumer.beginning_offsets([zero, one]) == {zero: 0, one: 0}
        assert await consumer.end_offsets([zero, one]) == {zero: 0, one: 7}
    async with Admin(kafka) as admin:
        assert await admin.begin_offsets([name]) == {(name, 0): 0, (name, 1): 0}
        assert await admin.end_offsets([name]) == {(name, 0): 0, (name, 1): 7}


async def test_a_group_resumes_where_it_committed(kafka: str, namespace: str) -> None:
    name, group = await topic(kafka, namespace), f"{namespace}.g"
    async with producing(kafka) as producer:
        for i in range(10):
            await producer.send_and_wait(name, str(i).encode())
    async with consuming(kafka, name, group_id=group) as consumer:
        await take(consumer, 4)
        await consumer.commit()
        await take(consumer, 3)  # read, never committed: they come again
    async with consuming(kafka, name, group_id=group) as consumer:
        assert [r.value for r in await take(consumer, 6)] == [b"4", b"5", b"6", b"7", b"8", b"9"]
    async with Admin(kafka) as admin:
        assert await admin.committed(group) == {(name, 0): 4}
        assert await admin.group_lag(group) == {(name, 0): 6}


async def test_two_members_share_and_hand_over(kafka: str, namespace: str) -> None:
    name, group = await topic(kafka, namespace, partitions=4), f"{namespace}.g"
    first = await Member(kafka, name, group, client_id="first").join()
    second = Member(kafka, name, group, client_id="second")
    try:
        await until(lambda: _true(first.held() == {0, 1, 2, 3}))
        await second.join()
        await until(lambda: _true(len(first.held()) == 2 and len(second.held()) == 2))
        assert first.held() | second.held() == {0, 1, 2, 3}
        async with Admin(kafka) as admin:
            members = {m.client_id: m for m in await admin.group_members(group)}
        assert members.keys() == {"first", "second"}
        assert {number for _, number in members["second"].partitions} == second.held()
    finally:
        await second.leave()
    await until(lambda: _true(first.held() == {0, 1, 2, 3}))
    await first.leave()


async def _true(value: bool) -> bool:
    return value


async def test_a_silent_member_is_replaced_after_its_session_timeout(kafka: str, namespace: str) -> None:
    name, group = await topic(kafka, namespace, partitions=2), f"{namespace}.g"
    first = await Member(kafka, name, group, session_timeout_ms=1_500).join()
    second = await Member(kafka, name, group, session_timeout_ms=1_500).join()
    try:
        await until(lambda: _true(len(first.held()) == 1 and len(second.held()) == 1))
        await first.die()
        assert await until(lambda: _true(second.held() == {0, 1})) < 10
    finally:
        await second.leave()


async def test_a_static_member_returns_without_disturbing_the_others(kafka: str, namespace: str) -> None:
    """group.instance.id: a restart within the session timeout gets its partitions back, and nobody rebalances."""
    name, group = await topic(kafka, namespace, partitions=2), f"{namespace}.g"
    settings = {"session_timeout_ms": 20_000}
    one = await Member(kafka, name, group, group_instance_id="one", **settings).join()
    two = await Member(kafka, name, group, group_instance_id="two", **settings).join()
    await until(lambda: _true(len(one.held()) == 1 and len(two.held()) == 1))
    before, generation = one.held(), two.consumer._coordinator.generation
    await one.die()
    again = Member(kafka, name, group, group_instance_id="one", **settings)
    try:
        began = time.monotonic()
        await again.join()
        await until(lambda: _true(again.held() == before))
        assert time.monotonic() - began < 10  # well before the session timeout
        assert two.consumer._coordinator.generation == generation
    finally:
        await again.leave()
        await two.leave()


async def test_compaction_keeps_the_last_value_and_drops_tombstones(kafka: str, namespace: str) -> None:
    name = await topic(kafka, namespace, config=COMPACT_NOW)
    async with producing(kafka) as producer:
        for i in range(20):
            await producer.send_and_wait(name, str(i).encode(), f"k{i % 2}".encode())
        await producer.send_and_wait(name, None, b"k0")

        async def settled() -> bool:
            # The active segment is never compacted: the log needs further appends to move on, as a live one has.
            await producer.send_and_wait(name, b"x", b"filler")
            await asyncio.sleep(0.5)
            left = [(r.key, r.value) for r in await read_all(kafka, name) if r.key != b"filler"]
            return left == [(b"k1", b"19")]

        await until(settled, within_s=90)


async def test_an_idempotent_producer_writes_each_record_once(kafka: str, namespace: str) -> None:
    name = await topic(kafka, namespace)
    async with producing(kafka, enable_idempotence=True, linger_ms=5) as producer:
        futures = [await producer.send(name, str(i).encode()) for i in range(500)]
        metadata = await asyncio.gather(*futures)
    assert [m.offset for m in metadata] == list(range(500))
    assert [int(r.value) for r in await read_all(kafka, name)] == list(range(500))


async def test_a_transaction_that_is_aborted_is_never_read(kafka: str, namespace: str) -> None:
    name = await topic(kafka, namespace)
    async with producing(kafka, transactional_id=f"{namespace}.tx") as producer:
        async with producer.transaction():
            await producer.send(name, b"kept")
        await producer.begin_transaction()
        await producer.send_and_wait(name, b"aborted")
        await producer.abort_transaction()
        async with producer.transaction():
            await producer.send(name, b"kept too")
    async with consuming(kafka, name, isolation_level="read_committed") as consumer:
        assert [r.value for r in await take(consumer, 2)] == [b"kept", b"kept too"]


@pytest.mark.parametrize("compression", [None, "gzip"])
async def test_a_message_of_one_megabyte(kafka: str, namespace: str, compression: str | None) -> None:
    name = await topic(kafka, namespace, config={"max.message.bytes": str(4 * KiB * KiB)})
    value = bytes(range(256)) * 4 * KiB
    limit = 4 * KiB * KiB
    async with producing(kafka, max_request_size=limit, compression_type=compression) as producer:
        await producer.send_and_wait(name, value)
    async with consuming(kafka, name, max_partition_fetch_bytes=limit) as consumer:
        (got,) = await take(consumer, 1)
    assert got.value == value


async def test_a_topic_that_nobody_created_is_refused(kafka: str, namespace: str) -> None:
    async with producing(kafka, request_timeout_ms=2_000) as producer:
        with pytest.raises(KafkaError):
            await producer.send_and_wait(f"{namespace}.absent", b"v")


async def test_topics_are_created_altered_compared_and_deleted(kafka: str, namespace: str) -> None:
    one, two = f"{namespace}.one", f"{namespace}.two"
    await ensure_topics(kafka, [TopicSpec(one, 3, {"cleanup.policy": "compact"}), TopicSpec(two, 1)])
    await ensure_topics(kafka, [TopicSpec(one, 3, {"cleanup.policy": "compact,delete", "retention.ms": "86400000"})])
    with pytest.raises(AdminError, match=f"{one} has 3 partitions, but 4"):
        await ensure_topics(kafka, [TopicSpec(one, 4)])
    async with Admin(kafka) as admin:
        found = await admin.topics()
        assert (found[one], found[two]) == (3, 1)
        assert (await admin.topic_configs([one]))[one]["retention.ms"] == "86400000"
        await admin.delete_topics([one, two])
        await until(lambda: _gone(admin, [one, two]))


async def _gone(admin: Admin, names: Iterable[str]) -> bool:
    return not set(names) & (await admin.topics()).keys()
