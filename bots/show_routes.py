"""`tertulia check --alert severity=critical --alert brand=fairphone`: where such an alert would go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, get_args

from rich.console import Group
from rich.text import Text
from rich.tree import Tree

from bots.chat.calendar import silent
from bots.chat.routing import Chosen, chosen
from bots.settings import Failed
from config.alert_rule import Severity
from config.alerts import RESERVED
from config.matchers import LABELS
from config.problems import did_you_mean
from config.reached import raised
from config.route_tree import Node, tree
from config.routing import UNROUTED
from config.schema import Config
from config.units import format_duration

LANGUAGES: Final = {"en": "English", "es": "Spanish"}


class Way:
    """The way of an alert with these labels down the tree. Raises `Failed` for what is no label."""

    def __init__(self, config: Config, given: Sequence[str]) -> None:
        wanted = read(given)
        check_values(wanted, config)
        self.labels = completed(wanted, config)
        self._config = config
        enabled = {name: options for name, options in config.outlets.items() if options.get("enabled", True)}
        self.unrouted = [name for name, options in enabled.items() if options.get("kind", name) in UNROUTED]
        self._root = tree(config.routing, [name for name in enabled if name not in self.unrouted])
        self._taking = {node.key for node in self._root.taking(self.labels)}

    def chosen(self) -> list[Chosen]:
        """The routes that take it."""
        return [chosen(node, self.labels) for node in self._root.taking(self.labels)]

    def data(self, now: datetime | None = None) -> dict[str, Any]:
        """For programs."""
        at = now or datetime.now(UTC)
        routes = [self._as_data(each, at) for each in self.chosen()]
        return {"labels": self.labels, "routes": routes, "unrouted": self.unrouted}

    def drawn(self, now: datetime | None = None) -> Group:
        """The whole tree, with the routes that take it marked, and how each tells it."""
        at = now or datetime.now(UTC)
        said = ", ".join(f'{name}="{value}"' for name, value in self.labels.items())
        top = Tree(Text(f"Where an alert with {said or 'no labels'} goes:"), guide_style="dim")
        self._draw(self._root, top)
        lines = [Text(self._told(each, at)) for each in self.chosen()]
        return Group(
            top, *lines, *(Text(f"{name} gets every alert: it has routes of its own") for name in self.unrouted)
        )

    def _draw(self, node: Node, above: Tree) -> None:
        takes = node.key in self._taking
        name = node.path.rpartition(" > ")[2] + (" (and on)" if node.goes_on else "")
        line = f"{name} -> {_who(node.outlets)}{'  <- HERE' if takes else ''}"
        branch = above.add(Text(line, style="bold" if takes else "dim"))
        for below in node.below:
            self._draw(below, branch)

    def _told(self, found: Chosen, at: datetime) -> str:
        group = ", ".join(f'{label}="{value}"' for label, value in found.group) or "all together"
        times = (found.group_wait, found.group_interval, found.repeat_interval)
        wait, interval, repeat = map(format_duration, times)
        quiet = "; muted now" if silent(found.mute, found.active, self._config.routing, at) else ""
        timing = f"after {wait}, what is new every {interval}, again after {repeat}"
        return f"{_who(found.outlets)}: grouped by {group}; told {timing}; in {LANGUAGES[found.lang]}{quiet}"

    def _as_data(self, found: Chosen, at: datetime) -> dict[str, Any]:
        return {
            "route": found.path,
            "outlets": list(found.outlets),
            "group": dict(found.group),
            "group_wait": format_duration(found.group_wait),
            "group_interval": format_duration(found.group_interval),
            "repeat_interval": format_duration(found.repeat_interval),
            "mute": list(found.mute),
            "active": list(found.active),
            "muted_now": silent(found.mute, found.active, self._config.routing, at),
            "lang": found.lang,
        }


def read(given: Sequence[str]) -> dict[str, str]:
    """`["severity=critical", "brand=fairphone"]` as labels; several may stand in one, apart by spaces."""
    found: dict[str, str] = {}
    for text in (word for each in given for word in each.split()):
        name, separator, value = text.partition("=")
        if value.startswith("~") or name.endswith("!"):
            raise Failed(f"--alert {text}: an alert has one value of a label; it is written LABEL=VALUE", code=2)
        if not separator or name not in LABELS:
            hint = did_you_mean(name, LABELS) or f"; there are: {', '.join(LABELS)}"
            raise Failed(f"--alert {text}: there is no label {name!r}{hint}", code=2)
        found[name] = value.strip("\"'")
    return found


def check_values(labels: Mapping[str, str], config: Config) -> None:
    """Raises `Failed` for a brand, rule or severity that no alert of this configuration has."""
    known = {
        "brand": [brand.name for brand in config.brands],
        "alertname": [*(rule.name for rule in config.alerts.active), *RESERVED],
        "severity": get_args(Severity),
    }
    for name, there in known.items():
        value = labels.get(name, "")
        if value and value not in there:
            hint = did_you_mean(value, there) or f"; there are: {', '.join(there) or 'none'}"
            raise Failed(f"--alert {name}={value}: no alert has this {name}{hint}", code=2)


def completed(labels: Mapping[str, str], config: Config) -> dict[str, str]:
    """With what follows from the brand and the rule that they name, in the usual order; empty ones are left out."""
    found = dict(labels)
    brand = next((brand for brand in config.brands if brand.name == labels.get("brand")), None)
    of_rule = next((each for each in raised(config) if each["alertname"] == labels.get("alertname")), {})
    if brand is not None:
        found.setdefault("group", brand.group)
    for name in ("kind", "severity", "number"):
        found.setdefault(name, of_rule.get(name) or "")
    return {name: found[name] for name in LABELS if found.get(name)}


def _who(outlets: Sequence[str]) -> str:
    return ", ".join(outlets) or "nobody"
