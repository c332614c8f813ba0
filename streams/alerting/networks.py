"""Alerts about the networks themselves: one that tells nothing any more, and one that could not tell what was missed.

A pure function of what the collectors last said (`cursors`) and of the time, so a crash raises nothing twice. These
alerts belong to no brand; the worker that holds the first configured brand speaks for all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from config.units import format_duration
from streams.alerting import words
from streams.alerting.standing import Standing
from streams.records import Alert, SourceGap, SourceStatus

TROUBLE: Final = "source-trouble"
GAP: Final = "source-gap"
RULES: Final = (TROUBLE, GAP)
BAD: Final = frozenset({"silent", "retrying", "misconfigured"})
SHOWN: Final = timedelta(hours=24)
"""A gap is told of while it touches the window that people look at by default."""
NOBODY: Final = ""
"""The brand of an alert that is about no brand."""


def judge(statuses: Sequence[SourceStatus], after: timedelta, at: datetime) -> Iterator[Alert]:
    """Every alert about a network that holds at `at`; `after`: so long a trouble lasts before it is told."""
    for status in statuses:
        if status.state in BAD and status.since is not None and at - status.since >= after:
            yield _trouble(status, status.since, at)
        yield from (_missed(status.name, gap, at) for gap in status.gaps if at - gap.end < SHOWN)


def fingerprint(rule: str, source: str, start: str = "") -> str:
    """The same for the same trouble of the same source, for ever."""
    return hashlib.sha256(f"{rule}\x00{source}\x00{start}".encode()).hexdigest()[:16]


async def look(standing: Standing, statuses: Sequence[SourceStatus], after: timedelta, at: datetime) -> list[Alert]:
    """Publish what began and what ended since the last look; returns it. Raises `KafkaError`."""
    holding = {alert.fingerprint: alert for alert in judge(statuses, after, at)}
    firing = {a.fingerprint: a for a in standing.all() if a.rule in RULES and a.state == "firing"}
    told = [alert for key, alert in holding.items() if key not in firing and not _told(standing, alert)]
    told += [_over(alert, at) for key, alert in firing.items() if key not in holding]
    for alert in told:
        await standing.keep(alert)
    return told


def _told(standing: Standing, alert: Alert) -> bool:
    """A gap is over only once, though a restart of its collector brings it up again."""
    before = standing.get(alert.fingerprint)
    return alert.rule == GAP and before is not None and before.state == "resolved"


def _trouble(status: SourceStatus, since: datetime, at: datetime) -> Alert:
    lasted = at - since
    details: dict[str, str | float] = {
        "state": status.state,
        "length": format_duration(_minutes(lasted)),
        "reason": status.reason or "",
    }
    return _alert(TROUBLE, status.name, since, at, details, lasted)


def _missed(source: str, gap: SourceGap, at: datetime) -> Alert:
    lost = gap.end - gap.start
    until = f"{gap.end:%Y-%m-%d %H:%M}"
    details: dict[str, str | float] = {"length": format_duration(_minutes(lost)), "until": until, "reason": gap.reason}
    return _alert(GAP, source, gap.end, at, details, lost, gap.start.isoformat())


def _alert(
    rule: str,
    source: str,
    since: datetime,
    at: datetime,
    details: dict[str, str | float],
    length: timedelta,
    start: str = "",
) -> Alert:
    alert = Alert(
        fingerprint(rule, source, start),
        rule,
        NOBODY,
        "firing",
        since,
        at,
        title="",
        value=round(length.total_seconds()),
        baseline=0,
        source=source,
        kind=rule,
        number="sources",
        details={"unit": "seconds", **details},
    )
    return msgspec.structs.replace(alert, title=words.title(alert, NOBODY))


def _over(alert: Alert, at: datetime) -> Alert:
    details = {**alert.details, "length": format_duration(SHOWN)} if alert.rule == GAP else alert.details
    over = msgspec.structs.replace(alert, state="resolved", at=at, ended_at=at, kind=alert.rule, details=details)
    return msgspec.structs.replace(over, title=words.title(over, NOBODY))


def _minutes(length: timedelta) -> timedelta:
    """Whole minutes, at least one: what people say."""
    return max(timedelta(minutes=1), timedelta(minutes=length // timedelta(minutes=1)))
