"""When a group of alerts is told, and what of it: Alertmanager's timers, as a pure function of what stands.

A group is the alerts that one route tells one destination in one message. It is looked at `wait` after its first alert
was raised, then every `interval`. At a look it is told when something fires that was not told yet, when something told
is over, or when what fires was last told at least `repeat` ago. What begins and ends between two looks is never told.

Where Alertmanager (https://prometheus.io/docs/alerting/latest/configuration/#route) leaves its readers with an alert
that seems to go on for ever, this does not: what was told as firing is told as over once nothing keeps it quiet, also
when it ended while it was silenced, inhibited or muted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from config.language import Lang
from streams.alerting.clock import to_ms
from streams.records import Alert


class Destination(NamedTuple):
    """An outlet by its name in the configuration, and a room of it other than the configured one (that one: "")."""

    outlet: str
    room: str = ""


class Place(msgspec.Struct, frozen=True):
    """Where an alert belongs: a group of a destination, and how it is told. `every`: nothing is kept from it."""

    destination: Destination
    name: str  # of the group, the same after a restart
    labels: tuple[tuple[str, str], ...]  # what its alerts have in common
    wait: timedelta
    interval: timedelta
    repeat: timedelta
    mute: tuple[str, ...] = ()
    active: tuple[str, ...] = ()
    lang: Lang = "en"
    every: bool = False


class State(msgspec.Struct, frozen=True):
    """What a group remembers. `told`: fingerprints told as firing, and not yet as over."""

    due: datetime  # the next look
    sent: datetime | None = None
    messages: int = 0
    told: frozenset[str] = frozenset()


class News(msgspec.Struct, frozen=True):
    """What a message of a group tells."""

    firing: tuple[Alert, ...]
    over: tuple[Alert, ...]


def first(place: Place, alert: Alert, now: datetime) -> State:
    """Of a new group with this alert; an alert raised while nobody listened has waited already."""
    return State(due=max(now, min(alert.at, now) + place.wait))


def look(
    place: Place, state: State, alerts: Collection[Alert], muted: bool, now: datetime
) -> tuple[State, News | None]:
    """What a look at `now` brings. `alerts`: those in it that fire or were told and are not kept quiet."""
    state = msgspec.structs.replace(state, due=now + place.interval)
    firing = _by_start(alert for alert in alerts if alert.state == "firing")
    over = _by_start(alert for alert in alerts if alert.state == "resolved" and alert.fingerprint in state.told)
    new = any(alert.fingerprint not in state.told for alert in firing)
    again = bool(firing) and state.sent is not None and now - state.sent >= place.repeat
    if muted or not (new or over or again):
        return state, None
    told = (state.told | {alert.fingerprint for alert in firing}) - {alert.fingerprint for alert in over}
    after = State(state.due, now, state.messages + 1, told)
    return after, News(firing, over)


def key(place: Place, state: State, news: News) -> str:
    """Of the message that led to `state`: the same for the same destination, group, turn and states told."""
    parts = [*place.destination, place.name, str(state.messages)]
    parts += [f"{alert.fingerprint} {to_ms(alert.started_at)} {alert.state}" for alert in (*news.firing, *news.over)]
    return hashlib.sha256("\x00".join(parts).encode()).hexdigest()[:32]


def _by_start(alerts: Iterable[Alert]) -> tuple[Alert, ...]:
    found: Sequence[Alert] = sorted(alerts, key=lambda alert: (alert.started_at, alert.fingerprint))
    return tuple(found)
