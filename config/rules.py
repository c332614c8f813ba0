"""What no single key can know: doubled or overlapping brands, an open address without a token, a read-only folder."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from config.alerts import RESERVED
from config.naming import fold, slug
from config.problems import Key, Place, did_you_mean, spell
from config.routing_rules import check_routing
from config.schema import Config

Complain = Callable[..., None]
_LANGUAGE = re.compile(r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")


def name_apart(tree: dict[str, Any], place: Callable[[Key], Place], complain: Complain) -> dict[str, Any]:
    """Report brands of one name, with the line of the first; `tree` with them told apart, for the further checks."""
    brands = tree.get("brands")
    if not isinstance(brands, list):
        return tree
    first: dict[str, int] = {}
    apart = []
    for number, brand in enumerate(brands):
        name = brand.get("name") if isinstance(brand, dict) else None
        if isinstance(name, str) and first.setdefault(name.strip(), number) != number:
            where = place(("brands", first[name.strip()], "name"))
            complain(("brands", number, "name"), f"a second brand {name.strip()!r}; the first stands at {where}")
            apart.append({**brand, "name": f"{slug(name)[:40]}-double-{number}"})
        else:
            apart.append(brand)
    return {**tree, "brands": apart}


def check(config: Config, outlets: Mapping[str, Any], complain: Complain, *, chosen: bool) -> None:
    """Report what is wrong between settings that are each well formed.

    `outlets`: the options of each as they are given; `chosen`: the command line names the brands.
    """
    _brands(config, complain)
    if not chosen:
        if not config.brands:
            complain(("brands",), "there is no brand to listen for; name one, or start with --brand NAME")
        _overlaps(config, complain)
    _alert_rules(config, complain)
    check_routing(config, outlets, complain, chosen=chosen)
    if not _is_loopback(config.api.host) and config.api.token is None:
        message = f"{config.api.host} is reached from other machines: set TERTULIA_API__TOKEN or api.token_file"
        complain(("api", "host"), message)
    reason = unwritable(config.data_dir)
    if reason:
        complain(("data_dir",), reason)


def _brands(config: Config, complain: Complain) -> None:
    for number, brand in enumerate(config.brands):
        key: Key = ("brands", number)
        for field in ("terms", "exclude", "hashtags", "handles", "domains", "own"):
            for position, item in enumerate(getattr(brand, field)):
                if not item.strip(" #@"):
                    complain((*key, field, position), "is empty; take it out")
        for position, language in enumerate(brand.languages):
            if not _LANGUAGE.match(language):
                complain((*key, "languages", position), f"{language!r} is no language tag, such as es, en or pt-BR")


def _overlaps(config: Config, complain: Complain) -> None:
    first: dict[tuple[str, str], str] = {}
    for number, brand in enumerate(config.brands):
        for field in ("terms", "hashtags", "handles", "domains"):
            for position, item in enumerate(getattr(brand, field)):
                other = first.setdefault((field, fold(item.strip("#@"))), brand.name)
                if other != brand.name:
                    message = f"{item!r} belongs to {other} as well: such posts count for both"
                    complain(("brands", number, field, position), message, warning=True)


def _alert_rules(config: Config, complain: Complain) -> None:
    known = {
        "brands": [brand.name for brand in config.brands],
        "groups": list(dict.fromkeys(brand.group for brand in config.brands)),
    }
    first: dict[str, str] = dict.fromkeys(RESERVED, "the one about sources")
    for block in ("rules", "volume_spike"):
        for number, rule in enumerate(getattr(config.alerts, block) or ()):
            key: Key = ("alerts", block, number)
            if rule.name in first:
                complain(
                    (*key, "name"), f"another rule is called {rule.name!r} ({first[rule.name]}): give it another name"
                )
            first.setdefault(rule.name, spell(key))
            for field, there in known.items():
                for position, name in enumerate(getattr(rule, field)):
                    if name not in there:
                        what = field.removesuffix("s")
                        complain((*key, field, position), f"there is no {what} {name!r}{did_you_mean(name, there)}")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False  # a host name may lead anywhere


def unwritable(folder: Path) -> str | None:
    """Why nothing can be stored in `folder` (which need not exist yet), or `None`."""
    existing = next(path for path in _upwards(folder.absolute()) if path.exists())
    if not existing.is_dir():
        return f"{existing} is a file, not a folder"
    if not os.access(existing, os.W_OK | os.X_OK):
        return f"{existing} cannot be written by this user"
    return None


def _upwards(path: Path) -> Iterator[Path]:
    yield path
    yield from path.parents
