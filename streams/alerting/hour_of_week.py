"""From hours to windows: what is known of the 168 hours of the week, at any time and for windows of any length."""

from __future__ import annotations

from typing import Final

import numpy as np

from streams.alerting.rhythm import HOURS, THURSDAY, Floats
from streams.alerting.volume import Times

HOUR: Final = 3_600_000
"""In ms."""


def of_week(times: Times) -> Times:
    """The hour of the week of a time in ms."""
    return (times // HOUR + THURSDAY) % HOURS


def over_windows(of_hour: Floats, ends: Times, window: int) -> Floats:
    """The mean of a value of the hours of the week (168) over each window: at the middles of as many parts as hours."""
    parts = max(1, round(window / HOUR))
    middles = ends - window + (2 * np.arange(parts, dtype=np.int64)[:, None] + 1) * (window // (2 * parts))
    values: Floats = _between(of_hour, middles).mean(axis=0)
    return values


def over_hours(of_hour: Floats, edges: Times, grid: Times) -> Floats:
    """The mean of a value of successive hours over each window of a grid within the hours' edges."""
    sums = np.concatenate(([0.0], np.cumsum(of_hour)))
    return np.diff(np.interp(grid, edges, sums)) * (HOUR / np.diff(grid))


def _between(of_hour: Floats, times: Times) -> Floats:
    """An hour's value holds at its middle; from there to the next it goes straight."""
    since = times - HOUR // 2
    before = of_week(since)
    place = since % HOUR / HOUR
    return of_hour[before] * (1 - place) + of_hour[(before + 1) % HOURS] * place
