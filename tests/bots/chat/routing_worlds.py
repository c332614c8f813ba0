"""Random trees of routes, rules of inhibition and alerts, and the same configuration in Alertmanager's words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from random import Random
from typing import Any

from config.matchers import LABELS
from config.routing import Routing
from streams.records import Alert

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
VALUES = {
    "alertname": ("volume-spike", "crisis", "night watch", 'odd "one"'),
    "kind": ("volume-spike", "crisis", "threshold"),
    "brand": ("", "fairphone", "fairbuds", "shift"),
    "group": ("", "phones", "audio"),
    "severity": ("info", "warning", "critical"),
    "number": ("posts", "sentiment"),
    "source": ("", "bluesky", "rss"),
}
_EXPRESSIONS = (r"fair\w+", r"\\w*p\\w*", "fair.*", "fair|shift", ".+", ".*", "", "c.*|w.*", "[a-p].*", "night watch")
OUTLETS = ("slack", "phone", "mail", "room")


def alert(random: Random, number: int) -> Alert:
    """Any alert; those with different numbers have different fingerprints."""
    given = {name: random.choice(values) for name, values in VALUES.items()}
    return Alert(
        fingerprint=f"{number:04x}",
        rule=given["alertname"],
        brand=given["brand"],
        state="firing",
        started_at=NOW,
        at=NOW,
        title="",
        value=1,
        baseline=0,
        source=given["source"] or None,
        kind=given["kind"],
        number=given["number"],
        severity=given["severity"],  # type: ignore[arg-type]
        group=given["group"],
    )


def matcher(random: Random) -> str:
    """Any condition, on a label and a value that alerts may have."""
    label = random.choice(LABELS)
    if random.random() < 0.4:
        return f'{label}{random.choice(("=~", "!~"))}"{random.choice(_EXPRESSIONS)}"'
    value = random.choice(VALUES[label]).replace('"', '\\"')
    return f'{label}{random.choice(("=", "=", "!="))}"{value}"'


def tree(random: Random, depth: int = 3) -> dict[str, Any]:
    """A whole `routing`."""
    return {
        "outlets": [random.choice(OUTLETS)],
        **({"group_by": _group_by(random)} if random.random() < 0.7 else {}),
        "routes": _routes(random, depth),
        "inhibit": [inhibition(random) for _ in range(random.randrange(4))],
    }


def _routes(random: Random, depth: int) -> list[dict[str, Any]]:
    return [_route(random, depth) for _ in range(random.randrange(4))] if depth else []


def _route(random: Random, depth: int) -> dict[str, Any]:
    return {
        "matchers": [matcher(random) for _ in range(random.choice((0, 1, 1, 1, 2)))],
        "continue": random.random() < 0.4,
        **({"outlets": [random.choice(OUTLETS)]} if random.random() < 0.7 else {}),
        **({"group_by": _group_by(random)} if random.random() < 0.4 else {}),
        "routes": _routes(random, depth - 1),
    }


def _group_by(random: Random) -> list[str]:
    return ["..."] if random.random() < 0.2 else random.sample(LABELS, random.randrange(4))


def inhibition(random: Random) -> dict[str, Any]:
    """Any rule."""
    return {
        "source_matchers": [matcher(random) for _ in range(random.choice((1, 1, 2)))],
        "target_matchers": [matcher(random) for _ in range(random.choice((1, 1, 2)))],
        "equal": random.sample(LABELS, random.randrange(4)),
    }


def for_alertmanager(routing: Routing, outlets: Sequence[str] = OUTLETS) -> dict[str, Any]:
    """The same for Alertmanager: an outlet is a receiver."""
    return {
        "route": {"group_wait": "1ms", **_node(routing)},
        "receivers": [{"name": name} for name in outlets],
        "inhibit_rules": [rule.model_dump(mode="json") for rule in routing.inhibit],
    }


def _node(route: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"routes": [_below(each) for each in route.routes]}
    if route.outlets is not None:
        (found["receiver"],) = route.outlets
    if route.group_by is not None:
        found["group_by"] = list(route.group_by)
    return found


def _below(route: Any) -> dict[str, Any]:
    return {"matchers": list(route.matchers), "continue": route.continue_, **_node(route)}
