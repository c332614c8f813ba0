"""One stage of the pipeline over one topic: each partition's records, in the order of the log, each applied once.

Faust brings the records and shares the partitions among the workers. Its committed offsets are not trusted (a rebalance
can acknowledge what was never processed: docs/decisions/0006), so each partition keeps its own applied offset:

* a record at or below it has been applied already, and is skipped;
* a record beyond the next one reveals a gap, and what lies between is read from the log first;
* when a partition is gained, or kept through a rebalance, everything up to the end of the log is read.

Life cycle of a partition: `open` (recover) -> catch up -> live -> `close`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Protocol, TypeVar

from aiokafka.errors import KafkaError

from streams.log import LogReader, Record
from streams.tasks import Tasks, cancel

log = logging.getLogger(__name__)
T = TypeVar("T")
Portion = tuple[Sequence[Record], Callable[[], None]]
"""Records of one partition in their order, and what to call once they have been applied."""

QUEUE = 2_000  # records that may wait for one partition before Faust is slowed down; one portion more is let in
BATCH = 1_000  # a turn takes whole portions until it has so many
TICK_S = 5.0
RETRY_S = (0.5, 15.0)  # first and longest pause before a batch is tried again


class Processor(Protocol):
    """The work of a stage on one partition."""

    batch: int  # the most records to be processed at once; the output of a batch appears together

    async def open(self) -> int:
        """Recover; returns the applied offset (-1: nothing yet)."""

    async def process(self, records: Sequence[Record], applied: int) -> None:
        """Apply the records, which may be none, and remember `applied` with them, atomically. Safe to repeat."""

    async def touch(self, ids: Sequence[str]) -> None:
        """Something elsewhere changed about these posts."""

    async def tick(self) -> None:
        """Called every few seconds: forget what is too old."""

    async def close(self) -> None:
        """Release everything."""


class PartitionWorker:
    """Feeds one processor. `offer` slows its caller down when the partition is behind."""

    def __init__(self, topic: str, partition: int, processor: Processor, reader: LogReader) -> None:
        self.topic, self.partition = topic, partition
        self.applied = -1
        self.live = asyncio.Event()
        self._processor, self._reader = processor, reader
        self._queue: deque[Portion] = deque()
        self._touched: set[str] = set()
        self._more, self._room = asyncio.Event(), asyncio.Event()
        self._room.set()
        self._check_end = True
        self._closed = False
        self._tick_due = time.monotonic() + TICK_S

    async def offer(self, records: Sequence[Record], ack: Callable[[], None]) -> None:
        """Hand over records in their order; `ack` is called once all of them have been applied."""
        while self._waiting() >= QUEUE and not self._closed:
            self._room.clear()
            await self._room.wait()
        if self._closed:  # the partition was lost while we waited: the records are for its new owner
            return
        self._queue.append((records, ack))
        self._more.set()

    def _waiting(self) -> int:
        return sum(len(records) for records, _ in self._queue)

    def close(self) -> None:
        """The partition is lost: nobody may wait for room in it, and its loop ends. Cancelling the task is not enough,
        because closing a Kafka client can swallow the cancellation."""
        self._closed = True
        self._room.set()
        self._more.set()

    def touch(self, ids: Iterable[str]) -> None:
        """Pass on that something elsewhere changed about these posts."""
        self._touched.update(ids)
        self._more.set()

    def recheck(self) -> None:
        """A rebalance happened: what Faust skipped in it must be read from the log."""
        self._check_end = True
        self._more.set()

    async def run(self) -> None:
        """Work until cancelled."""
        self.applied = await self._retried(self._processor.open)
        log.info("%s/%d: recovered up to offset %d", self.topic, self.partition, self.applied)
        try:
            while not self._closed:
                await self._turn()
        finally:
            await self._processor.close()

    async def _turn(self) -> None:
        if self._check_end:
            self._check_end = False
            await self._retried(self._catch_up)
            self.live.set()
        if time.monotonic() >= self._tick_due:  # in a steady stream too, or nothing would ever be forgotten
            await self._retried(self._processor.tick)
            self._tick_due = time.monotonic() + TICK_S
        if not (self._queue or self._touched):
            self._more.clear()
            # Not `wait_for`: before Python 3.12 it can swallow a cancellation that comes with the event.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._tick_due - time.monotonic()):
                    await self._more.wait()
        if self._touched:
            ids, self._touched = list(self._touched), set()
            await self._retried(lambda: self._processor.touch(ids))
        if self._queue:
            await self._apply_queue()

    async def _apply_queue(self) -> None:
        taken: list[Record] = []
        acks: list[Callable[[], None]] = []
        while self._queue and len(taken) < BATCH:
            records, ack = self._queue.popleft()
            taken += records
            acks.append(ack)
        self._room.set()
        await self._retried(lambda: self._apply(taken))
        for ack in acks:
            ack()

    async def _apply(self, records: Sequence[Record]) -> None:
        """Apply what is new, in order; read from the log what is missing in between."""
        fresh: list[Record] = []
        expected = self.applied + 1
        for record in records:
            if record.offset < expected:
                continue
            if record.offset > expected:
                await self._process(fresh)
                fresh = []
                await self._fill(record.offset)
                if record.offset <= self.applied:
                    expected = self.applied + 1
                    continue
            fresh.append(record)
            expected = record.offset + 1
        await self._process(fresh)

    async def _process(self, records: Sequence[Record]) -> None:
        size = self._processor.batch
        for first in range(0, len(records), size):
            part = records[first : first + size]
            await self._processor.process(part, part[-1].offset)
            self.applied = part[-1].offset

    async def _fill(self, end: int) -> None:
        """Read and apply [applied + 1, end); offsets that compaction removed are passed over."""
        async for records in self._reader.read(self.topic, self.partition, self.applied + 1, end):
            await self._process([record for record in records if record.offset > self.applied])
        if self.applied < end - 1:
            await self._processor.process((), end - 1)
            self.applied = end - 1

    async def _catch_up(self) -> None:
        end = await self._reader.end(self.topic, self.partition)
        if end > self.applied + 1:
            log.info("%s/%d: reading %d..%d from the log", self.topic, self.partition, self.applied + 1, end - 1)
            await self._fill(end)

    async def _retried(self, work: Callable[[], Awaitable[T]]) -> T:
        """Kafka or the disk may be away for a while: try again, ever more slowly, and say so. Nothing is skipped."""
        pause, longest = RETRY_S
        while True:
            try:
                return await work()
            except (KafkaError, OSError) as error:
                if self._closed:
                    raise
                log.warning("%s/%d: %s; trying again", self.topic, self.partition, str(error) or repr(error))
                await asyncio.sleep(pause * (0.5 + random.random() / 2))
                pause = min(pause * 2, longest)


class Stage:
    """The partitions of one topic that this worker holds."""

    def __init__(
        self, topic: str, make: Callable[[int], Processor], reader: LogReader, on_death: Callable[[BaseException], None]
    ) -> None:
        self.topic = topic
        self.workers: dict[int, PartitionWorker] = {}
        self._make, self._reader = make, reader
        self._tasks = Tasks(on_death)
        self._running: dict[int, asyncio.Task[None]] = {}

    async def assign(self, partitions: Iterable[int]) -> None:
        """Now exactly these partitions are ours: let go of the others first, then open the new ones."""
        wanted = set(partitions)
        await self._let_go(set(self.workers) - wanted)
        for partition in sorted(wanted):
            if partition in self.workers:
                self.workers[partition].recheck()
            else:
                self._open(partition)

    async def offer(self, partition: int, records: Sequence[Record], ack: Callable[[], None]) -> None:
        """Hand over what Faust brought, in its order. What came late for a lost partition is for its new owner."""
        worker = self.workers.get(partition)
        if worker is not None:
            await worker.offer(records, ack)

    def touch(self, ids: Sequence[str]) -> None:
        """Tell every partition that something changed about these posts."""
        for worker in self.workers.values():
            worker.touch(ids)

    def live(self) -> bool:
        """Whether every partition held is recovered and has caught up."""
        return all(worker.live.is_set() for worker in self.workers.values())

    async def stop(self) -> None:
        """Let go of everything."""
        await self._let_go(set(self.workers))

    def _open(self, partition: int) -> None:
        worker = PartitionWorker(self.topic, partition, self._make(partition), self._reader)
        self.workers[partition] = worker
        self._running[partition] = self._tasks.start(worker.run(), f"{self.topic}/{partition}")

    async def _let_go(self, partitions: set[int]) -> None:
        tasks = [self._running.pop(partition) for partition in partitions]
        for partition in partitions:
            self.workers.pop(partition).close()
        await cancel(tasks)  # a death was logged and reported by Tasks already
