"""Silences and acknowledgements: what they cover, when they hold, and what stands in their topic."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from config.schema import Config
from streams.admin import ensure_topics
from streams.alerting.silences import KEPT, Silence, SilenceTopic, TailSilences, silenced
from streams.alerting.silencing import Clearing, acknowledgement, asked, ended, is_long_over
from streams.alerting.topic import AlertTopic, TailAlerts
from streams.kafka import producer
from streams.records import Alert
from streams.tasks import Tasks
from streams.topics import Topics

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
SPIKE = Alert(
    "a1", "volume-spike", "fairphone", "firing", NOW - HOUR, NOW, title="", value=84, baseline=12, group="phones"
)


def silence(*matchers: str, hours: float = 1, name: str = "s") -> Silence:
    return Silence(name, matchers, NOW, NOW + hours * HOUR, "ana", "", NOW)


@pytest.mark.parametrize(
    ("matchers", "covers"),
    [
        (('brand="fairphone"',), True),
        (('brand="shift"',), False),
        (('brand=~"fair.*"', 'severity="warning"'), True),
        (('brand=~"fair.*"', 'severity="critical"'), False),
        (('source=""', 'group!="audio"'), True),
        (('alertname!~".*spike"',), False),
    ],
)
def test_all_its_matchers_have_to_hold(matchers: tuple[str, ...], covers: bool) -> None:
    assert (silenced(SPIKE, [silence(*matchers)], NOW) is not None) is covers


def test_it_holds_from_its_start_to_before_its_end() -> None:
    one = silence('brand="fairphone"')
    moments = (NOW - timedelta(seconds=1), NOW, NOW + HOUR - timedelta(seconds=1), NOW + HOUR)
    assert [silenced(SPIKE, [one], at) is not None for at in moments] == [False, True, True, False]
    assert [one.state_at(at) for at in moments] == ["pending", "active", "active", "expired"]


def test_of_several_the_longest_and_before_all_an_acknowledgement() -> None:
    known = acknowledgement(SPIKE, "ben", "", NOW)
    long, short = silence('brand="fairphone"', hours=2, name="long"), silence('brand="fairphone"', name="short")
    assert silenced(SPIKE, [short, long], NOW) == long
    assert silenced(SPIKE, [short, known, long], NOW) == known


def test_an_acknowledgement_is_of_one_episode() -> None:
    known = acknowledgement(SPIKE, "ana", "on it", NOW)
    later = NOW + timedelta(days=30)
    assert silenced(SPIKE, [known], later) == known
    over = msgspec.structs.replace(SPIKE, state="resolved", ended_at=later)
    assert silenced(over, [known], later) is None, "that it is over is told"
    again = msgspec.structs.replace(SPIKE, started_at=later)
    assert silenced(again, [known], later) is None
    assert silenced(msgspec.structs.replace(SPIKE, fingerprint="b2"), [known], NOW) is None
    assert acknowledgement(SPIKE, "ben", "", later).id == known.id != acknowledgement(again, "ana", "", NOW).id
    assert silenced(SPIKE, [ended(known, NOW)], NOW) is None, "taken back"


def test_what_is_asked_is_checked_and_spelled() -> None:
    made = asked(["severity=critical", "brand =~ fair.*"], NOW, length="90m", by="ana", comment="launch")
    assert made.matchers == ('severity="critical"', 'brand=~"fair.*"')
    assert (made.starts_at, made.ends_at, made.created_by, made.comment) == (NOW, NOW + 1.5 * HOUR, "ana", "launch")
    other = asked(["severity=critical"], NOW, ends_at=NOW + HOUR, starts_at=NOW - HOUR)
    assert other.starts_at == NOW, "not before it was asked for"
    assert other.id != made.id
    pending = asked(["severity=critical"], NOW, length="1h", starts_at=NOW + HOUR)
    assert (pending.state_at(NOW), pending.ends_at) == ("pending", NOW + 2 * HOUR)


@pytest.mark.parametrize(
    ("matchers", "given", "reason"),
    [
        ([], {"length": "1h"}, "which alerts"),
        (['brand=~".*"', 'source=""'], {"length": "1h"}, "which alerts"),
        (["brand"], {"length": "1h"}, "is no matcher"),
        (["brand=x"], {}, "needs an end"),
        (["brand=x"], {"length": "1h", "ends_at": NOW + HOUR}, "needs an end"),
        (["brand=x"], {"ends_at": NOW}, "before it begins"),
        (["brand=x"], {"length": "0s"}, "before it begins"),
        (["brand=x"], {"ends_at": (NOW + HOUR).replace(tzinfo=None)}, "no time zone"),
        (["brand=x"], {"length": "soon"}, "is not a duration"),
        (["brand=x"], {"length": "53w"}, "lasts 366d at most"),
        (["brand=x"], {"length": "99999999999w"}, "is too long a time"),
        (["brand=x"], {"length": "9" * 400 + "w"}, "is too long a time"),
        (["brand=x"], {"length": "1h", "starts_at": NOW + timedelta(days=367)}, "`starts_at` is more than 366d away"),
        (["brand=x"], {"length": "2h", "starts_at": datetime.max.replace(tzinfo=UTC)}, "`starts_at` is more than"),
        (["brand=x"] * 21, {"length": "1h"}, "20 matchers at most"),
    ],
)
def test_what_is_no_silence_is_refused(matchers: list[str], given: dict[str, object], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        asked(matchers, NOW, **given)  # type: ignore[arg-type]


def test_ended_it_is_over_at_once_and_for_good() -> None:
    now = NOW + HOUR / 2
    over = ended(silence('brand="fairphone"'), now)
    assert (over.state_at(now), over.ends_at) == ("expired", now)
    assert ended(over, now + HOUR) == over
    pending = asked(["severity=critical"], NOW, length="1h", starts_at=NOW + HOUR)
    assert ended(pending, NOW).state_at(NOW) == "expired"


def test_it_leaves_a_week_after_its_end() -> None:
    one, known = silence('brand="fairphone"'), acknowledgement(SPIKE, "ana", "", NOW)
    assert not is_long_over(one, None, NOW + HOUR + KEPT - timedelta(seconds=1))
    assert is_long_over(one, None, NOW + HOUR + KEPT)
    assert not is_long_over(known, SPIKE, NOW + 10 * KEPT), "its episode goes on"
    over = msgspec.structs.replace(SPIKE, state="resolved", ended_at=NOW + KEPT)
    assert not is_long_over(known, over, NOW + KEPT + HOUR)
    assert is_long_over(known, over, NOW + 2 * KEPT)
    assert is_long_over(known, None, NOW + KEPT)
    assert is_long_over(known, msgspec.structs.replace(SPIKE, started_at=NOW), NOW + KEPT)


async def until_known(tail: TailSilences, *names: str) -> None:
    """Returns when exactly these are known."""
    while {each.id for each in tail.all()} != set(names):
        await asyncio.sleep(0.02)


async def test_the_topic_brings_them_to_everybody_and_forgets_them(kafka: str, namespace: str) -> None:
    config = Config(namespace=namespace.lower())
    await ensure_topics(kafka, Topics(config).specs())
    tasks, writer = Tasks(), producer(kafka, config.kafka)
    await writer.start()
    topic, alerts = SilenceTopic(writer, config), AlertTopic(writer, config)
    old, new = silence('brand="fairphone"', name="old"), silence('brand="fairphone"', hours=300, name="new")
    known = acknowledgement(SPIKE, "ana", "«sí»", NOW)
    try:
        await alerts.publish(SPIKE)
        await writer.send_and_wait(Topics(config).silences, b"{nonsense", b"other", partition=0)
        await writer.send_and_wait(
            Topics(config).silences, msgspec.json.encode(silence("no matcher", name="odd")), b"odd", partition=0
        )
        naive = msgspec.structs.replace(silence('brand="x"', name="naive"), starts_at=NOW.replace(tzinfo=None))
        await topic.publish(naive)
        for each in (old, new, known):
            await topic.publish(each)
        tail, alert_tail = TailSilences(kafka, config), TailAlerts(kafka, config)
        tasks.start(tail.run(), "silences")
        tasks.start(alert_tail.run(), "alerts")
        await tail.ready()
        await alert_tail.ready()
        assert {each.id: each for each in tail.all()} == {"old": old, "new": new, known.id: known}
        await topic.publish(ended(new, NOW + HOUR))
        while tail.get("new") == new:
            await asyncio.sleep(0.02)
        later = NOW + HOUR + KEPT
        await Clearing(tail, alert_tail, topic.remove, lambda: later).look()
        await until_known(tail, known.id)
        fresh = TailSilences(kafka, config)
        tasks.start(fresh.run(), "another process")
        await fresh.ready()
        await until_known(fresh, known.id)
    finally:
        await tasks.stop()
        await writer.stop()
