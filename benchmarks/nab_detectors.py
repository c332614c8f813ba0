"""What is compared on NAB: each takes a series and gives a value per row, the higher the less ordinary.

A row's value knows that row and the ones before, nothing later.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import numpy as np

from benchmarks.nab import Bools, Floats, Series
from config.alert_rules import VolumeSpikeRule
from streams.alerting.clock import length_ms
from streams.alerting.fdr import per_week
from streams.alerting.hour_of_week import HOUR
from streams.alerting.season import Season, learn, lesson_of
from streams.alerting.volume import Question, Times

BIN: Final = 300_000
DAY: Final = 288
BASELINE: Final = length_ms(VolumeSpikeRule(kind="volume-spike").baseline)
FEWEST: Final = 48
"""Rows of past without which nothing is judged."""


def season(series: Series, *windows: int) -> Floats:
    """Tertulia: minus the logarithm of how many times an ordinary week is so loud, in windows of these lengths (ms).

    Several windows share the budget, so the louder one has to be louder by as much.
    """
    loudest: Floats = np.max([_one_window(series, window) for window in windows], axis=0)
    return loudest - math.log10(len(windows))


def _one_window(series: Series, window: int) -> Floats:
    starts = series.starts - series.starts[0] % BIN  # onto the grid of five minutes
    times, known = as_times(starts, series), dict[int, Season | None]()
    sums, width = np.concatenate(([0], np.cumsum(series.counts))), window // BIN
    values = np.full(len(starts), -np.inf)
    for row in range(width - 1, len(starts)):
        end = int(starts[row]) + BIN
        hour = (end - window) // HOUR
        if hour not in known:
            lesson = lesson_of(times, Question(end, BIN, window, BASELINE, 0, int(starts[0])))
            known = {hour: None if lesson is None else learn(lesson)}
        learnt = known[hour]
        if learnt is not None:
            p = learnt.ordinary(end).p_value(int(sums[row + 1] - sums[row + 1 - width]))
            values[row] = -math.log10(max(1e-300, per_week(p, window, BIN)))
    return values


def as_times(starts: Times, series: Series) -> Times:
    """Every mention's time, evenly within its five minutes."""
    first = np.repeat(np.cumsum(series.counts) - series.counts, series.counts)
    place = np.arange(len(first)) - first
    return np.repeat(starts, series.counts) + place * BIN // np.repeat(series.counts, series.counts)


def ewma(series: Series) -> Floats:
    """Standard deviations from an exponentially weighted mean; both remember about a day (Roberts 1959)."""
    keep, mean, variance = 1 - 2 / (DAY + 1), float(series.counts[0]), 1.0
    values = np.zeros(len(series.counts))
    for row, value in enumerate(series.counts.tolist()):
        away = value - mean
        values[row] = away / math.sqrt(variance) if row >= FEWEST else 0.0
        mean += (1 - keep) * away
        variance = keep * (variance + (1 - keep) * away * away)
    return values


def hour_against_twelve(series: Series) -> Floats:
    """z of the last hour among the twelve hours before it."""
    sums = np.concatenate(([0], np.cumsum(series.counts)))
    rows = np.arange(13 * 12, len(sums))
    hours = np.array([sums[rows - 12 * back] - sums[rows - 12 * (back + 1)] for back in range(13)], dtype=np.float64)
    values = np.zeros(len(series.counts))
    values[rows - 1] = (hours[0] - hours[1:].mean(axis=0)) / np.maximum(1.0, hours[1:].std(axis=0, ddof=1))
    return values


def two_weeks(series: Series) -> Floats:
    """Standard deviations from the mean of the two weeks before."""
    sums = np.concatenate(([0.0], np.cumsum(series.counts)))
    squares = np.concatenate(([0.0], np.cumsum(series.counts.astype(np.float64) ** 2)))
    rows = np.arange(FEWEST, len(series.counts))
    first = np.maximum(0, rows - 14 * DAY)
    mean = (sums[rows] - sums[first]) / (rows - first)
    variance = (squares[rows] - squares[first]) / (rows - first) - mean**2
    values = np.zeros(len(series.counts))
    values[rows] = (series.counts[rows] - mean) / np.sqrt(np.maximum(1.0, variance))
    return values


TERTULIA: Final[dict[str, Callable[[Series], Floats]]] = {
    "Tertulia, 5 min": lambda series: season(series, BIN),
    "Tertulia, 5 min and 1 h": lambda series: season(series, BIN, HOUR),
}
OTHERS: Final[dict[str, Callable[[Series], Floats]]] = {
    "EWMA": ewma,
    "z of 1 h against 12": hour_against_twelve,
    "k · SD of two weeks": two_weeks,
}


def alerts(values: Floats, threshold: float, hold: int) -> Bools:
    """Where an alert begins: at or above the threshold, and not within so many rows before."""
    high = values >= threshold
    recent = np.concatenate(([0], np.cumsum(high)))
    rows = np.arange(len(values))
    begun: Bools = high & (recent[rows] - recent[np.maximum(0, rows - hold)] == 0)
    return begun
