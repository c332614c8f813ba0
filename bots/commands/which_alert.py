"""Which alert is meant: by its id or the beginning of it, by its rule, or by its brand, when only one fits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final

from bots.commands.client import AskFailed

Row = Mapping[str, Any]
_ID: Final = re.compile(r"[0-9a-f]{4,64}")
MOST_SHOWN: Final = 10


def the_alert(subject: str | None, alerts: Sequence[Row], brands: Sequence[Row], notes: list[str]) -> Row:
    """The one that fits every word of `subject`; of several the one that fires. Raises `AskFailed`."""
    if not alerts:
        raise AskFailed("no alert fires, and none did in the last days")
    found = list(alerts)
    for word in _words(subject, brands):
        fitting = [alert for alert in found if fits(word, alert, brands)]
        if not fitting:
            meant = _near(word, found, brands)
            fitting = [alert for alert in found if meant is not None and fits(meant, alert, brands)]
            if not fitting:
                raise AskFailed(f"there is no alert {word[:60]!r}. {_listed(found)}")
            notes.append(f"({word[:60]} -> {meant})")
        found = fitting
    firing = [alert for alert in found if alert["state"] == "firing"]
    fitting = firing or (found if subject else [])
    if len(fitting) == 1:
        return fitting[0]
    if not fitting:
        raise AskFailed(f"no alert fires now. {_listed(found)}")
    raise AskFailed(f"which one? {_listed(fitting)}")


def fits(word: str, alert: Row, brands: Sequence[Row]) -> bool:
    """Whether the word names the alert: a beginning of its id, its rule, source or severity, or its brand."""
    wanted = word.casefold()
    if _ID.fullmatch(wanted) and alert["fingerprint"].startswith(wanted):
        return True
    named = {alert["rule"], alert.get("source") or "", alert.get("severity", "warning"), alert["brand"]}
    return wanted in {name.casefold() for name in named if name} | titles(alert["brand"], brands)


def titles(brand: str, brands: Sequence[Row]) -> set[str]:
    """How people call a brand, in small letters."""
    return {name.casefold() for each in brands if each["name"] == brand for name in (each["name"], each["title"])}


def _words(subject: str | None, brands: Sequence[Row]) -> list[str]:
    """The words; a brand's title of several words is one."""
    whole = (subject or "").strip()
    if any(whole.casefold() in titles(each["name"], brands) for each in brands):
        return [whole]
    return whole.split()


def _near(word: str, alerts: Iterable[Row], brands: Sequence[Row]) -> str | None:
    names = {alert["rule"] for alert in alerts} | {name for each in brands for name in titles(each["name"], brands)}
    return next(iter(get_close_matches(word.casefold(), sorted(names), n=1, cutoff=0.75)), None)


def _listed(alerts: Sequence[Row]) -> str:
    shown = [f"{alert['fingerprint'][:8]} {alert['title']}" for alert in alerts[:MOST_SHOWN]]
    more = f" and {len(alerts) - MOST_SHOWN} more" if len(alerts) > MOST_SHOWN else ""
    return f"There {'is' if len(alerts) == 1 else 'are'}: {'; '.join(shown)}{more}"
