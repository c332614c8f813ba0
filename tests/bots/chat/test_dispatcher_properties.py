"""Random histories: what the receivers see is what an independent model of Alertmanager says, through restarts too."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.alerting.silences import Silence
from streams.records import Alert
from tests.bots.chat.alertmanager_model import Fact, Model, Rule
from tests.bots.chat.destination import alert
from tests.bots.chat.rig import Message, Rig, at

BRANDS, RULES, SEVERITIES = ("acme", "beta"), ("spike", "turn"), ("warning", "critical")
LABELS = {
    f"{brand[0]}{rule[0]}{severity[0]}": (("alertname", rule), ("brand", brand), ("severity", severity))
    for brand in BRANDS
    for rule in RULES
    for severity in SEVERITIES
}
LAST = 300
TWO_MINUTES = (60, 180)  # 12:01 to 12:03

seconds = st.integers(1, LAST - 1)
rules = st.builds(
    Rule,
    outlets=st.sampled_from([("o1",), ("o2",), ("o1", "o2"), ()]),
    equals=st.sampled_from([(("severity", "critical"),), (("brand", "acme"),), (("alertname", "turn"),)]),
    goes_on=st.booleans(),
    group_by=st.sampled_from([(), ("brand",), ("alertname", "brand"), ("severity",)]),
    wait=st.integers(0, 30),
    interval=st.integers(1, 40),
    repeat=st.integers(1, 100),
    muted=st.sampled_from([(0, 0), TWO_MINUTES]),
)
# (second, what, which): `flip` begins an alert or ends it, `quiet` and `loud` silence it, `down` and `up` are the role.
events = st.lists(
    st.one_of(
        st.tuples(seconds, st.just("flip"), st.sampled_from(sorted(LABELS))),
        st.tuples(seconds, st.sampled_from(["quiet", "loud"]), st.sampled_from(sorted(LABELS))),
        st.tuples(seconds, st.sampled_from(["down", "up"]), st.just("")),
    ),
    max_size=40,
)
inhibitions = st.sampled_from([None, (("severity", "critical"), ("severity", "warning"))])
Event = tuple[int, str, str]


@settings(max_examples=150, deadline=None)
@given(rules, st.lists(rules, max_size=3), inhibitions, events)
def test_receivers_see_what_the_model_says(
    root: Rule,
    branches: list[Rule],
    inhibits: tuple[tuple[str, str], tuple[str, str]] | None,
    history: list[Event],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        rig, model = (
            Rig(Path(folder) / "chat.sqlite3", as_routing(root, branches, inhibits)),
            Model(root, branches, inhibits),
        )
        replay(rig, model, sorted(history))
    assert sorted(rig.messages) == sorted(model.messages)
    assert len(set(rig.keys)) == len(rig.keys), "no two messages have the same key"


def replay(rig: Rig, model: Model, history: Sequence[Event]) -> None:
    """Both live through the same seconds."""
    facts: dict[str, Fact] = {}
    quiet: set[str] = set()
    rig.start()
    is_up = True
    for second in range(1, LAST):
        rig.second = second
        for _, what, which in (event for event in history if event[0] == second):
            if what == "flip":
                facts[which] = flipped(which, facts.get(which), second)
                rig.publish(as_alert(facts[which], rig.known.get(which)))
            elif what == "quiet":
                quiet.add(which)
            elif what == "loud":
                quiet.discard(which)
            elif what == "down" and is_up:
                rig.stop()
                is_up = False
            elif what == "up" and not is_up:
                rig.silences = silences_of(quiet)
                rig.start()
                is_up = True
        rig.silences = silences_of(quiet)
        if is_up:
            rig.tick()
            model.second(second, facts.values(), quiet)
    if is_up:
        rig.stop()


def flipped(which: str, before: Fact | None, second: int) -> Fact:
    return Fact(which, LABELS[which], before is None or not before.firing, second)


def as_alert(fact: Fact, before: Alert | None) -> Alert:
    found = alert(fact.fingerprint, "firing" if fact.firing else "resolved", at=at(fact.at))
    started = at(fact.at) if fact.firing or before is None else before.started_at
    labels = dict(fact.labels)
    changed = {"rule": labels["alertname"], "brand": labels["brand"], "severity": labels["severity"]}
    return type(found)(
        **{**{name: getattr(found, name) for name in found.__struct_fields__}, **changed, "started_at": started}
    )


def silences_of(names: set[str]) -> list[Silence]:
    """One for each: matchers on all of its labels."""
    start, end = at(0), at(LAST) + timedelta(hours=1)
    return [
        Silence(name, tuple(f'{label}="{value}"' for label, value in LABELS[name]), start, end, "ana", "", start)
        for name in sorted(names)
    ]


def as_routing(root: Rule, branches: Sequence[Rule], inhibits: Any) -> dict[str, Any]:
    found = {**as_route(root), "routes": [{**as_route(rule), **as_branch(rule)} for rule in branches]}
    found["times"] = [{"name": "two", "hours": ["12:01-12:03"]}]
    if inhibits is not None:
        source, target = (f'{label}="{value}"' for label, value in inhibits)
        found["inhibit"] = [{"source_matchers": [source], "target_matchers": [target], "equal": ["brand"]}]
    return found


def as_route(rule: Rule) -> dict[str, Any]:
    return {
        "outlets": list(rule.outlets),
        "group_by": list(rule.group_by),
        "group_wait": f"{rule.wait}s",
        "group_interval": f"{rule.interval}s",
        "repeat_interval": f"{rule.repeat}s",
        "mute": ["two"] if rule.muted == TWO_MINUTES else [],
    }


def as_branch(rule: Rule) -> dict[str, Any]:
    return {"matchers": [f'{name}="{value}"' for name, value in rule.equals], "continue": rule.goes_on}


def test_the_model_itself_waits_groups_and_repeats() -> None:
    """By hand: two alerts of one brand, the second inside the wait; one message, a repeat, and their end."""
    root = Rule(("o1",), (), False, ("brand",), wait=10, interval=20, repeat=50)
    model = Model(root, [], None)
    one, two = Fact("asw", LABELS["asw"], True, 1), Fact("atw", LABELS["atw"], True, 5)
    for second in range(1, 120):
        over = second >= 100
        facts = [one._replace(firing=not over, at=100 if over else 1), two] if second >= 5 else [one]
        model.second(second, facts, set())
    assert model.messages == [
        Message(11, "o1", ("asw", "atw"), ()),
        Message(71, "o1", ("asw", "atw"), ()),  # 50 s after the first, at the next multiple of 20 s
        Message(111, "o1", ("atw",), ("asw",)),
    ]
