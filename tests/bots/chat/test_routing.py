"""Where alerts go: Alertmanager's own example, and any tree against a second reading of its documentation.

`tests/real/test_routing.py` asks a real Alertmanager the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.chat.routing import Routes, inhibited
from config.matchers import all_match, parse
from config.routing import Routing
from streams.alerting.labels import labels
from streams.records import Alert
from tests.bots.chat.routing_worlds import NOW, OUTLETS, alert, tree

# The example of Alertmanager's documentation (`route`), with our labels in the place of its.
EXAMPLE = Routing.model_validate(
    {
        "outlets": ["default"],
        "group_wait": "30s",
        "group_by": ["group", "alertname"],
        "routes": [
            {"outlets": ["database"], "group_wait": "10s", "matchers": ['number=~"posts|authors"']},
            {"outlets": ["frontend"], "group_by": ["brand", "severity"], "matchers": ['kind="crisis"'], "lang": "es"},
            {
                "outlets": ["developers"],
                "matchers": ['source="rss"'],
                "mute": ["offhours", "holidays"],
                "continue": True,
            },
            {"outlets": ["on-call"], "matchers": ['source="rss"'], "active": ["offhours", "holidays"]},
        ],
    }
)


def made(**given: Any) -> Alert:
    """An alert that fires, with other labels."""
    base = Alert("f", "rule", "fairphone", "firing", NOW, NOW, title="", value=1, baseline=0, number="sentiment")
    return msgspec.structs.replace(base, group="phones", kind="threshold", **given)


def who(found: Routes, one: Alert) -> list[tuple[str, ...]]:
    return [chosen.outlets for chosen in found.of(one)]


def test_the_example_of_the_documentation() -> None:
    routes = Routes(EXAMPLE, ["default"])
    assert who(routes, made(number="authors")) == [("database",)]
    assert who(routes, msgspec.structs.replace(made(), kind="crisis")) == [("frontend",)]
    assert who(routes, made()) == [("default",)]
    assert who(routes, made(source="rss")) == [("developers",), ("on-call",)]


def test_what_a_route_does_not_say_it_has_from_above() -> None:
    (database,) = Routes(EXAMPLE, []).of(made(number="posts"))
    assert database.group == (("alertname", "rule"), ("group", "phones"))
    assert (database.group_wait, database.group_interval) == (timedelta(seconds=10), timedelta(minutes=5))
    assert (database.repeat_interval, database.lang) == (timedelta(hours=4), "en")
    (crisis,) = Routes(EXAMPLE, []).of(msgspec.structs.replace(made(), kind="crisis"))
    assert (crisis.group, crisis.lang) == ((("brand", "fairphone"), ("severity", "warning")), "es")
    assert crisis.group_wait == timedelta(seconds=30)


def test_mute_and_active_times_are_a_routes_own() -> None:
    tree = {
        "mute": ["night"],
        "active": ["week"],
        "times": [{"name": "night"}, {"name": "week"}],
        "routes": [{"matchers": ['severity="critical"']}],
    }
    routes = Routes(Routing.model_validate(tree), ["slack"])
    (below,), (root,) = routes.of(made(severity="critical")), routes.of(made())
    assert (below.mute, below.active) == ((), ())
    assert (root.mute, root.active) == (("night",), ("week",))


def test_without_any_routing_all_outlets_are_told_by_brand() -> None:
    (chosen,) = Routes(Routing(), ["slack", "mail"]).of(made())
    assert chosen.outlets == ("slack", "mail")
    assert chosen.group == (("brand", "fairphone"),)
    assert chosen.key == 'routing:{brand="fairphone"}'
    (nobodys,) = Routes(Routing(), ["slack"]).of(made(brand=""))
    assert nobodys.group == (), "an alert about a source belongs to no brand"


def test_a_route_without_outlets_tells_nobody() -> None:
    routing = Routing.model_validate({"routes": [{"matchers": ['severity="info"'], "outlets": []}]})
    assert who(Routes(routing, ["slack"]), made(severity="info")) == [()]


def test_three_dots_are_all_labels() -> None:
    (chosen,) = Routes(Routing(group_by=("...",)), []).of(made(source="rss"))
    assert dict(chosen.group) == labels(made(source="rss"))


def test_a_group_keeps_its_key_when_a_route_is_put_before_it() -> None:
    critical = {"matchers": ['severity="critical"'], "outlets": ["phone"]}
    before = Routing.model_validate({"routes": [critical]})
    after = Routing.model_validate({"routes": [{"matchers": ['brand="shift"']}, critical]})
    one = made(severity="critical")
    assert Routes(before, []).of(one) == Routes(after, []).of(one)
    assert Routes(before, []).of(one)[0].path == 'routing > severity="critical"'


def test_routes_alike_have_groups_of_their_own() -> None:
    both = Routing.model_validate({"routes": [{"outlets": ["a"], "continue": True}, {"outlets": ["b"]}]})
    found = Routes(both, []).of(made())
    assert [chosen.path for chosen in found] == ["routing > all", "routing > all #2"]
    assert len({chosen.key for chosen in found}) == 2


# -- any tree, by a second reading of the documentation ----------------------------------------------------------------


def receivers(route: Mapping[str, Any], found: Mapping[str, str], inherited: str) -> list[str] | None:
    """Word for word: "Every alert enters the routing tree at the configured top-level route … It then traverses the
    child nodes. If continue is set to false, it stops after the first matching child. If continue is true on a matching
    node, the alert will continue matching against subsequent siblings. If an alert does not match any children of a
    node, the alert is handled based on the configuration parameters of the current node." None: it does not match."""
    if not all_match(map(parse, route.get("matchers", [])), found):
        return None
    own = route.get("outlets", [inherited])[0]
    told: list[str] = []
    matched = False
    for child in route.get("routes", []):
        answer = receivers(child, found, own)
        if answer is not None:
            matched = True
            told += answer
            if not child["continue"]:
                break
    return told if matched else [own]


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_any_tree_is_read_as_documented(of_tree: int, of_alert: int) -> None:
    world, one = tree(Random(of_tree), depth=4), alert(Random(of_alert), 1)
    routes = Routes(Routing.model_validate(world), OUTLETS)
    assert [name for chosen in routes.of(one) for name in chosen.outlets] == receivers(world, labels(one), "")


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_any_group_holds_what_its_labels_say(of_tree: int, of_alerts: int) -> None:
    """Two alerts are told together exactly when a route takes both and they agree in its labels."""
    routes = Routes(Routing.model_validate(tree(Random(of_tree))), OUTLETS)
    random = Random(of_alerts)
    one, other = alert(random, 1), alert(random, 2)
    nodes = {node.path: node.group_by for node in routes.root.walk()}
    for mine in routes.of(one):
        for its in routes.of(other):
            names = nodes[mine.path] if nodes[mine.path] != ("...",) else tuple(labels(one) | labels(other))
            agree = all(labels(one).get(name, "") == labels(other).get(name, "") for name in names)
            assert (mine.key == its.key) is (mine.path == its.path and agree)


