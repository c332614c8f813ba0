"""Which stretches of a window a network could no longer tell: the numbers of that window carry them as a mark."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from streams.records import SourceStatus


class WindowGap(msgspec.Struct, frozen=True):
    """What `source` missed of the window, for good, and why."""

    source: str
    start: datetime
    end: datetime
    reason: str


def within(
    statuses: Iterable[SourceStatus], start: datetime, to: datetime, platform: str | None = None
) -> Sequence[WindowGap]:
    """The gaps that touch [start, to), oldest first; with `platform` those of that network alone."""
    found = [
        WindowGap(status.name, gap.start, gap.end, gap.reason)
        for status in statuses
        if platform is None or status.name == platform
        for gap in status.gaps
        if gap.start < to and gap.end > start
    ]
    return sorted(found, key=lambda gap: (gap.start, gap.source))
