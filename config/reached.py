"""Routes that no alert of this configuration comes to: a misspelt value, or a branch before them that takes all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass

from config.alerts import RESERVED
from config.matchers import Matcher
from config.problems import Key, did_you_mean
from config.route_tree import Node
from config.schema import Config

Raised = Mapping[str, str | None]
"""Labels of an alert that may be raised; None: with a value that cannot be told here."""


@dataclass(frozen=True, slots=True)
class Unreached:
    """A route, and why nothing comes to it."""

    node: Node
    reason: str


def raised(config: Config) -> Iterator[Raised]:
    """The labels of every alert that the rules of this configuration may raise."""
    for rule in config.alerts.active:
        for brand in config.brands:
            everywhere = not rule.brands and not rule.groups
            if everywhere or brand.name in rule.brands or brand.group in rule.groups:
                yield {
                    "alertname": rule.name,
                    "kind": rule.kind,
                    "brand": brand.name,
                    "group": brand.group,
                    "severity": rule.severity,
                    "number": None,
                    "source": "",
                }
    if config.alerts.source_trouble.enabled:
        for name in RESERVED:
            known = {"alertname": name, "kind": name, "severity": "warning", "number": "sources"}
            yield {**known, "brand": "", "group": "", "source": None}


def unreached(config: Config, root: Node) -> list[Unreached]:
    """The topmost routes that nothing comes to, in the order of the file."""
    alerts = list(raised(config))
    if not alerts:
        return []
    reached: set[Key] = set()
    for found in alerts:
        _walk(root, found, reached)
    return list(_without(root, reached, alerts))


def _walk(node: Node, found: Raised, reached: set[Key]) -> None:
    """Note where the alert comes. Where a value is not known, it may come and may go on as well."""
    reached.add(node.key)
    for below in node.below:
        fits = _fits(below.matchers, found)
        if fits is not False:
            _walk(below, found, reached)
        if fits is True and not below.goes_on:
            return


def _without(node: Node, reached: Set[Key], alerts: list[Raised]) -> Iterator[Unreached]:
    for below in node.below:
        if below.key in reached:
            yield from _without(below, reached, alerts)
        elif any(_fits(below.matchers, found) is not False for found in alerts):
            yield Unreached(below, "no alert comes here: other routes take those that match it")
        else:
            yield Unreached(below, f"no rule raises an alert that matches it{_hint(below.matchers, alerts)}")


def _fits(matchers: tuple[Matcher, ...], found: Raised) -> bool | None:
    """Whether all hold; None when that depends on a value that is not known."""
    known = True
    for matcher in matchers:
        value = found[matcher.label]
        if value is None:
            known = False
        elif not matcher.matches({matcher.label: value}):
            return False
    return known or None


def _hint(matchers: tuple[Matcher, ...], alerts: list[Raised]) -> str:
    """What a misspelt value was probably meant to be."""
    for matcher in matchers:
        known = {found[matcher.label] for found in alerts}
        if matcher.operator == "=" and None not in known and matcher.value not in known:
            return did_you_mean(matcher.value, sorted(value for value in known if value))
    return ""
