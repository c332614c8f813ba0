"""Raising, holding and resolving alerts, over real frames."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from aiokafka.errors import KafkaTimeoutError

from config.schema import VolumeSpike
from streams.alerting.engine import Alerting
from streams.alerting.standing import fingerprint
from streams.records import Alert
from tests.streams.alerting.world import (
    MINUTE,
    NOW,
    RULE,
    Clock,
    MemoryAlerts,
    MemoryDesk,
    burst,
    config,
    entry,
    steady,
)

DAY = timedelta(days=1)
LOOK = timedelta(seconds=15)


class World:
    """One brand with a day and a half of ordinary posts, and a worker that looks at it."""

    def __init__(self) -> None:
        self.clock, self.topic = Clock(), MemoryAlerts()
        self.desk = MemoryDesk(steady(NOW - 1.5 * DAY, NOW + DAY))
        self.settings = config()
        self.worker = self.another()

    def another(self) -> Alerting:
        """A fresh process: nothing but the ledger and the topic."""
        return Alerting(self.desk, self.settings, self.topic.publish, self.clock, self.topic)

    async def look(self, times: int = 1) -> None:
        for _ in range(times):
            await self.worker.look()
            self.clock.advance(LOOK)

    @property
    def states(self) -> list[str]:
        return [alert.state for alert in self.topic.log]


@pytest.fixture
def world() -> World:
    return World()


async def test_ordinary_volume_raises_nothing(world: World) -> None:
    await world.look(240)
    assert world.topic.log == []


async def test_a_spike_is_raised_once_and_explained(world: World) -> None:
    world.desk.put(*burst(60, NOW))
    await world.look(8)
    (alert,) = world.topic.log
    assert (alert.state, alert.rule, alert.brand) == ("firing", "volume-spike", "acme")
    assert alert.fingerprint == fingerprint("volume-spike", "acme")
    assert alert.value == 65  # the burst and the ordinary five
    assert alert.baseline == pytest.approx(5, abs=0.1)
    assert alert.interval is not None
    assert alert.interval[0] <= 5 <= alert.interval[1]
    assert alert.p_value is not None
    assert alert.p_value < RULE.p
    assert alert.window == "5m"
    assert alert.title == "Acme: 65 posts in 5m, usually about 5"
    assert alert.started_at == NOW
    assert alert.at == NOW


async def test_it_resolves_after_hold_without_the_condition_and_can_come_back(world: World) -> None:
    world.desk.put(*burst(60, NOW))
    await world.look(4 * 20)
    assert world.states == ["firing", "resolved"]
    firing, resolved = world.topic.log
    assert resolved.started_at == firing.started_at
    assert resolved.ended_at is not None
    last_busy = NOW + RULE.window - MINUTE  # the last window that holds most of the burst
    assert last_busy + RULE.hold <= resolved.ended_at <= last_busy + RULE.hold + 2 * MINUTE
    assert "back to at most" in resolved.title
    world.desk.put(*burst(60, world.clock.at, "second"))
    await world.look()
    assert world.states == ["firing", "resolved", "firing"]
    assert world.topic.log[2].started_at > resolved.ended_at


async def test_a_crisis_of_hours_is_one_alert(world: World) -> None:
    """Six posts a minute instead of one, for eight hours: what lasts does not become ordinary at once."""
    end = NOW + timedelta(hours=8)
    crowd = [each.post.created_at for each in steady(NOW, end, timedelta(seconds=12))]
    world.desk.put(*(entry(f"crowd-{n}", at) for n, at in enumerate(crowd) if at))
    while world.clock.at < end:
        world.clock.advance(5 * MINUTE)
        await world.worker.look()
    assert world.states == ["firing"]
    world.clock.advance(20 * MINUTE)
    await world.look()
    assert world.states == ["firing", "resolved"]


async def test_at_the_edge_it_goes_on_and_does_not_flap(world: World) -> None:
    """The least volume that fires, and then one post less: not enough to begin, enough to go on."""
    least = 5
    while not await _fires(least):
        least += 1
    world.desk.put(*burst(least, NOW))
    await world.look()
    world.desk.drop("demo:burst-0")
    await world.look(4)
    assert "resolved" not in world.states
    assert not await _fires(least - 1)


async def _fires(count: int) -> bool:
    world = World()
    world.desk.put(*burst(count, NOW))
    await world.look()
    return bool(world.topic.log)


async def test_posts_that_come_late_still_count(world: World) -> None:
    """The burst of ten minutes ago is known only now."""
    await world.look(4)
    world.desk.put(*burst(60, NOW - 9 * MINUTE))
    await world.look()
    assert world.states == ["firing"]
    assert world.topic.log[0].started_at < NOW


async def test_below_min_posts_nothing_fires() -> None:
    world = World()
    world.desk = MemoryDesk(steady(NOW - 1.5 * DAY, NOW, timedelta(hours=6)))
    world.worker = world.another()
    world.desk.put(*burst(RULE.min_posts - 1, NOW))
    await world.look()
    assert world.topic.log == []
    world.desk.put(entry("one more", NOW - MINUTE))
    await world.look()
    assert world.states == ["firing"]


async def test_a_brand_watched_for_an_hour_is_not_judged() -> None:
    """Old posts that a feed brings at the start are no history: they were not watched as they came."""
    world = World()
    old = [entry(f"old-{n}", NOW - n * timedelta(hours=3), seen=NOW - 60 * MINUTE) for n in range(1, 12)]
    world.desk = MemoryDesk([*old, *steady(NOW - 60 * MINUTE, NOW), *burst(60, NOW)])
    world.worker = world.another()
    await world.look(4)
    assert world.topic.log == []


async def test_silence_that_was_watched_is_history() -> None:
    """A brand nobody ever spoke about: after four hours of watching, a burst is a spike."""
    world = World()
    world.desk = MemoryDesk()
    world.worker = world.another()
    await world.look()
    world.clock.advance(5 * timedelta(hours=1))
    world.desk.put(*burst(12, world.clock.at))
    await world.look()
    assert world.states == ["firing"]


async def test_after_a_crash_the_same_alert_is_not_raised_twice_and_still_resolves(world: World) -> None:
    world.desk.put(*burst(60, NOW))
    for _ in range(80):
        world.worker = world.another()
        await world.look()
    assert world.states == ["firing", "resolved"]


async def test_what_was_published_stands_before_the_topic_brings_it_back(world: World) -> None:
    world.topic.lag = True
    world.desk.put(*burst(60, NOW))
    await world.look(80)
    assert world.states == ["firing", "resolved"]


async def test_a_brand_that_moved_away_is_left_to_its_new_worker(world: World) -> None:
    world.desk.put(*burst(60, NOW))
    await world.look()
    world.desk.here = False
    await world.look(100)
    assert world.states == ["firing"]
    world.desk.here = True
    await world.look()
    assert world.states == ["firing", "resolved"]


async def test_what_could_not_be_published_is_due_at_the_next_look(world: World) -> None:
    world.desk.put(*burst(60, NOW))
    failing = Alerting(world.desk, world.settings, _away, world.clock, world.topic)
    with pytest.raises(KafkaTimeoutError):
        await failing.look()
    await world.look()
    assert world.states == ["firing"]


async def _away(_alert: Alert) -> None:
    raise KafkaTimeoutError


async def test_evidence_is_one_post_of_each_of_the_three_busiest_threads(world: World) -> None:
    threads = {"a": 30, "b": 20, "c": 10, "d": 5}
    for name, size in threads.items():
        root = entry(name, NOW - MINUTE, text=f"root {name}", url=f"https://example.org/{name}")
        replies = burst(size, NOW, f"reply-{name}", thread=f"demo:{name}", reply_to=f"demo:{name}")
        world.desk.put(root, *replies)
    world.desk.put(entry("liked", NOW - MINUTE, text="the answer", thread="demo:b", reply_to="demo:b", likes=9))
    world.desk.put(*burst(9, NOW, "repost", text="", repost_of="demo:d"))
    await world.look()
    (alert,) = world.topic.log
    assert [quote["text"] for quote in alert.evidence] == ["root a", "the answer", "root d"]
    assert alert.evidence[0]["url"] == "https://example.org/a"


async def test_deleted_and_edited_posts_do_not_live_on_in_an_alert(world: World) -> None:
    named = [entry(f"q{n}", NOW - MINUTE, text=f"quote {n}", likes=9 - n) for n in range(3)]
    world.desk.put(*named)
    for root in named:
        world.desk.put(*burst(30, NOW, f"to-{root.post.id}", thread=root.post.id, reply_to=root.post.id))
    await world.look()
    assert {quote["id"] for quote in world.topic.log[0].evidence} >= {"demo:q0", "demo:q1"}
    world.desk.drop("demo:q0")
    world.desk.put(msgspec.structs.replace(named[1], post=msgspec.structs.replace(named[1].post, text="changed")))
    await world.look()
    assert world.states == ["firing", "firing"]
    first, second = world.topic.log
    assert second.started_at == first.started_at
    assert second.at == first.at
    assert [quote["text"] for quote in second.evidence if quote["id"] == "demo:q1"] == ["changed"]
    assert "demo:q0" not in {quote["id"] for quote in second.evidence}
    await world.look(4)
    assert len(world.topic.log) == 2, "said once"


async def test_two_rules_are_two_alerts() -> None:
    world = World()
    wide = VolumeSpike(name="wide", window=15 * MINUTE, baseline=DAY)
    world.settings = config(rules=(RULE, wide))
    world.worker = world.another()
    world.desk.put(*burst(120, NOW))
    await world.look()
    assert {alert.rule for alert in world.topic.log} == {"volume-spike", "wide"}
    assert len({alert.fingerprint for alert in world.topic.log}) == 2


async def test_an_alert_whose_rule_was_taken_out_is_resolved_and_others_are_left_alone(world: World) -> None:
    world.desk.put(*burst(60, NOW))
    await world.look()
    foreign = msgspec.structs.replace(world.topic.log[0], fingerprint="someone else's", rule="source-silent")
    world.topic.newest[foreign.fingerprint] = foreign
    world.settings = config(rules=(VolumeSpike(brands=("other",)),))
    world.worker = world.another()
    await world.look(3)
    assert world.states == ["firing", "resolved"]
    assert world.topic.log[1].title == "Acme: no longer watched by this rule"
    assert world.topic.newest["someone else's"] == foreign
