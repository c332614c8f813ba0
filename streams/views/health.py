"""How a community is: its numbers beside its own past, and what they did since the window before.

There is no figure for the whole. A community where people answer each other and newcomers leave is not "as healthy" as
one where it is the other way round, and whoever weighs the two against each other says more of themselves than of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from streams.views.asked import Asked
from streams.views.changes import Change, change, people_change
from streams.views.company import company
from streams.views.components import COMPONENTS, Component, Figure, figures
from streams.views.rows import Rows, Snapshot
from streams.views.standing import MIN_WINDOWS, Standing, standing
from streams.views.window import Window

MOST_WINDOWS: Final = 30
_DAY: Final = timedelta(days=1)


class Beside(msgspec.Struct, frozen=True, kw_only=True):
    """One component of one brand: now, among its own earlier windows, and since the window before. `change` is None
    when that window is not wholly in the ledger."""

    now: Figure
    history: Standing
    change: Change | None


class OwnHealth(msgspec.Struct, frozen=True, kw_only=True):
    """All of it that needs no other brand. `windows`: earlier ones that were looked at."""

    start: datetime
    end: datetime
    since: datetime | None
    windows: int
    components: dict[str, Beside]


def health(snapshot: Snapshot, window: Window, asked: Asked) -> OwnHealth:
    """A pure function of the entries: in a thread, for it works through up to 32 windows."""
    rows, before = snapshot.rows(window), snapshot.rows(window.before())
    now, then = figures(rows, asked), figures(before, asked)
    past = history(snapshot, window, asked)
    earlier = [then if each == window.before() else figures(snapshot.rows(each), asked) for each in past]
    known = bool(past) or len(before) >= asked.settings.min_posts  # else nobody had begun to listen
    changes = _changes(rows, before, now, then, asked)
    return OwnHealth(
        start=window.start,
        end=window.end,
        since=snapshot.since,
        windows=len(past),
        components={
            each.name: Beside(
                now=now[each.name],
                history=standing(now[each.name], _past(snapshot, each, past, earlier), MIN_WINDOWS),
                change=changes[each.name] if known and _holds(snapshot, window.before(), each) else None,
            )
            for each in COMPONENTS
        },
    )


def history(snapshot: Snapshot, window: Window, asked: Asked) -> list[Window]:
    """Up to 30 earlier windows of the same length, the latest first, wholly within what the ledger holds.

    They do not overlap, and end at the same time of day, so that nights are compared with nights: a day apart, or as
    many days as the length needs. The oldest with less than `views.min_posts` posts are no past: one old post that
    somebody edited does not make years of silence.
    """
    if snapshot.since is None or window.end <= window.start:
        return []
    step = _DAY * -(-(window.end - window.start) // _DAY)
    count = min(MOST_WINDOWS, max(0, (window.start - snapshot.since) // step))
    found = [Window(window.start - step * back, window.end - step * back) for back in range(1, count + 1)]
    while found and len(snapshot.rows(found[-1])) < asked.settings.min_posts:
        found.pop()
    return found


def _past(
    snapshot: Snapshot, each: Component, past: Sequence[Window], earlier: Sequence[Mapping[str, Figure]]
) -> list[Figure]:
    windows = zip(past, earlier, strict=True)
    return [found[each.name] for window, found in windows if _holds(snapshot, window, each)]


def _holds(snapshot: Snapshot, window: Window, each: Component) -> bool:
    """Whether the ledger holds all that the component looks at."""
    back = (window.end - window.start) * each.reach
    return snapshot.since is not None and window.start - back >= snapshot.since


def _changes(
    rows: Rows, before: Rows, now: Mapping[str, Figure], then: Mapping[str, Figure], asked: Asked
) -> dict[str, Change]:
    found = {each.name: change(now[each.name], then[each.name], each.unit) for each in COMPONENTS}
    people = people_change(now["people"], then["people"], company(rows), company(before), asked)
    return found | {"people": people}
