"""The connection to Kafka that collectors write over: a producer that is replaced when it has failed.

An idempotent producer numbers its batches; after one failed batch the broker refuses every later number. So a failed
producer is never used again: a new one takes its place and the lanes send what was not acknowledged once more.
"""

from __future__ import annotations

import asyncio
import logging
from random import Random

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from config.schema import Kafka
from streams.kafka import producer
from streams.steady import close

log = logging.getLogger(__name__)

LONGEST_PAUSE_S = 10.0


class Line:
    """The current producer. Life cycle: `producer()` as often as wanted, `renew` after a failure, `close`."""

    def __init__(self, bootstrap: str, kafka: Kafka, random: Random) -> None:
        self._bootstrap, self._kafka, self._random = bootstrap, kafka, random
        self._producer: AIOKafkaProducer | None = None
        self._lock = asyncio.Lock()

    async def producer(self) -> AIOKafkaProducer:
        """The producer, connected; waits for as long as Kafka cannot be reached."""
        async with self._lock:
            failures = 0
            while self._producer is None:
                try:
                    self._producer = await self._connect()
                except (KafkaError, OSError) as error:
                    failures += 1
                    log.warning("Kafka at %s cannot be reached, trying again: %s", self._bootstrap, error)
                    await asyncio.sleep(pause(failures, self._random))
            return self._producer

    async def renew(self, broken: AIOKafkaProducer) -> None:
        """Replace `broken`, unless another lane has already done so."""
        async with self._lock:
            if self._producer is broken:
                self._producer = None
                await close(broken)

    async def close(self) -> None:
        """Close the connection; what is not acknowledged by now is given up."""
        async with self._lock:
            if self._producer is not None:
                await close(self._producer)
                self._producer = None

    async def _connect(self) -> AIOKafkaProducer:
        fresh = producer(self._bootstrap, self._kafka, client_id="tertulia-collect")
        try:
            await fresh.start()
        except BaseException:
            await close(fresh)
            raise
        return fresh


def pause(failures: int, random: Random) -> float:
    """Seconds before the next try after so many failures: exponential with full jitter, never nothing."""
    return 0.05 + random.uniform(0, min(LONGEST_PAUSE_S, 0.2 * 2 ** min(failures, 10)))
