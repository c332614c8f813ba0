"""Rules of every kind through the engine: raised once, explained, resolved, whoever looks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from aiokafka.errors import KafkaTimeoutError

from config.schema import Alerts, Brand, Config, Views
from streams.alerting.engine import Alerting
from streams.alerting.standing import fingerprint
from streams.alerting.walk import rules_of
from streams.records import Alert, Driver, Entry
from streams.views.columns import identity
from streams.views.window import Window
from tests.streams.alerting.kinds.test_change import QUIET, talk
from tests.streams.alerting.kinds.test_crisis import flow, outcry
from tests.streams.alerting.kinds.test_new_voice import month, turned_to
from tests.streams.alerting.world import MINUTE, NOW, Clock, MemoryAlerts, MemoryDesk, entry

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ACME = Brand(name="acme", title="Acme", terms=("acme",), group="phones")


class World:
    """One brand, some rules, and a worker that looks at it."""

    def __init__(self, entries: Iterable[Entry], *rules: dict[str, Any], standard: tuple[str, ...] = ()) -> None:
        self.clock, self.topic, self.desk = Clock(), MemoryAlerts(), MemoryDesk(entries)
        alerts = Alerts.model_validate({"rules": rules, "standard": standard})
        self.settings = Config(brands=(ACME,), alerts=alerts, views=Views(min_posts=5, min_authors=3))
        self.worker = self.another()

    def another(self) -> Alerting:
        """A fresh process: nothing but the ledger and the topic."""
        return Alerting(self.desk, self.settings, self.topic.publish, self.clock, self.topic)

    async def look(self, after: timedelta = timedelta(0)) -> None:
        self.clock.advance(after)
        await self.worker.look()

    @property
    def told(self) -> list[tuple[str, str]]:
        return [(alert.rule, alert.state) for alert in self.topic.log]


SOUR = [*QUIET, *talk(NOW - 6 * HOUR, NOW, 0.9, 2)]


async def test_a_turn_is_raised_once_with_all_that_explains_it() -> None:
    world = World(SOUR, standard=("sentiment-turn",))
    for _ in range(4):
        await world.look()
        world.clock.advance(MINUTE)
    (alert,) = world.topic.log
    assert (alert.kind, alert.number, alert.severity, alert.group) == (
        "sentiment-turn",
        "sentiment",
        "warning",
        "phones",
    )
    assert alert.fingerprint == fingerprint("sentiment-turn", "acme")
    assert alert.window == "6h"
    assert alert.p_value is not None and alert.q_value is not None and alert.p_value <= alert.q_value < 0.05
    assert alert.interval is not None and alert.interval[0] > alert.value
    assert alert.title.startswith("Acme: sentiment down to -0.")
    assert len(alert.evidence) == 3
    bad = {each.post.id for each in world.desk.held.values() if each.sentiment == "negative"}
    assert {quote["id"] for quote in alert.evidence} <= bad, "it is the negative posts that turned it"


async def test_authors_are_those_with_most_of_the_posts_behind_it() -> None:
    loud = [entry(f"l{n}", NOW - MINUTE * (n + 1), by=f"loud{n % 2}", sentiment="negative") for n in range(20)]
    world = World([*SOUR, *loud], standard=("sentiment-turn",))
    await world.look()
    (alert,) = world.topic.log
    window = [each for each in world.desk.held.values() if (each.post.created_at or NOW) >= NOW - 6 * HOUR]
    behind = [each for each in window if each.sentiment == "negative"]
    assert {author.name for author in alert.authors[:2]} == {"loud0", "loud1"}
    for author in alert.authors:
        posts = sum(each.post.author is not None and each.post.author.id == author.id for each in behind)
        assert (author.posts, author.share) == (posts, posts / len(behind))


async def test_deleted_posts_and_forgotten_authors_leave_the_alert_at_the_next_look() -> None:
    loud = [entry(f"l{n}", NOW - MINUTE * (n + 1), by=f"loud{n % 2}", sentiment="negative") for n in range(20)]
    world = World([*SOUR, *loud], standard=("sentiment-turn",))
    await world.look()
    world.desk.drop("demo:l0")
    for number in range(1, 20, 2):
        world.desk.drop(f"demo:l{number}")
    await world.look()
    first, second = world.topic.log
    assert (second.state, second.started_at, second.at) == ("firing", first.started_at, first.at)
    assert {author.name for author in first.authors} >= {"loud0", "loud1"}
    left = {author.name: author for author in second.authors}
    assert "loud1" not in left
    assert left["loud0"].posts == 9
    before = next(author for author in first.authors if author.name == "loud0")
    assert left["loud0"].share == pytest.approx(before.share * 9 / 10)
    await world.look()
    assert len(world.topic.log) == 2, "said once"


async def test_a_week_after_its_end_an_alert_keeps_its_figures_only() -> None:
    world = World([*SOUR, *talk(NOW, NOW + DAY, 0.3, 3)], standard=("sentiment-turn",))
    await world.look()
    await world.look(DAY)
    ended = world.topic.log[-1]
    assert ended.state == "resolved"
    assert ended.evidence and ended.authors
    for days, bare in ((6, False), (2, True)):
        world.desk.put(entry(f"later-{days}", NOW))
        await world.look(days * DAY)
        last = world.topic.newest[ended.fingerprint]
        assert (last.evidence == () and last.authors == ()) is bare
    assert msgspec.structs.replace(last, evidence=ended.evidence, authors=ended.authors) == ended


async def test_when_nothing_is_said_any_more_it_ends_and_says_so() -> None:
    world = World(SOUR, standard=("sentiment-turn",))
    await world.look()
    for _ in range(20):
        await world.look(HOUR)
    assert world.told == [("sentiment-turn", "firing"), ("sentiment-turn", "resolved")]
    assert world.topic.log[1].title == "Acme: too little is said to go on judging sentiment"
    assert world.topic.log[1].ended_at == NOW + 12 * HOUR, "six hours until nothing is in the window, and six more"


async def test_a_crash_at_any_time_raises_nothing_twice_and_leaves_nothing_hanging() -> None:
    world = World([*SOUR, *talk(NOW, NOW + DAY, 0.3, 3)], standard=("sentiment-turn",))
    for _ in range(60):
        world.worker = world.another()
        await world.look(15 * MINUTE)
    assert world.told == [("sentiment-turn", "firing"), ("sentiment-turn", "resolved")]
    assert "sentiment back at" in world.topic.log[1].title


async def test_for_holds_over_a_handover() -> None:
    """Above eighty posts an hour since twenty minutes ago: whoever looks now knows that, and since when."""
    flow = [entry(f"f{n}", NOW - 2 * HOUR + n * MINUTE) for n in range(120)]
    flow += [entry(f"g{n}", NOW - 40 * MINUTE + n * MINUTE / 2) for n in range(80)]
    threshold = {"kind": "threshold", "number": "posts", "above": 99.5, "for": "10m"}
    world = World(flow, threshold)
    world.clock.at = NOW - 11 * MINUTE
    begun = None
    while not begun and world.clock.at < NOW:
        world.worker = world.another()
        await world.look(MINUTE)
        begun = world.told and world.clock.at
    assert begun == NOW - 10 * MINUTE, "100 in the hour before a quarter to, and ten minutes more"


async def test_looks_keep_their_pace_and_what_could_not_be_published_is_due_again() -> None:
    async def away(_alert: Alert) -> None:
        raise KafkaTimeoutError

    world = World(SOUR, standard=("sentiment-turn",))
    worker = Alerting(world.desk, world.settings, away, world.clock, world.topic)
    with pytest.raises(KafkaTimeoutError):
        await worker.look()
    with pytest.raises(KafkaTimeoutError):
        await worker.look()
    await world.look()
    asked = world.worker._walk._looked
    assert set(asked.values()) == {NOW}
    await world.look(MINUTE)
    assert set(asked.values()) == {NOW}, "six hours: every three minutes"
    await world.look(2 * MINUTE)
    assert set(world.worker._walk._looked.values()) == {NOW + 3 * MINUTE}


NEW = [*month(), *turned_to("new", 28, NOW, 9), *turned_to("other", 27, NOW, 10)]


async def test_two_new_voices_are_two_alerts_with_names() -> None:
    world = World(NEW, {"kind": "new-voice"})
    await world.look()
    assert [alert.state for alert in world.topic.log] == ["firing", "firing"]
    assert {alert.details["who"] for alert in world.topic.log} == {"new", "other"}
    wanted = {fingerprint("new-voice", "acme", str(identity(f"demo:{name}"))) for name in ("new", "other")}
    assert {alert.fingerprint for alert in world.topic.log} == wanted
    first = next(alert for alert in world.topic.log if alert.details["who"] == "new")
    assert first.title == "Acme: new is new among those most people turn to: 28 people in 1d"
    await world.look(3 * DAY)
    assert [alert.state for alert in world.topic.log[2:]] == ["resolved", "resolved"]


async def test_names_of_people_are_not_logged_and_go_a_week_after_the_end(caplog: pytest.LogCaptureFixture) -> None:
    world = World(NEW, {"kind": "new-voice"})
    with caplog.at_level("INFO"):
        await world.look()
        await world.look(3 * DAY)
        world.desk.put(entry("later", NOW))
        await world.look(8 * DAY)
    assert [alert.details.get("who") for alert in world.topic.log[-2:]] == [None, None]
    assert world.topic.log[-1].title.startswith("Acme: somebody is no longer among")
    assert "acme: new-voice" in caplog.text
    assert "other" not in caplog.text


async def test_a_voice_that_is_forgotten_is_named_no_more() -> None:
    world = World(NEW, {"kind": "new-voice"})
    await world.look()
    world.desk.drop(f"demo:new-{NOW}")
    await world.look()
    last = world.topic.log[-1]
    assert last.state == "resolved"
    assert last.title == "Acme: the account this was about has gone"
    assert b"demo:new" not in msgspec.json.encode(last)
    assert "who" not in last.details


async def test_somebody_of_whom_there_is_no_post_is_not_told() -> None:
    """People turn to an account that the ledger holds no post of: nobody could say who it is."""
    held = [each for each in NEW if each.post.id not in (f"demo:new-{NOW}", f"demo:other-{NOW}")]
    world = World(held, {"kind": "new-voice"})
    await world.look()
    assert world.told == []


def test_a_brand_alone_in_its_group_has_no_share_of_voice_to_lose() -> None:
    brands = tuple(Brand(name=name, terms=(name,), group=group) for name, group in (("a", "x"), ("b", "x"), ("c", "y")))
    config = Config(brands=brands)
    watched = {brand.name: "voice-loss" in {rule.name for rule in rules_of(config, brand)} for brand in brands}
    assert watched == {"a": True, "b": True, "c": False}


async def test_a_rule_watches_its_brands_and_groups_only() -> None:
    threshold = {"kind": "threshold", "number": "posts", "above": 1}
    for watched, fires in (({"brands": ["acme"]}, True), ({"groups": ["phones"]}, True), ({"groups": ["cars"]}, False)):
        world = World(SOUR, {**threshold, **watched})
        await world.look()
        assert bool(world.told) is fires


async def test_the_budget_of_false_alerts_is_shared_and_decides() -> None:
    """A turn with p = 0.005: told with a large budget of false alerts, not with a small one."""
    mild = [*QUIET, *talk(NOW - 6 * HOUR, NOW, 0.62, 2)]
    told = {}
    for budget in (0.001, 40.0):
        world = World(mild, standard=("sentiment-turn",))
        alerts = world.settings.alerts.model_copy(update={"false_alerts": budget})
        world.settings = world.settings.model_copy(update={"alerts": alerts})
        world.worker = world.another()
        await world.look()
        told[budget] = world.told
    assert told == {0.001: [], 40.0: [("sentiment-turn", "firing")]}


async def test_circles_are_added_to_an_alert_that_is_told_already() -> None:
    asked: list[tuple[str, Window]] = []

    async def find(brand: str, window: Window) -> list[Driver]:
        asked.append((brand, window))
        return [Driver("bcdf", 12, 0.4, words=("repair",))]

    world = World(SOUR, standard=("sentiment-turn",))
    world.worker = Alerting(world.desk, world.settings, world.topic.publish, world.clock, world.topic, circles=find)
    await world.look()
    while len(world.topic.log) < 2:
        await world.look()
    first, second = world.topic.log
    assert asked == [("acme", Window(NOW - 6 * HOUR, NOW))]
    assert first.circles == ()
    assert second == msgspec.structs.replace(first, circles=(Driver("bcdf", 12, 0.4, words=("repair",)),))
    await world.look(MINUTE)
    assert len(asked) == 1


async def test_the_standard_rules_find_an_outcry_and_nothing_else_before_it() -> None:
    """All four at once: a week of ordinary looks every hour, then the outcry."""
    quiet = list(flow(NOW - 29 * DAY, NOW + DAY, 6 * MINUTE, 0.2))
    world = World(quiet, standard=("volume-spike", "sentiment-turn", "voice-loss", "crisis"))
    world.clock.at = NOW - 7 * DAY
    while world.clock.at < NOW:
        await world.look(HOUR)
    assert world.told == []
    world.desk.put(*outcry(40, 3))
    await world.look(MINUTE)
    assert ("crisis", "firing") in world.told
    crisis = next(alert for alert in world.topic.log if alert.rule == "crisis")
    assert crisis.severity == "critical"
    assert crisis.title.startswith("Acme: crisis, ")
