"""Dead letters: records that could not be used, kept with their reason so that a person can look and replay them."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from aiokafka import AIOKafkaProducer

from streams import metrics
from streams.records import DeadLetter, encode
from streams.topics import Topics

log = logging.getLogger(__name__)
MOST_BYTES = 64 * 1024


class DeadLetters:
    """Writes to the topic `dead-letters`."""

    def __init__(self, producer: AIOKafkaProducer, topics: Topics) -> None:
        self._producer, self._topic = producer, topics.dead_letters

    async def send(self, source: str, reason: str, record: bytes | None, offset: str) -> None:
        """Keep one record and why it could not be used; returns once Kafka holds it. Raises `KafkaError`."""
        log.warning("dead letter from %s (%s): %s", source, offset, reason)
        metrics.DEAD_LETTERS.labels(source).inc()
        letter = DeadLetter(source, reason, datetime.now(UTC), (record or b"")[:MOST_BYTES], offset)
        await self._producer.send_and_wait(self._topic, encode(letter), source.encode(), partition=0)
