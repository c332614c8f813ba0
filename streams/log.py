"""Reading a known stretch of a partition, outside any consumer group."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple

from aiokafka import TopicPartition

from config.schema import Kafka
from streams.kafka import consumer


class Record(NamedTuple):
    """One record of the log."""

    offset: int
    key: bytes | None
    value: bytes | None
    timestamp_ms: int
    headers: Sequence[tuple[str, bytes]] = ()


class LogReader:
    """Reads ranges of offsets. Each call opens its own short-lived consumer: calls are rare (recovery, gaps)."""

    def __init__(self, bootstrap: str, kafka: Kafka) -> None:
        self._bootstrap, self._kafka = bootstrap, kafka

    async def end(self, topic: str, partition: int) -> int:
        """The offset that the next record will get. Raises `KafkaError`."""
        reader = consumer(self._bootstrap, self._kafka)
        await reader.start()
        try:
            target = TopicPartition(topic, partition)
            return int((await reader.end_offsets([target]))[target])
        finally:
            await reader.stop()

    async def committed(self, group: str, topic: str, partition: int) -> int | None:
        """The offset a consumer group has committed, without joining it; `None`: nothing yet. Raises `KafkaError`."""
        reader = consumer(self._bootstrap, self._kafka, group_id=group)
        await reader.start()
        try:
            target = TopicPartition(topic, partition)
            reader.assign([target])
            found = await reader.committed(target)
            return None if found is None else int(found)
        finally:
            await reader.stop()

    async def at_time(self, topic: str, partition: int, timestamp_ms: int) -> int | None:
        """The first offset at or after a time; `None` when the log holds nothing so young. Raises `KafkaError`."""
        reader = consumer(self._bootstrap, self._kafka)
        await reader.start()
        try:
            target = TopicPartition(topic, partition)
            found = (await reader.offsets_for_times({target: timestamp_ms}))[target]
            return None if found is None else int(found.offset)
        finally:
            await reader.stop()

    async def read(self, topic: str, partition: int, start: int, end: int) -> AsyncIterator[Sequence[Record]]:
        """Batches of the records in [start, end) that still exist, in order. Raises `KafkaError`."""
        if start >= end:
            return
        reader = consumer(self._bootstrap, self._kafka)
        await reader.start()
        try:
            target = TopicPartition(topic, partition)
            reader.assign([target])
            oldest = (await reader.beginning_offsets([target]))[target]
            reader.seek(target, max(start, oldest))
            while await reader.position(target) < end:
                found = await reader.getmany(target, timeout_ms=500, max_records=2_000)
                records = [
                    Record(item.offset, item.key, item.value, item.timestamp, item.headers)
                    for item in found.get(target, ())
                    if item.offset < end
                ]
                if records:
                    yield records
        finally:
            await reader.stop()
