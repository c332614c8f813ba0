"""Reads back what collectors wrote to the real Kafka."""

from __future__ import annotations

from collections.abc import Sequence

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from config.schema import Config
from streams.topics import Topics


class Log:
    """A namespace of topics in the real Kafka."""

    def __init__(self, bootstrap: str, config: Config) -> None:
        self.bootstrap, self.config, self.topics = bootstrap, config, Topics(config)

    async def read(self, topic: str) -> list[ConsumerRecord]:
        """Every record of a topic, partition after partition, each in order."""
        consumer = AIOKafkaConsumer(bootstrap_servers=self.bootstrap, auto_offset_reset="earliest")
        await consumer.start()
        try:
            return await _read(consumer, topic)
        finally:
            await consumer.stop()


async def _read(consumer: AIOKafkaConsumer, topic: str) -> list[ConsumerRecord]:
    await consumer._client._wait_on_metadata(topic)
    partitions = [TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic) or ())]
    consumer.assign(partitions)
    await consumer.seek_to_beginning(*partitions)
    ends = await consumer.end_offsets(partitions)
    found: dict[TopicPartition, list[ConsumerRecord]] = {partition: [] for partition in partitions}
    while any([await consumer.position(partition) < end for partition, end in ends.items()]):
        for partition, records in (await consumer.getmany(timeout_ms=200)).items():
            found[partition].extend(records)
    return [record for partition in partitions for record in found[partition]]


def newest(records: Sequence[ConsumerRecord]) -> dict[bytes, bytes | None]:
    """What compaction would leave: the last value of each key."""
    return {record.key: record.value for record in records}
