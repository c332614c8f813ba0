"""Faust brings portions: all records, in order, committed behind, and a quiet topic does not hold a busy one up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import faust
import pytest
from faust.types import TP

from config.schema import Brand, Config, Kafka
from streams.admin import TopicSpec, ensure_topics
from streams.app import Feed, group_of, make_app
from streams.kafka import producer
from streams.log import LogReader, Record
from streams.portions import FETCH_MS, Whole
from streams.stage import Stage
from tests.streams.test_stage import Remembering, fresh, until

BURSTS, BURST = 30, 50


class Portions(Stage):
    """Notes how many records came at a time."""

    sizes: list[int]

    async def offer(self, partition: int, records: Sequence[Record], ack: Callable[[], None]) -> None:
        self.sizes.append(len(records))
        await super().offer(partition, records, ack)


@asynccontextmanager
async def fed(
    kafka: str, namespace: str, folder: Path
) -> AsyncIterator[tuple[faust.App, Portions, dict[str, list[int]], Config]]:
    """(app, its stage over a busy topic, what arrived there, config); beside it a topic in which nothing ever comes."""
    brands = (Brand(name="b", terms=("b",)),)
    config = Config(namespace=namespace, data_dir=folder, brands=brands, kafka=Kafka(bootstrap=kafka))
    busy, quiet = f"{namespace}.busy", f"{namespace}.quiet"
    await ensure_topics(kafka, [TopicSpec(busy, 1), TopicSpec(quiet, 1)])
    memory, reader = fresh(), LogReader(kafka, config.kafka)
    stages = [
        Portions(busy, lambda _: Remembering(memory), reader, _die),
        Portions(quiet, lambda _: Remembering(fresh()), reader, _die),
    ]
    for stage in stages:
        stage.sizes = []
    app = make_app(config, kafka, "w1", "http://w1")
    feed = Feed(app, {stage.topic: stage for stage in stages})
    await app.start()
    try:
        await until(lambda: feed.assigned and stages[0].live(), "assigned")
        yield app, stages[0], memory, config
    finally:
        await app.stop()
        for stage in stages:
            await stage.stop()


def _die(error: BaseException) -> None:
    raise error


async def committed(config: Config, topic: str, expected: int) -> None:
    """What lag tools read follows."""
    found: int | None = None
    for _ in range(200):
        found = await LogReader(config.kafka.bootstrap or "", config.kafka).committed(group_of(config), topic, 0)
        if found == expected:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"committed {found}, not {expected}")


async def test_records_come_in_portions_and_all_of_them_are_committed(
    kafka: str, namespace: str, tmp_path: Path
) -> None:
    """The first portion is the record 0, an offset as good as any other; many come between two commits."""
    async with fed(kafka, namespace, tmp_path) as (app, stage, memory, config):
        writer = producer(kafka, config.kafka)
        await writer.start()
        await writer.send_and_wait(stage.topic, b"first", b"k", partition=0)
        await committed(config, stage.topic, 1)
        for burst in range(BURSTS):
            for number in range(burst * BURST, (burst + 1) * BURST):
                await writer.send(stage.topic, b"%d" % number, b"k", partition=0)
            await writer.flush()
            await asyncio.sleep(0.1)
        await writer.stop()
        count = 1 + BURSTS * BURST
        await until(lambda: len(memory["offsets"]) == count, "all applied")
        assert memory["offsets"] == list(range(count))
        assert sum(stage.sizes) == count
        assert len(stage.sizes) < count / 10
        await committed(config, stage.topic, count)
        assert not any(app.consumer._acked.values())  # type: ignore[attr-defined] # Faust's own: else it would grow


async def test_a_fetch_of_what_is_quiet_is_answered_soon(kafka: str, namespace: str, tmp_path: Path) -> None:
    """Faust's own 1.5 s would hold back every other partition of the broker. It is set where only aiokafka knows it."""
    async with fed(kafka, namespace, tmp_path) as (app, _, _, _):
        fetcher = app.consumer._thread._consumer._fetcher  # type: ignore[attr-defined] # Faust's and aiokafka's own
        assert fetcher._fetch_max_wait_ms == FETCH_MS


@pytest.mark.parametrize("fetched", [{}, {TP("t", 0): []}, {TP("t", 0): [1, 2], TP("u", 1): [], TP("u", 2): [3]}])
def test_a_partition_without_records_makes_no_portion(fetched: dict[TP, list[int]]) -> None:
    assert dict(Whole().iterate(fetched)) == {place: found for place, found in fetched.items() if found}
