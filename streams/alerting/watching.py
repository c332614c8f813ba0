"""Since when a brand has been watched: before that, no posts means nothing.

The first event time would not do: feeds and catch-up bring posts from before the start, and beside that thin trickle
the ordinary flow looks like a spike. So the earliest arrival counts, sampled: any sample errs to the late side.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from streams.alerting.clock import EPOCH
from streams.desk import Desk
from streams.records import Entry

SLICES = 48
SAMPLE = 20  # entries looked at per slice
FINE = timedelta(minutes=1)  # as close as it gets


def watched_since(desk: Desk, brand: str, start: datetime, end: datetime) -> datetime:
    """The earliest arrival among samples of the entries up to `end`; `end` when there is none.

    What was watched before `start` is not told apart. Raises `KeyError` when the brand lives elsewhere.
    """
    earliest, width = end, end - start
    while width > FINE:  # what arrived a little earlier was said about then: a closer look at that time
        begin = max(start, earliest - width)
        earliest, width = _earliest(desk, brand, begin, earliest), width / SLICES
    return earliest


def _earliest(desk: Desk, brand: str, start: datetime, end: datetime) -> datetime:
    earliest = end
    for begin, entries in _samples(desk, brand, start, end):
        earliest = min([earliest, *(entry.seen_at for entry in entries)])
        if earliest <= begin:
            break  # later slices cannot have arrived earlier
    return earliest


def _samples(desk: Desk, brand: str, start: datetime, end: datetime) -> Iterator[tuple[datetime, list[Entry]]]:
    yield start, list(desk.entries(brand, EPOCH, start, None, SAMPLE).entries)
    width = (end - start) / SLICES
    for number in range(SLICES):
        begin = start + number * width
        yield begin + width, list(desk.entries(brand, begin, begin + width, None, SAMPLE).entries)
