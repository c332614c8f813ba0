"""The inbox of `/ingest` as collectors read it: each inlet in order, and what all have taken is dropped from Kafka."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from kafka.errors import KafkaError as AdminClientError

from config.schema import Config
from streams.admin import Admin, AdminError
from streams.inbox import owner_of
from streams.kafka import admin_settings, consumer
from streams.topics import Topics

log = logging.getLogger(__name__)

POLL_MS = 1_000
MOST_RECORDS = 500  # of one page
TIDY_S = 60.0


class Page(NamedTuple):
    """The records of one inlet, in order, and the offset behind them; empty when nothing came for a second.

    `lost`: Kafka no longer had what stood before.
    """

    records: Sequence[ConsumerRecord]
    next: int
    lost: bool = False


class Inbox:
    """Shared by all inlets of a collector: `join`, then `pages` and `saved`, for ever."""

    def __init__(self, bootstrap: str, config: Config, clock: Callable[[], float] = time.monotonic) -> None:
        self._bootstrap, self._kafka, self._clock = bootstrap, config.kafka, clock
        self._partition = TopicPartition(Topics(config).inbox, 0)
        self._saved: dict[str, int] = {}
        self._foreign: int | None = None  # the first record that no inlet here takes: another collector may
        self._seen = 0  # so far the log has been looked through for such records
        self._dropped, self._tidied = 0, clock()

    def join(self, inlet: str) -> None:
        """An inlet that is read here: nothing is dropped before it has taken it."""
        self._saved[inlet] = 0

    def saved(self, inlet: str, offset: int) -> None:
        """Kafka holds everything that `inlet` had before `offset`, and the collector's resume point as well."""
        self._saved[inlet] = offset

    async def pages(self, inlet: str, start: int) -> AsyncIterator[Page]:
        """From offset `start` on, for ever. Raises `KafkaError`."""
        reader = consumer(self._bootstrap, self._kafka)
        try:
            await reader.start()
            at, lost = await self._begin(reader, start)
            while True:
                found = await reader.getmany(self._partition, timeout_ms=POLL_MS, max_records=MOST_RECORDS)
                records = found.get(self._partition, ())
                self._look_through(records)
                new = [record for record in records if record.offset >= at]
                at = new[-1].offset + 1 if new else at
                if new or not records:
                    yield Page([record for record in new if owner_of(record) == inlet], at, lost)
                    lost = False
                await self._tidy()
        finally:
            await reader.stop()

    async def _begin(self, reader: AIOKafkaConsumer, start: int) -> tuple[int, bool]:
        """Stand at the beginning, where what no inlet here takes may still lie; from where on to tell, what is lost.

        A log that ends before `start` is another one: all of it is new.
        """
        target = self._partition
        reader.assign([target])
        oldest = int((await reader.beginning_offsets([target]))[target])
        end = int((await reader.end_offsets([target]))[target])
        reader.seek(target, oldest)
        return (start if oldest <= start <= end else oldest), 0 < start < oldest

    def _look_through(self, records: Sequence[ConsumerRecord]) -> None:
        for record in records:
            owner = owner_of(record)
            if owner is not None and owner not in self._saved:
                self._foreign = record.offset if self._foreign is None else min(self._foreign, record.offset)
        if records:
            self._seen = max(self._seen, records[-1].offset + 1)

    async def _tidy(self) -> None:
        """Now and then drop what every inlet has taken: texts lie in the inbox no longer than they must."""
        until = min([self._seen, *self._saved.values()])
        until = until if self._foreign is None else min(until, self._foreign)
        if until <= self._dropped or self._clock() - self._tidied < TIDY_S:
            return
        self._tidied = self._clock()
        try:
            async with Admin(self._bootstrap, admin_settings(self._kafka)) as admin:
                await admin.forget_before(self._partition.topic, self._partition.partition, until)
            self._dropped = until
        except (AdminError, AdminClientError, OSError) as error:
            log.warning("what was taken from %s cannot be dropped yet: %s", self._partition.topic, error)