# -- inhibition -----------------------------------------------------------------------------------------------------

RULE = {"source_matchers": ['kind="crisis"'], "target_matchers": ['severity=~"info|warning"'], "equal": ["brand"]}
CRISIS = msgspec.structs.replace(made(severity="critical"), fingerprint="c", kind="crisis")


@pytest.mark.parametrize(
    ("source", "is_quiet"),
    [
        (CRISIS, True),
        (msgspec.structs.replace(CRISIS, state="resolved"), False),
        (msgspec.structs.replace(CRISIS, brand="shift"), False),
        (msgspec.structs.replace(CRISIS, kind="threshold"), False),
    ],
)
def test_a_firing_source_with_the_same_brand_keeps_the_target_quiet(source: Alert, is_quiet: bool) -> None:
    routing = Routing.model_validate({"inhibit": [RULE]})
    assert inhibited(made(), [made(), source], routing) == (source if is_quiet else None)
    assert inhibited(source, [source], routing) is None


def test_an_alert_that_is_source_and_target_is_not_inhibited_by_its_like() -> None:
    """Else two of them would silence each other, and one itself."""
    routing = Routing.model_validate({"inhibit": [{**RULE, "target_matchers": ['brand="fairphone"']}]})
    twin = msgspec.structs.replace(CRISIS, fingerprint="d")
    assert inhibited(CRISIS, [CRISIS, twin], routing) is None
    assert inhibited(made(), [CRISIS], routing) == CRISIS


def test_labels_that_both_lack_are_equal() -> None:
    routing = Routing.model_validate({"inhibit": [{**RULE, "equal": ["source"]}]})
    assert inhibited(made(), [CRISIS], routing) == CRISIS
    assert inhibited(made(source="rss"), [CRISIS], routing) is None
