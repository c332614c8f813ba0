"""Alerts about the networks: silence and failure that last, and gaps; each once, whatever restarts."""

from __future__ import annotations

from datetime import timedelta

import pytest

from config.schema import Alerts, Config, SourceTrouble
from streams.alerting.engine import Alerting
from streams.records import SourceGap, SourceState, SourceStatus
from tests.streams.alerting.world import MINUTE, NOW, Clock, MemoryAlerts, MemoryDesk, config

GAP = SourceGap(NOW - 3 * timedelta(hours=1), NOW - timedelta(hours=1), "the cursor was too old")


class World:
    """One worker, and what the collectors last said (None: not read yet)."""

    def __init__(self, settings: Config | None = None, desk: MemoryDesk | None = None) -> None:
        self.clock, self.topic = Clock(), MemoryAlerts()
        self.statuses: list[SourceStatus] | None = []
        self.settings, self.desk = settings or config(), desk or MemoryDesk()
        self.worker = self.another()

    def another(self) -> Alerting:
        return Alerting(self.desk, self.settings, self.topic.publish, self.clock, self.topic, lambda: self.statuses)

    async def look(self, after: timedelta = timedelta(0)) -> None:
        self.clock.advance(after)
        await self.worker.look()

    @property
    def told(self) -> list[tuple[str, str]]:
        return [(alert.rule, alert.state) for alert in self.topic.log]


def source(state: SourceState = "live", *gaps: SourceGap, reason: str = "") -> SourceStatus:
    return SourceStatus("bluesky", state, reason, since=NOW, gaps=gaps)


@pytest.mark.parametrize("state", ["silent", "retrying", "misconfigured"])
async def test_a_trouble_that_lasts_is_told_once_and_so_is_its_end(state: SourceState) -> None:
    world = World()
    world.statuses = [source(state, reason="refused")]
    await world.look(9 * MINUTE)
    assert world.told == []
    await world.look(MINUTE)
    world.worker = world.another()  # a new process
    await world.look(MINUTE)
    assert world.told == [("source-trouble", "firing")]
    assert world.topic.log[0].title == f"bluesky is {state} for 10m: refused"
    assert (world.topic.log[0].source, world.topic.log[0].brand) == ("bluesky", "")
    world.statuses = [source("live")]
    await world.look(MINUTE)
    await world.look(MINUTE)
    assert world.told == [("source-trouble", "firing"), ("source-trouble", "resolved")]


@pytest.mark.parametrize("state", ["live", "stopped", "finished", "starting"])
async def test_what_is_no_trouble_is_not_told(state: SourceState) -> None:
    world = World()
    world.statuses = [source(state)]
    await world.look(timedelta(hours=5))
    assert world.told == []


async def test_a_gap_is_told_at_once_and_ends_when_the_last_day_is_whole_again() -> None:
    world = World()
    world.statuses = [source("live", GAP)]
    await world.look()
    await world.look(MINUTE)
    assert world.told == [("source-gap", "firing")]
    assert world.topic.log[0].title == "bluesky has a gap of 2h up to 2026-11-23 11:00 UTC: the cursor was too old"
    await world.look(timedelta(hours=24))
    await world.look(MINUTE)
    assert world.told == [("source-gap", "firing"), ("source-gap", "resolved")]


async def test_two_gaps_of_one_source_are_two_alerts() -> None:
    world = World()
    later = SourceGap(NOW - 2 * MINUTE, NOW - MINUTE, "again")
    world.statuses = [source("live", GAP, later)]
    await world.look()
    assert world.told == [("source-gap", "firing")] * 2
    assert len({alert.fingerprint for alert in world.topic.log}) == 2


async def test_what_is_not_read_yet_resolves_nothing() -> None:
    world = World()
    world.statuses = [source("live", GAP)]
    await world.look()
    world.worker, world.statuses = world.another(), None
    await world.look(MINUTE)
    assert world.told == [("source-gap", "firing")]


async def test_only_the_worker_that_holds_the_first_brand_speaks() -> None:
    world = World(config("other", "acme"))
    world.statuses = [source("live", GAP)]
    await world.look()
    assert world.told == []


async def test_it_can_be_turned_off() -> None:
    world = World(config().model_copy(update={"alerts": Alerts(source_trouble=SourceTrouble(enabled=False))}))
    world.statuses = [source("live", GAP)]
    await world.look()
    assert world.told == []
