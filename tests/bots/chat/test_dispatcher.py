"""The dispatcher, case by case; `test_dispatcher_properties.py` has the random histories."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from bots.chat import dispatcher
from bots.chat.watches import Watch
from streams.alerting.silencing import acknowledgement
from streams.records import Alert, Severity
from tests.bots.chat.destination import NOW
from tests.bots.chat.destination import alert as plain
from tests.bots.chat.rig import Message, Rig, at

PLAIN = {"group_by": ["brand"], "group_wait": "30s", "group_interval": "5m", "repeat_interval": "4h", "outlets": ["o1"]}


def firing(rig: Rig, name: str, severity: Severity = "warning", **more: Any) -> Alert:
    found = msgspec.structs.replace(plain(name, started=at(rig.second)), rule=name, severity=severity, **more)
    rig.publish(found)
    return found


def resolved(rig: Rig, name: str) -> None:
    before = rig.known.newest[name]
    rig.publish(msgspec.structs.replace(before, state="resolved", at=at(rig.second), ended_at=at(rig.second)))


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    found = Rig(tmp_path / "chat.sqlite3", PLAIN)
    found.start()
    return found


def test_what_ends_within_group_wait_is_never_told(rig: Rig) -> None:
    firing(rig, "flap")
    rig.forward(20)
    resolved(rig, "flap")
    rig.forward(10_000)
    assert rig.messages == []


def test_a_group_waits_tells_its_news_after_the_interval_and_repeats_at_a_multiple_of_it(rig: Rig) -> None:
    firing(rig, "a")
    rig.forward(10)
    firing(rig, "b")
    rig.forward(60)
    firing(rig, "c")
    rig.forward(400)
    resolved(rig, "a")
    rig.forward(16_000)
    assert rig.messages == [
        Message(30, "o1", ("a", "b"), ()),
        Message(330, "o1", ("a", "b", "c"), ()),
        Message(630, "o1", ("b", "c"), ("a",)),
        Message(15_030, "o1", ("b", "c"), ()),  # 4 h after the last one, the group's clock ticking every 5 min
    ]


def test_an_alert_that_changes_routes_is_told_there_and_its_end_in_both(tmp_path: Path) -> None:
    critical = {"matchers": ["severity=critical"], "outlets": ["o2"]}
    rig = Rig(tmp_path / "chat.sqlite3", {**PLAIN, "routes": [critical]})
    rig.start()
    before = firing(rig, "a")
    rig.forward(60)
    rig.publish(msgspec.structs.replace(before, severity="critical", at=at(60)))
    rig.forward(500)
    resolved(rig, "a")
    rig.forward(1_000)
    assert rig.messages == [
        Message(30, "o1", ("a",), ()),
        Message(90, "o2", ("a",), ()),
        Message(630, "o1", (), ("a",)),
        Message(690, "o2", (), ("a",)),
    ]


def test_an_alert_that_leaves_the_topic_is_forgotten(rig: Rig) -> None:
    firing(rig, "a")
    rig.forward(100)
    del rig.known.newest["a"]
    assert rig.dispatcher is not None
    rig.dispatcher.take("a", at(rig.second))
    rig.forward(1_000)
    assert len(rig.messages) == 1
    assert rig.dispatcher.due() is None, "its group has ended"


def test_an_acknowledged_alert_is_not_repeated_but_its_end_is_told(rig: Rig) -> None:
    known = firing(rig, "a")
    rig.forward(100)
    rig.silences = [acknowledgement(known, "ana", "", at(100))]
    rig.forward(20_000)
    resolved(rig, "a")
    rig.forward(21_000)
    assert [(message.firing, message.over) for message in rig.messages] == [(("a",), ()), ((), ("a",))]


def test_what_fires_in_quiet_hours_is_told_at_their_end_if_it_still_fires(tmp_path: Path) -> None:
    night = {"name": "night", "hours": ["12:01-13:00"]}
    rig = Rig(tmp_path / "chat.sqlite3", {**PLAIN, "mute": ["night"], "times": [night]})
    rig.start()
    firing(rig, "before")
    rig.forward(100)
    firing(rig, "passing")
    firing(rig, "lasting")
    rig.forward(1_000)
    resolved(rig, "passing")
    resolved(rig, "before")
    rig.forward(4_000)
    assert [(message.firing, message.over) for message in rig.messages] == [
        (("before",), ()),
        (("lasting",), ("before",)),
    ]
    assert 3_600 <= rig.messages[1].second < 3_600 + 300


def test_another_alert_explains_it(tmp_path: Path) -> None:
    rule = {"source_matchers": ["alertname=crisis"], "target_matchers": ["alertname=turn"], "equal": ["brand"]}
    rig = Rig(tmp_path / "chat.sqlite3", {**PLAIN, "inhibit": [rule]})
    rig.start()
    firing(rig, "turn")
    firing(rig, "crisis")
    rig.forward(100)
    resolved(rig, "crisis")
    rig.forward(400)
    assert [message.firing for message in rig.messages] == [("crisis",), ("turn",)]


def test_while_too_much_waits_groups_wait_in_order_and_their_news_adds_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatcher, "MOST_WAITING", 5)
    rig = Rig(tmp_path / "chat.sqlite3", {**PLAIN, "group_by": ["alertname"], "group_wait": "1s"})
    rig.drains = False
    rig.start()
    for number in range(20):
        firing(rig, f"a{number:02}")
        rig.forward(rig.second + 1)
    rig.forward(200)
    assert rig.outbox.waiting(rig.outbox.destinations()[0]) == 5
    resolved(rig, "a19")
    rig.stop()
    rig.start()  # a restart changes nothing of this
    rig.drains = True
    rig.tick()
    rig.forward(300)
    assert [message.firing for message in rig.messages] == [(f"a{number:02}",) for number in range(19)]


def test_an_outlet_that_takes_everything_hears_of_all_at_once_and_again(tmp_path: Path) -> None:
    rig = Rig(tmp_path / "chat.sqlite3", {**PLAIN, "outlets": []}, {"o1": "webhook", "am": "alertmanager"})
    rig.start()
    known = firing(rig, "a")
    rig.silences = [acknowledgement(known, "ana", "", at(0))]  # it has silences of its own
    rig.forward(100)
    resolved(rig, "a")
    rig.forward(200)
    assert [(message.second, message.outlet, message.firing, message.over) for message in rig.messages] == [
        (1, "am", ("a",), ()),
        (61, "am", ("a",), ()),
        (101, "am", (), ("a",)),
    ]


def test_a_room_that_watches_is_told_beside_the_routes(rig: Rig) -> None:
    firing(rig, "a")
    rig.watches = [Watch("o1", "!room", ("brand=acme",), "ana", NOW), Watch("gone", "!x", ("brand=acme",), "ana", NOW)]
    assert rig.dispatcher is not None
    rig.dispatcher.take_again(at(rig.second))
    firing(rig, "b", brand="other")
    rig.forward(100)
    assert [message for message in rig.messages if message.room] == [Message(30, "o1", ("a",), (), "!room")]
    rig.watches = []
    rig.dispatcher.take_again(at(rig.second))
    resolved(rig, "a")
    rig.forward(1_000)
    assert [message.over for message in rig.messages if message.room] == [(), ("a",)], "it had been told there"


def test_the_same_episode_told_twice_has_two_keys_and_a_lost_file_the_first_ones(tmp_path: Path) -> None:
    keys = []
    for name in ("one", "two"):
        rig = Rig(tmp_path / f"{name}.sqlite3", PLAIN)
        rig.start()
        firing(rig, "a")
        rig.forward(15_000)
        rig.stop()
        keys.append(rig.keys)
    assert len(set(keys[0])) == len(keys[0]) == 2
    assert keys[0] == keys[1]


def test_another_tree_goes_on_where_this_one_was(rig: Rig) -> None:
    firing(rig, "a")
    firing(rig, "b", brand="other")
    rig.forward(100)
    rig.stop()
    rig.routing = type(rig.routing).model_validate(
        {**PLAIN, "group_by": ["alertname"], "routes": [{"outlets": ["o2"]}]}
    )
    rig.start()
    rig.forward(200)
    assert sorted(message.outlet for message in rig.messages[2:]) == ["o2", "o2"], "news to o2; o1 is told no more"
    rig.stop()
    rig.routing = type(rig.routing).model_validate({**PLAIN, "outlets": ["o2"], "group_by": []})
    rig.start()
    rig.forward(14_000)
    assert len(rig.messages) == 4
    rig.forward(15_000)
    assert rig.messages[4:] == [Message(14_500, "o2", ("a", "b"), ())]


def test_a_clock_that_was_set_back_while_the_role_was_down_delays_nothing(rig: Rig) -> None:
    rig.second = 10_000
    firing(rig, "a")
    rig.forward(10_100)
    rig.stop()
    rig.second = 100
    rig.start()
    firing(rig, "b")
    rig.forward(500)
    assert rig.messages[-1] == Message(400, "o1", ("a", "b"), ())
