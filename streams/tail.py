"""Read a whole topic from its first record and go on for ever, without a consumer group: every process sees everything.

Life cycle: `run` -> the handler is called for each batch of one partition, in order -> `caught_up` is set once all that
stood in the log at the start has been handled -> cancelled. While Kafka is away it keeps trying from where it was.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from config.schema import Kafka
from streams.kafka import consumer

log = logging.getLogger(__name__)
Handler = Callable[[Sequence[ConsumerRecord]], Awaitable[None]]
PAUSE_S = 1.0


class Tail:
    """Hands every record of one topic to `handler`; raises out of `run` what the handler raises."""

    def __init__(
        self,
        bootstrap: str,
        kafka: Kafka,
        topic: str,
        handler: Handler,
        start: Callable[[int], int] | None = None,
    ) -> None:
        self._bootstrap, self._kafka = bootstrap, kafka
        self._topic, self._handler = topic, handler
        self._start = start  # partition -> first offset wanted; by default the oldest that exists
        self._next: dict[TopicPartition, int] = {}  # where to go on, once something was handled
        self.caught_up = asyncio.Event()

    async def run(self) -> None:
        """Read until cancelled."""
        while True:
            try:
                await self._read()
            except KafkaError as error:
                log.warning("%s: %s; trying again", self._topic, str(error) or repr(error))
                await asyncio.sleep(PAUSE_S)

    async def _read(self) -> None:
        reader = consumer(self._bootstrap, self._kafka)
        try:
            await reader.start()
            ends = await self._begin(reader)
            while True:
                await self._check(reader, ends)
                for partition, records in (await reader.getmany(timeout_ms=200, max_records=5_000)).items():
                    await self._handler(records)
                    self._next[partition] = records[-1].offset + 1
        finally:
            await reader.stop()

    async def _begin(self, reader: AIOKafkaConsumer) -> dict[TopicPartition, int]:
        """Assign and seek; returns the ends of the log as they are now."""
        partitions = [TopicPartition(self._topic, number) for number in sorted(await self._partitions(reader))]
        reader.assign(partitions)
        oldest = await reader.beginning_offsets(partitions)
        for partition in partitions:
            wanted = 0 if self._start is None else self._start(partition.partition)
            reader.seek(partition, max(self._next.get(partition, wanted), oldest[partition]))
        ends: dict[TopicPartition, int] = await reader.end_offsets(partitions)
        return ends

    async def _partitions(self, reader: AIOKafkaConsumer) -> set[int]:
        found: set[int] | None = reader.partitions_for_topic(self._topic)
        while not found:  # the metadata of a topic that was created a moment ago may lag
            await reader._client.force_metadata_update()  # aiokafka has no public call for it
            await asyncio.sleep(0.1)
            found = reader.partitions_for_topic(self._topic)
        return found

    async def _check(self, reader: AIOKafkaConsumer, ends: dict[TopicPartition, int]) -> None:
        if self.caught_up.is_set():
            return
        for partition, end in list(ends.items()):
            if await reader.position(partition) >= end:
                del ends[partition]
        if not ends:
            self.caught_up.set()
