"""Read a whole topic from its first record and go on for ever, without a consumer group: every process sees everything.

Life cycle: `start` -> the handler is called for each batch, in order per partition -> `caught_up` is set once all that
stood in the log at the start has been handled -> `stop`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from config.schema import Kafka
from streams.kafka import consumer

Handler = Callable[[Sequence[ConsumerRecord]], Awaitable[None]]


class Tail:
    """Hands every record of one topic to `handler`; raises out of `run` what the handler raises."""

    def __init__(self, bootstrap: str, kafka: Kafka, topic: str, handler: Handler) -> None:
        self._bootstrap, self._kafka = bootstrap, kafka
        self._topic, self._handler = topic, handler
        self.caught_up = asyncio.Event()
        self._ends: dict[TopicPartition, int] = {}

    async def run(self) -> None:
        """Read until cancelled."""
        reader = consumer(self._bootstrap, self._kafka)
        await reader.start()
        try:
            await self._begin(reader)
            while True:
                batches = await reader.getmany(timeout_ms=200, max_records=5_000)
                for records in batches.values():
                    await self._handler(records)
                if not self.caught_up.is_set():
                    await self._check(reader)
        finally:
            await reader.stop()

    async def _begin(self, reader: AIOKafkaConsumer) -> None:
        found = reader.partitions_for_topic(self._topic)
        while not found:  # the metadata of a topic that was created a moment ago may lag
            await reader._client.force_metadata_update()  # noqa: SLF001 - aiokafka has no public call for it
            await asyncio.sleep(0.1)
            found = reader.partitions_for_topic(self._topic)
        partitions = [TopicPartition(self._topic, number) for number in sorted(found)]
        reader.assign(partitions)
        await reader.seek_to_beginning(*partitions)
        self._ends = await reader.end_offsets(partitions)

    async def _check(self, reader: AIOKafkaConsumer) -> None:
        for partition, end in list(self._ends.items()):
            if await reader.position(partition) >= end:
                del self._ends[partition]
        if not self._ends:
            self.caught_up.set()
