"""Alerts without anybody's words or names, as the disk may hold them, and back again when they are told.

A post or an author may be gone by the time a message gets through. So what waits has the figures only; titles, quotes
and names come from the topic `alerts` at the moment of each attempt, where streams/alerting takes out what was deleted.
"""

from __future__ import annotations

from typing import Final

import msgspec

from streams.records import Alert

_FIGURES: Final = ("state", "at", "ended_at", "value", "baseline", "interval", "p_value", "q_value", "severity")
_OURS: Final = frozenset({"direction", "unit", "state", "length", "until"})
"""Texts in the details that nobody else has chosen."""
UNKNOWN: Final = "?"


def bare(alert: Alert) -> Alert:
    """Figures only; where a name stood is a question mark."""
    details = {name: _bare(name, value) for name, value in alert.details.items() if name != "reason"}
    return msgspec.structs.replace(alert, title="", evidence=(), authors=(), circles=(), details=details)


def dressed(kept: Alert, newest: Alert | None) -> Alert:
    """What was to be told, with the words as they are now; without any when the alert has begun anew since."""
    if newest is None or newest.started_at != kept.started_at:
        return kept
    if (newest.state, newest.at) == (kept.state, kept.at):
        return newest
    ours = {name: value for name, value in kept.details.items() if value != UNKNOWN}
    figures = {name: getattr(kept, name) for name in _FIGURES}
    return msgspec.structs.replace(newest, **figures, details=newest.details | ours)


def _bare(name: str, value: str | float) -> str | float:
    return UNKNOWN if isinstance(value, str) and name not in _OURS else value
