"""A partition's records, each applied once and in order, whatever Faust skips, repeats or loses: on a real log."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError

from config.schema import Kafka
from streams.admin import TopicSpec, ensure_topics
from streams.kafka import producer
from streams.log import LogReader, Record
from streams.stage import QUEUE, Stage


class Remembering:
    """Keeps what it was given; its state survives in the dictionary it was made with."""

    batch = 4

    def __init__(self, memory: dict[str, list[int]]) -> None:
        self.memory = memory
        self.failures = 0
        self.closed = False

    async def open(self) -> int:
        return self.memory["applied"][-1] if self.memory["applied"] else -1

    async def process(self, records: Sequence[Record], applied: int) -> None:
        if self.failures:
            self.failures -= 1
            raise KafkaConnectionError("away")
        self.memory["offsets"] += [record.offset for record in records]
        self.memory["applied"].append(applied)

    async def touch(self, ids: Sequence[str]) -> None:
        self.memory["offsets"] += [-int(number) for number in ids]

    async def tick(self) -> None:
        return None

    async def close(self) -> None:
        self.closed = True


class Log:
    """A topic of one partition with some records in it."""

    def __init__(self, bootstrap: str, topic: str, writer: AIOKafkaProducer) -> None:
        self.bootstrap, self.topic, self.writer = bootstrap, topic, writer

    async def write(self, count: int) -> None:
        for number in range(count):
            await self.writer.send(self.topic, b"%d" % number, b"k%d" % number, partition=0)
        await self.writer.flush()

    def record(self, offset: int) -> Record:
        return Record(offset, b"k", b"v", 0)


@pytest.fixture
async def log(kafka: str, namespace: str) -> AsyncIterator[Log]:
    await ensure_topics(kafka, [TopicSpec(f"{namespace}.t", 1)])
    writer = producer(kafka, Kafka())
    await writer.start()
    yield Log(kafka, f"{namespace}.t", writer)
    await writer.stop()


async def until(condition: object, what: str) -> None:
    """Wait for a condition; the test's own time-out ends it."""
    for _ in range(2_000):
        if condition():  # type: ignore[operator]
            return
        await asyncio.sleep(0.01)
    raise AssertionError(what)


def make_stage(log: Log, memory: dict[str, list[int]]) -> tuple[Stage, list[Remembering], list[BaseException]]:
    made: list[Remembering] = []
    deaths: list[BaseException] = []

    def make(_partition: int) -> Remembering:
        made.append(Remembering(memory))
        return made[-1]

    return Stage(log.topic, make, LogReader(log.bootstrap, Kafka()), deaths.append), made, deaths


def fresh() -> dict[str, list[int]]:
    return {"offsets": [], "applied": []}


async def test_a_partition_without_state_reads_the_whole_log(log: Log) -> None:
    await log.write(25)
    memory = fresh()
    stage, _, _ = make_stage(log, memory)
    await stage.assign([0])
    await until(stage.live, "live")
    assert memory["offsets"] == list(range(25))
    await stage.stop()


async def test_what_faust_skipped_is_read_from_the_log_and_what_it_repeats_is_not_applied_again(log: Log) -> None:
    await log.write(3)
    memory = fresh()
    stage, _, _ = make_stage(log, memory)
    await stage.assign([0])
    await until(stage.live, "live")
    await log.write(17)
    acked: list[int] = []
    for offset in (1, 2, 3, 4, 9, 9, 8, 10, 19):  # 5..8 and 11..18 never come; 1, 2, 8 and 9 come again
        await stage.offer(0, [log.record(offset)], lambda offset=offset: acked.append(offset))  # type: ignore[misc]
    await until(lambda: len(acked) == 9, "all acknowledged")
    assert memory["offsets"] == list(range(20))
    await stage.stop()


async def test_a_portion_is_acknowledged_once_all_of_it_is_applied(log: Log) -> None:
    memory = fresh()
    stage, made, _ = make_stage(log, memory)
    await stage.assign([0])
    await until(stage.live, "live")
    await log.write(10)
    acked: list[list[int]] = []
    made[0].failures = 1
    await stage.offer(0, [log.record(offset) for offset in (0, 1, 2)], lambda: acked.append(memory["offsets"][:]))
    await stage.offer(0, [log.record(offset) for offset in (2, 3, 7, 9)], lambda: acked.append(memory["offsets"][:]))
    await until(lambda: len(acked) == 2, "both acknowledged")
    assert memory["offsets"] == list(range(10))
    assert acked[0][:3] == [0, 1, 2]
    assert acked[1] == list(range(10))
    await stage.stop()


async def test_a_rebalance_that_keeps_the_partition_reads_what_was_lost_in_it(log: Log) -> None:
    await log.write(2)
    memory = fresh()
    stage, made, _ = make_stage(log, memory)
    await stage.assign([0])
    await until(stage.live, "live")
    await log.write(5)  # acknowledged by Faust and never brought
    await stage.assign([0])
    await until(lambda: memory["offsets"] == list(range(7)), f"read to the end: {memory}")
    assert len(made) == 1, "the partition was kept, not opened again"
    await stage.stop()


async def test_a_lost_partition_is_closed_and_a_late_record_for_it_is_left_to_its_new_owner(log: Log) -> None:
    memory = fresh()
    stage, made, deaths = make_stage(log, memory)
    await stage.assign([0])
    await until(stage.live, "live")
    await stage.assign([])
    assert made[0].closed
    await stage.offer(0, [log.record(0)], lambda: pytest.fail("acknowledged what was not applied"))
    assert memory["offsets"] == []
    assert deaths == []


async def test_whoever_waits_for_room_is_let_go_when_the_partition_is_lost(log: Log) -> None:
    memory = fresh()
    stage, made, _ = make_stage(log, memory)
    await stage.assign([0])
    await until(stage.live, "live")
    made[0].failures = 10**9  # nothing gets through any more, so the queue fills

    async def bring() -> None:
        for offset in range(QUEUE + 1_100):  # more than the queue and the batch under way hold
            await stage.offer(0, [log.record(offset)], lambda: None)

    bringing = asyncio.create_task(bring())
    await asyncio.sleep(0.5)
    assert not bringing.done()
    await stage.assign([])
    await bringing


async def test_a_batch_is_tried_again_until_kafka_is_back(log: Log) -> None:
    await log.write(4)
    memory = fresh()
    stage, made, _ = make_stage(log, memory)
    await stage.assign([0])
    made[0].failures = 2
    await until(stage.live, "live")
    assert memory["offsets"] == [0, 1, 2, 3]
    await stage.stop()


async def test_a_death_is_reported(log: Log) -> None:
    memory = fresh()
    stage, made, deaths = make_stage(log, memory)

    async def broken() -> int:
        raise RuntimeError("corrupt")

    await stage.assign([])
    stage._make = lambda _n: _broken(memory, broken)
    await stage.assign([0])
    await until(lambda: bool(deaths), "a death")
    assert str(deaths[0]) == "corrupt"
    assert made == []


def _broken(memory: dict[str, list[int]], broken: object) -> Remembering:
    processor = Remembering(memory)
    processor.open = broken  # type: ignore[method-assign, assignment]
    return processor


async def test_recovery_goes_on_from_the_applied_offset(log: Log) -> None:
    await log.write(10)
    memory = {"offsets": [], "applied": [6]}
    stage, _, _ = make_stage(log, memory)
    await stage.assign([0])
    await until(stage.live, "live")
    assert memory["offsets"] == [7, 8, 9]
    await stage.stop()
