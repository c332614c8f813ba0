"""What `routing` may name, and routes that nothing ever comes to."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from config.load import Examination, examine
from config.reached import raised, unreached
from config.route_tree import tree
from config.routing import Routing
from config.schema import Config, Section
from tests.bad.complaints import SOURCES
from tests.bots.chat.routing_worlds import OUTLETS
from tests.bots.chat.routing_worlds import tree as any_tree


class AnyOptions(Section):
    """An outlet of any kind."""

    kind: str = ""
    enabled: bool = True


FAMILIES: Mapping[str, type[Section]] = dict.fromkeys(("webhook", "alertmanager"), AnyOptions)


def look(tmp_path: Path, routing: Any, env: Mapping[str, str] | None = None, **more: Any) -> Examination:
    """The examination of a file with this `routing`."""
    outlets = {"webhook": {}, "prom": {"kind": "alertmanager"}, "team": {"kind": "webhook", "enabled": False}}
    brands = [{"name": "fairphone", "terms": ["Fairphone"], "group": "phones"}, {"name": "shift", "terms": ["Shift"]}]
    file = tmp_path / "tertulia.yaml"
    file.write_text(yaml.safe_dump({"brands": brands, "outlets": outlets, "routing": routing, **more}))
    return examine(file, sources=SOURCES, outlets=FAMILIES, env=env or {})


def routing_of(found: Examination) -> Routing:
    assert found.config is not None, found.problems
    return found.config.routing


def said(found: Examination) -> list[str]:
    return [f"{'.'.join(map(str, problem.key))}: {problem.message}" for problem in found.problems if problem.key]


def test_an_outlet_that_gets_everything_is_not_routed(tmp_path: Path) -> None:
    found = said(look(tmp_path, {"outlets": ["prom"]}))
    assert found == ["routing.outlets.0: prom gets every alert, since it has routes of its own; take it out here"]


def test_an_outlet_that_is_off_is_told_nothing(tmp_path: Path) -> None:
    found = look(tmp_path, {"routes": [{"outlets": ["team"]}], "digests": [{"name": "day", "outlets": ["team"]}]})
    assert found.config is not None
    words = "team is switched off (outlets.team.enabled)"
    assert sorted(said(found)) == [f"routing.{where}.0.outlets.0: {words}" for where in ("digests", "routes")]


def test_an_outlet_that_is_named_twice_is_told_once(tmp_path: Path) -> None:
    found = look(tmp_path, {"outlets": ["webhook", "webhook"]})
    assert [(p.key, p.severity) for p in found.problems if "named twice" in p.message] == [
        (("routing", "outlets", 1), "warning")
    ]


def test_the_environment_sets_what_is_in_no_list(tmp_path: Path) -> None:
    env = {"TERTULIA_ROUTING__GROUP_WAIT": "5s", "TERTULIA_ROUTING__LANG": "es", "TERTULIA_ROUTING__GROUP_BY": "[kind]"}
    routing = routing_of(look(tmp_path, {}, env))
    assert (routing.group_wait.total_seconds(), routing.lang, routing.group_by) == (5, "es", ("kind",))


def test_continue_is_written_as_in_alertmanager(tmp_path: Path) -> None:
    routing = routing_of(look(tmp_path, {"routes": [{"continue": True, "group_by": ["brand"]}]}))
    assert routing.routes[0].continue_


def test_a_brand_of_the_command_line_is_no_reason_to_warn(tmp_path: Path) -> None:
    look(tmp_path, {"routes": [{"matchers": ["brand=nokia"]}]})
    found = examine(tmp_path / "tertulia.yaml", sources=SOURCES, outlets=FAMILIES, env={}, brand="Nokia")
    assert found.problems == ()


@pytest.mark.parametrize(
    ("routes", "unreachable"),
    [
        ([{"matchers": ["group=phones"]}, {"matchers": ["brand=shift"]}], []),
        ([{"matchers": ["group=phones"]}, {"matchers": ["brand=fairphone"]}], [1]),
        ([{"matchers": ["group=phones"], "continue": True}, {"matchers": ["brand=fairphone"]}], []),
        ([{"matchers": ["kind=crisis", "severity=info"]}], [0]),
        ([{"matchers": ["severity=critical"]}, {"matchers": ["kind=crisis"]}], [1]),
        ([{"matchers": ["number=sentiment"]}, {"matchers": ["kind=crisis"]}], []),
        ([{"matchers": ['source=~".+"']}, {"matchers": ["alertname=source-gap"]}], []),
        ([{"matchers": ["alertname=source-gap", "brand=fairphone"]}], [0]),
        ([{"matchers": ["alertname=mine"]}], []),
    ],
)
def test_routes_that_nothing_comes_to(tmp_path: Path, routes: list[dict[str, Any]], unreachable: list[int]) -> None:
    mine = {"kind": "threshold", "name": "mine", "number": "posts", "above": 5}
    found = look(tmp_path, {"routes": routes}, alerts={"rules": [mine]})
    assert found.config is not None
    assert [problem.key[-1] for problem in found.problems if problem.key] == unreachable


UNKNOWN = ("", "posts", "sentiment", "rss")
CONFIG = Config.model_validate(
    {
        "brands": [
            {"name": "fairphone", "terms": ["a"], "group": "phones"},
            {"name": "fairbuds", "terms": ["b"], "group": "audio"},
        ],
    }
)


@given(st.integers(0, 100_000))
def test_a_route_that_takes_an_alert_is_never_said_to_be_out_of_reach(seed: int) -> None:
    """Whatever its unknown labels turn out to be."""
    random = Random(seed)
    root = tree(Routing.model_validate(any_tree(random)), OUTLETS)
    out = [found.node.key for found in unreached(CONFIG, root)]
    for one in raised(CONFIG):
        for _ in range(3):
            whole = {name: random.choice(UNKNOWN) if value is None else value for name, value in one.items()}
            for node in root.taking(whole):
                assert not any(node.key[: len(key)] == key for key in out), (node.path, whole)
