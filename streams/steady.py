"""An idempotent producer that is replaced once the broker no longer follows its numbering.

It numbers its batches; when one is given up (the broker was away for too long), the broker refuses every later number
with `OutOfOrderSequenceNumber`, for ever. What was not acknowledged is sent again by whoever sent it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import InvalidProducerEpoch, KafkaError, OutOfOrderSequenceNumber, UnknownProducerId

log = logging.getLogger(__name__)

BROKEN: Final = (OutOfOrderSequenceNumber, UnknownProducerId, InvalidProducerEpoch)
CLOSE_S: Final = 3.0


class SteadyProducer:
    """Sends through the current producer. Life cycle: `start` -> `send` -> `stop`."""

    def __init__(self, make: Callable[[], AIOKafkaProducer]) -> None:
        self._make = make
        self._now = make()
        self._broken = False
        self._lock = asyncio.Lock()

    async def start(self) -> None:
        """Connect. Raises `KafkaError`."""
        await self._now.start()

    async def stop(self) -> None:
        """Send what waits, and close."""
        await self._now.stop()

    async def send(
        self,
        topic: str,
        value: bytes | None,
        key: bytes,
        *,
        partition: int,
        headers: Sequence[tuple[str, bytes]] = (),
    ) -> asyncio.Future[Any]:
        """Queue a record; the future holds its metadata once Kafka has it. Raises `KafkaError`."""
        current = await self._whole()
        sent: asyncio.Future[Any] = await current.send(topic, value, key, partition=partition, headers=headers)
        sent.add_done_callback(partial(self._seen, current))
        return sent

    async def send_and_wait(self, topic: str, value: bytes | None, key: bytes, *, partition: int) -> Any:
        """The same, and wait for the metadata."""
        return await (await self.send(topic, value, key, partition=partition))

    def _seen(self, sender: AIOKafkaProducer, sent: asyncio.Future[Any]) -> None:
        if sender is self._now and not sent.cancelled() and isinstance(sent.exception(), BROKEN):
            self._broken = True

    async def _whole(self) -> AIOKafkaProducer:
        async with self._lock:
            if self._broken:
                await self._replace()
            return self._now

    async def _replace(self) -> None:
        fresh = self._make()
        try:
            await fresh.start()
        except BaseException:
            await close(fresh)
            raise
        old, self._now, self._broken = self._now, fresh, False
        log.warning("the broker lost the numbering of our batches: a new producer goes on")
        await close(old)


async def close(old: AIOKafkaProducer) -> None:
    """Stop it, whatever Kafka says to that."""
    try:
        async with asyncio.timeout(CLOSE_S):
            await old.stop()
    except TimeoutError:
        log.warning("Kafka did not answer the goodbye of a producer within %g s", CLOSE_S)
    except KafkaError as error:
        log.warning("a producer ended with: %s", error)
