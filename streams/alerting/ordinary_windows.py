"""The past's windows beside what was to be expected of each, and the largest surprises among them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

import numpy as np

from streams.alerting import extremes
from streams.alerting.extremes import LEAST, Tail
from streams.alerting.hour_of_week import HOUR, of_week, over_hours, over_windows
from streams.alerting.nbinom import tail
from streams.alerting.rhythm import Bools, Floats, Ints, Rhythm, deviate
from streams.alerting.volume import Times

CLEAR: Final = 1 - 1e-9
"""The share of a window's hours that must be usable: all, but for rounding."""
FEWEST: Final = 24
"""With fewer such windows all of them teach."""


class Past(NamedTuple):
    """By window: its count, what was to be expected, how uncertain that was, whether it teaches, its hour."""

    counts: Ints
    expected: Floats
    blur: Floats
    chosen: Bools
    hour: Ints


def past_windows(times: Times, window: int, learnt: Rhythm, edges: Times, usable: Bools) -> Past:
    """All windows on a fixed grid within the hours' edges (ms).

    What was to be expected is the season between hours, moved to what the other hours, and the level before, say of
    each hour.
    """
    grid = np.arange(-(-edges[0] // window), edges[-1] // window + 1) * window
    own = learnt.season[of_week(edges[:-1])]
    moved = over_hours(learnt.expected, edges, grid) / over_hours(own, edges, grid)
    hour = (grid[:-1] - edges[0]) // HOUR
    chosen = over_hours(usable.astype(np.float64), edges, grid) > CLEAR
    return Past(
        counts=np.diff(np.searchsorted(times, grid)),
        expected=over_windows(learnt.season, grid[1:], window) * (window / HOUR) * moved,
        blur=learnt.blur[hour],
        chosen=chosen if np.count_nonzero(chosen) >= FEWEST else np.ones(len(hour), dtype=bool),
        hour=hour,
    )


def surprises(past: Past, sizes: Floats, law: Callable[[int, float, float], float]) -> Tail:
    """What the model's upper tails are worth (`law` is `nbinom.tail`), or its lower ones (`nbinom.head`)."""
    upper = law is tail  # P(Y <= count) is 1 - P(Y >= count + 1)
    far = deviate(past.counts if upper else past.counts + 1, past.expected, 1 / sizes)
    found = np.where(past.chosen, far if upper else -far, -np.inf)
    first = np.flatnonzero(np.diff(past.hour, prepend=-1))
    peaks = np.maximum.reduceat(found, first)
    blocks = int(np.isfinite(peaks).sum())
    highest = _spells(np.argsort(peaks)[::-1][:blocks].tolist(), extremes.needed(blocks))
    ends = np.append(first[1:], len(found))
    rows = [int(first[at]) + int(np.argmax(found[first[at] : ends[at]])) for at in highest]
    laws = zip(past.counts[rows].tolist(), past.expected[rows].tolist(), sizes[rows].tolist(), strict=True)
    largest = np.array([-math.log(max(LEAST, law(*row))) for row in laws])
    return extremes.learn(largest, blocks, np.count_nonzero(past.chosen) / blocks)


def _spells(hours: Iterable[int], wanted: int) -> list[int]:
    """The highest hour of each spell, the highest first; `hours` by their peaks. Hours in a row are one spell.

    So a crisis of a whole night is one surprise, as it is one alert.
    """
    found, taken = list[int](), set[int]()
    for hour in hours:
        if len(found) == wanted:
            break
        if hour - 1 not in taken and hour + 1 not in taken:
            found.append(hour)
        taken.add(hour)
    return found
