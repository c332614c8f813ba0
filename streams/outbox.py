"""Sending many records and waiting until Kafka holds all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from aiokafka import AIOKafkaProducer

Send = tuple[int, bytes, bytes | None]
"""(partition, key, value)."""


class Outbox:
    """Deliveries through one idempotent producer."""

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._producer = producer

    async def deliver(
        self, topic: str, sends: Sequence[Send], headers: Sequence[Sequence[tuple[str, bytes]]] | None = None
    ) -> dict[int, int]:
        """Send in order; returns once all are acknowledged: the last offset by partition. Raises `KafkaError`."""
        futures = []
        for number, (partition, key, value) in enumerate(sends):
            header = headers[number] if headers else ()
            futures.append(await self._producer.send(topic, value, key, partition=partition, headers=header))
        last: dict[int, int] = {}
        for done in await asyncio.gather(*futures):
            last[done.partition] = max(done.offset, last.get(done.partition, -1))
        return last
