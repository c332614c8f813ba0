"""`sources` and `status` as sheets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bots.commands.sheet import Sheet

Row = Mapping[str, Any]


def sources_sheet(data: Row, notes: Sequence[str] = (), now: datetime | None = None) -> Sheet:
    """State, last event, gaps and troubles of every network."""
    sources = data["sources"]
    if not sources:
        return Sheet("No source has reported yet.", notes=notes)
    now = now or datetime.now(UTC)
    rows = [_source(source, now) for source in sources]
    return Sheet("Sources", rows, notes=[*notes, *_gaps(sources)])


def _source(source: Row, now: datetime) -> tuple[str, ...]:
    last = source.get("last_event_at")
    heard = f"{age(datetime.fromisoformat(last), now)} ago" if last else "nothing yet"
    gaps = len(source.get("gaps", ()))
    counted = f"{source.get('events', 0):,} events"
    missed = f"{gaps} {'gap' if gaps == 1 else 'gaps'}" if gaps else ""
    return (source["name"], source.get("state", "starting"), heard, counted, missed, source.get("reason", ""))


def _gaps(sources: Sequence[Row]) -> list[str]:
    """The newest gap of each source, in words."""
    newest = [(source["name"], source["gaps"][-1]) for source in sources if source.get("gaps")]
    return [f"{name} missed {gap['start']} to {gap['end']}: {gap['reason']}" for name, gap in newest]


def status_sheet(data: Row, notes: Sequence[str] = ()) -> Sheet:
    """Whether the service is well: readiness, where the brands are, which sources have trouble, what fires."""
    elsewhere = [brand["name"] for brand in data["brands"] if not brand["here"]]
    here = [brand["name"] for brand in data["brands"] if brand["here"]]
    troubled = [f"{s['name']} ({s.get('state', 'starting')})" for s in data["sources"] if _in_trouble(s)]
    firing = [alert["title"] for alert in data["alerts"] if alert["state"] == "firing"]
    rows = [
        ("service", "ready" if data["ready"] else "not ready: partitions are being recovered or moved", data["api"]),
        ("brands here", ", ".join(here) or "none"),
        *([("brands elsewhere", ", ".join(elsewhere))] if elsewhere else []),
        ("sources", _count(len(data["sources"]), troubled)),
        ("alerts", "; ".join(firing) or "none"),
    ]
    width = max(len(row) for row in rows)
    return Sheet("Status", [row + ("",) * (width - len(row)) for row in rows], notes=notes)


def _in_trouble(source: Row) -> bool:
    return source.get("state", "starting") not in ("live", "finished", "starting")


def _count(number: int, troubled: Sequence[str]) -> str:
    return (
        f"{number}, all well" if number and not troubled else f"{number}; {', '.join(troubled) or 'none has reported'}"
    )


def age(then: datetime, now: datetime) -> str:
    """How long ago, in one unit: `42 s`, `7 min`, `3 h`, `2 d`."""
    seconds = max(0.0, (now - then).total_seconds())
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
