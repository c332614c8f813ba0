"""What is too old is forgotten while records keep coming, too: a busy network never pauses."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from config.schema import Kafka
from streams import stage
from streams.log import LogReader, Record
from streams.stage import PartitionWorker
from streams.tasks import Tasks


class NothingBehind(LogReader):
    """A log that holds nothing but what is offered."""

    async def end(self, topic: str, partition: int) -> int:
        return 0


class Counting:
    """Counts the turns."""

    batch = 1_000

    def __init__(self) -> None:
        self.ticks = 0

    async def open(self) -> int:
        return -1

    async def process(self, records: Sequence[Record], applied: int) -> None:
        return None

    async def touch(self, ids: Sequence[str]) -> None:
        return None

    async def tick(self) -> None:
        self.ticks += 1

    async def close(self) -> None:
        return None


@pytest.mark.parametrize("busy", [True, False])
async def test_the_tick_comes_whether_records_come_or_not(monkeypatch: pytest.MonkeyPatch, *, busy: bool) -> None:
    """There is a record to apply at every turn, or there is none."""
    monkeypatch.setattr(stage, "TICK_S", 0.01)
    processor, tasks = Counting(), Tasks()
    worker = PartitionWorker("t", 0, processor, NothingBehind("", Kafka()))
    tasks.start(worker.run(), "worker")
    for offset in range(100_000):
        if processor.ticks > 3:
            break
        if busy:
            await worker.offer([Record(offset, b"k", b"v", 0)], lambda: None)
        await asyncio.sleep(0)
    while not busy and processor.ticks <= 3:
        await asyncio.sleep(0.01)
    await tasks.stop()
    assert processor.ticks > 3
