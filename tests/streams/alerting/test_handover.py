"""Alerts on the real Kafka: a worker dies while an alert fires, another takes the brand over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from aiokafka import ConsumerRecord

from config.schema import Alerts, Config, Views
from streams.admin import ensure_topics
from streams.alerting.engine import Alerting
from streams.alerting.topic import AlertTopic, TailAlerts, parse_alert
from streams.kafka import producer
from streams.records import Alert
from streams.tail import Tail
from streams.tasks import Tasks
from streams.topics import Topics, partition_of
from tests.streams.alerting.kinds.test_change import QUIET, talk
from tests.streams.alerting.world import NOW, Clock, MemoryDesk, burst, config, steady

OFTEN = timedelta(milliseconds=20)


class Log:
    """All that was ever written to `alerts`, in order per brand."""

    def __init__(self) -> None:
        self.alerts: list[Alert] = []
        self.records: list[ConsumerRecord] = []
        self.grown = asyncio.Condition()

    async def keep(self, records: Sequence[ConsumerRecord]) -> None:
        async with self.grown:
            self.records += records
            self.alerts += [parse_alert(record.value) for record in records]
            self.grown.notify_all()

    async def wait_for(self, *states: str) -> None:
        async with self.grown:
            await self.grown.wait_for(lambda: tuple(alert.state for alert in self.alerts) == states)


@asynccontextmanager
async def worker(bootstrap: str, settings: Config, desk: MemoryDesk, clock: Clock) -> AsyncIterator[TailAlerts]:
    """One worker's alert rules, from start to sudden end."""
    tasks, writer, tail = Tasks(), producer(bootstrap, settings.kafka), TailAlerts(bootstrap, settings)
    await writer.start()
    tasks.start(tail.run(), "tail")
    rules = Alerting(desk, settings, AlertTopic(writer, settings).publish, clock, tail)
    tasks.start(rules.run(), "rules")
    try:
        yield tail
    finally:
        await tasks.stop()
        await writer.stop()


@pytest.fixture
def settings(namespace: str) -> Config:
    base = config()
    quick = Alerts(volume_spike=base.alerts.volume_spike, every=OFTEN)
    return base.model_copy(update={"namespace": namespace.lower(), "alerts": quick})


async def test_the_next_worker_neither_repeats_the_alert_nor_leaves_it_hanging(kafka: str, settings: Config) -> None:
    topics = Topics(settings)
    await ensure_topics(kafka, topics.specs())
    log, tasks, clock = Log(), Tasks(), Clock()
    tasks.start(Tail(kafka, settings.kafka, topics.alerts, log.keep).run(), "log")
    flow = steady(NOW - timedelta(days=1.5), NOW + timedelta(days=1))

    async with worker(kafka, settings, MemoryDesk([*flow, *burst(60, NOW)]), clock):
        await log.wait_for("firing")
    async with worker(kafka, settings, MemoryDesk([*flow, *burst(60, NOW)]), clock) as tail:
        await tail.ready()
        await asyncio.sleep(10 * OFTEN.total_seconds())  # room for a mistake; a slow machine only looks less often
        assert len(log.alerts) == 1
        clock.advance(timedelta(minutes=30))
        await log.wait_for("firing", "resolved")
    async with worker(kafka, settings, MemoryDesk([*flow, *burst(60, NOW)]), clock) as tail:
        await tail.ready()
        clock.advance(timedelta(minutes=5))
        await asyncio.sleep(10 * OFTEN.total_seconds())
    await tasks.stop()
    assert [alert.state for alert in log.alerts] == ["firing", "resolved"]
    assert {record.key for record in log.records} == {log.alerts[0].fingerprint.encode()}
    assert {record.partition for record in log.records} == {partition_of("acme", topics.brand_partitions)}


async def test_an_alert_with_all_that_explains_it_is_the_next_worker_s_as_it_is(kafka: str, settings: Config) -> None:
    """A turn of sentiment: figures, authors, quotes and details come back from the topic as they were raised."""
    turn = Alerts(standard=("sentiment-turn",), every=OFTEN)
    floors = Views(min_posts=5, min_authors=3)
    settings = settings.model_copy(update={"alerts": turn, "views": floors})
    topics, clock, raised = Topics(settings), Clock(), list[Alert]()
    await ensure_topics(kafka, topics.specs())
    sour = [*QUIET, *talk(NOW - timedelta(hours=6), NOW, 0.9, 2)]
    async with worker(kafka, settings, MemoryDesk(sour), clock) as tail:
        while not tail.all():
            await asyncio.sleep(OFTEN.total_seconds())
        raised += tail.all()
    log, tasks = Log(), Tasks()
    tasks.start(Tail(kafka, settings.kafka, topics.alerts, log.keep).run(), "log")
    async with worker(kafka, settings, MemoryDesk(sour), clock) as tail:
        await tail.ready()
        await asyncio.sleep(10 * OFTEN.total_seconds())  # room for a mistake; a slow machine only looks less often
        assert list(tail.all()) == raised
    await tasks.stop()
    assert log.alerts == raised, "not written again"
    (alert,) = raised
    assert (alert.kind, alert.state, alert.details["direction"]) == ("sentiment-turn", "firing", "down")
    assert len(alert.authors) == len(alert.evidence) == 3


async def test_nothing_is_judged_before_the_ledger_is_whole(kafka: str, settings: Config) -> None:
    await ensure_topics(kafka, Topics(settings).specs())
    desk = MemoryDesk([*steady(NOW - timedelta(days=1.5), NOW), *burst(60, NOW)])
    desk.is_ready = False
    async with worker(kafka, settings, desk, Clock()) as tail:
        await tail.ready()
        await asyncio.sleep(10 * OFTEN.total_seconds())
        assert tail.all() == []
        desk.is_ready = True
        while not tail.all():
            await asyncio.sleep(OFTEN.total_seconds())
