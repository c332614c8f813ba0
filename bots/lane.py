"""One Kafka partition's records on their way: in order, one batch in flight, kept until Kafka has acknowledged them."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from random import Random

from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    KafkaError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
    RecordTooLargeError,
)

from bots.line import Line, pause

log = logging.getLogger(__name__)

TOO_LARGE = (MessageSizeTooLargeError, RecordListTooLargeError, RecordTooLargeError)
LINGER_S = 0.005  # the pause in which a batch may grow: fewer, larger requests cost both sides less

Record = tuple[bytes, bytes | None]
"""Key and value; no value: a tombstone."""


class Ack:
    """Resolves once every lane that carries a part of it has been acknowledged."""

    __slots__ = ("future", "parts")

    def __init__(self) -> None:
        self.future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.parts = 0

    def arrived(self) -> None:
        """One part has been acknowledged."""
        self.parts -= 1
        if self.parts == 0 and not self.future.done():
            self.future.set_result(None)


class Lane:
    """The queue of one partition. `on_sent(bytes)` is told what Kafka has taken, or refused for good."""

    def __init__(self, topic: str, partition: int, line: Line, random: Random, on_sent: Callable[[int], None]) -> None:
        self.topic, self.partition = topic, partition
        self._line, self._random, self._on_sent = line, random, on_sent
        self._records: list[Record] = []
        self._filled = asyncio.Event()
        self._appended = self._acknowledged = 0
        self._waiters: deque[tuple[int, Ack]] = deque()
        self._most = 1 << 30  # records per batch; shrinks while the broker refuses a batch as too large
        self.refused: Callable[[Record, str], None] | None = None

    def put(self, key: bytes, value: bytes | None) -> None:
        """Append a record; it is sent once an ack stands behind it."""
        self._records.append((key, value))
        self._appended += 1

    def close_with(self, ack: Ack) -> None:
        """`ack` waits for everything appended so far; sending may begin."""
        ack.parts += 1
        self._waiters.append((self._appended, ack))
        self._filled.set()

    async def run(self) -> None:
        """Send until cancelled."""
        failures = 0
        while True:
            await self._filled.wait()
            await asyncio.sleep(LINGER_S)
            failures = 0 if await self._send() else failures + 1
            if failures:
                await asyncio.sleep(pause(failures, self._random))

    async def _send(self) -> bool:
        """One batch to Kafka; False: it has to be tried again."""
        producer = await self._line.producer()
        count, batch = self._build(producer)
        try:
            future = await producer.send_batch(batch, self.topic, partition=self.partition)
        except KafkaTimeoutError:
            log.warning("Kafka takes no records for %s/%d, trying again", self.topic, self.partition)
            return False
        except KafkaError as error:
            await self._failed(producer, error)
            return False
        try:
            await future
        except TOO_LARGE as error:
            await self._line.renew(producer)
            self._split(count, error)
        except KafkaError as error:
            await self._failed(producer, error)
            return False
        else:
            self._done(count)
            self._most = 1 << 30
        return True

    def _build(self, producer: AIOKafkaProducer) -> tuple[int, object]:
        batch = producer.create_batch()
        count = 0
        for key, value in self._records:
            if count == self._most or batch.append(key=key, value=value, timestamp=None) is None:
                break
            count += 1
        batch.close()  # a closed batch does not linger
        return count, batch

    async def _failed(self, producer: AIOKafkaProducer, error: KafkaError) -> None:
        log.warning("Kafka refused a batch for %s/%d, sending it again: %r", self.topic, self.partition, error)
        await self._line.renew(producer)

    def _split(self, count: int, error: KafkaError) -> None:
        """Halve the batch that was too large, down to the one record that will never fit."""
        if count > 1:
            self._most = count // 2
            return
        if self.refused is not None:
            self.refused(self._records[0], f"Kafka refuses the record as too large: {error}")
        self._done(1)

    def _done(self, count: int) -> None:
        size = sum(map(size_of, self._records[:count]))
        del self._records[:count]
        if not self._records:
            self._filled.clear()
        self._acknowledged += count
        while self._waiters and self._waiters[0][0] <= self._acknowledged:
            self._waiters.popleft()[1].arrived()
        self._on_sent(size)


def size_of(record: Record) -> int:
    """Bytes of key and value."""
    return len(record[0]) + len(record[1] or b"")
