"""Where an alert goes: the tree of `routing` walked for one alert, with Alertmanager's meaning.

Pure: an alert and the configuration in, the chosen routes out. When and whether a group is then told is the
dispatcher's business.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

import msgspec

from config.language import Lang
from config.matchers import Matcher, all_match, parse
from config.route_tree import Node, tree
from config.routing import EVERY_LABEL, Routing
from streams.alerting.labels import labels
from streams.records import Alert


class Chosen(msgspec.Struct, frozen=True):
    """A route that takes an alert, and the group in which it tells it.

    `key` is the same for the same group of the same route, also after a restart. `path`: the route as people read it.
    `mute`, `active`: names of `routing.times` (`bots/chat/calendar.py`).
    """

    outlets: tuple[str, ...]
    key: str
    group: tuple[tuple[str, str], ...]  # label and value, in the order of the labels' names
    group_wait: timedelta
    group_interval: timedelta
    repeat_interval: timedelta
    mute: tuple[str, ...]
    active: tuple[str, ...]
    lang: Lang
    path: str


class Routes:
    """The tree. `outlets`: the names of all that are told by routes; a root that names none tells them all."""

    def __init__(self, config: Routing, outlets: Sequence[str]) -> None:
        self.root = tree(config, outlets)

    def of(self, alert: Alert) -> list[Chosen]:
        """The routes that take the alert: at least one, though it may tell nobody."""
        found = labels(alert)
        return [chosen(node, found) for node in self.root.taking(found)]


def chosen(node: Node, found: Mapping[str, str]) -> Chosen:
    """The route as the choice for an alert with these labels."""
    every = EVERY_LABEL in node.group_by
    group = tuple(sorted((name, value) for name, value in found.items() if every or name in node.group_by))
    inside = ", ".join(str(Matcher(name, "=", value)) for name, value in group)
    return Chosen(
        node.outlets,
        f"{node.path}:{{{inside}}}",
        group,
        node.group_wait,
        node.group_interval,
        node.repeat_interval,
        node.mute,
        node.active,
        node.lang,
        node.path,
    )


def inhibited(alert: Alert, others: Iterable[Alert], config: Routing) -> Alert | None:
    """The firing alert among `others` because of which this one is not told.

    As in Alertmanager, an alert that is both source and target of a rule is not silenced by another such one.
    """
    found = labels(alert)
    firing = [(other, labels(other)) for other in others if other.state == "firing"]
    for rule in config.inhibit:
        source, target = (tuple(map(parse, texts)) for texts in (rule.source_matchers, rule.target_matchers))
        if not all_match(target, found):
            continue
        is_source = all_match(source, found)
        for other, its in firing:
            agrees = all(its.get(name, "") == found.get(name, "") for name in rule.equal)
            if agrees and all_match(source, its) and not (is_source and all_match(target, its)):
                return other
    return None
