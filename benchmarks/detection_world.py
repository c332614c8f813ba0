"""Simulated brands whose volume is only ever ordinary: what an alert must not fire at, and what spikes are added to.

Counts are negative binomial around an hour-of-week rhythm, hours differ from week to week, and threads burst. All of a
brand is drawn from its own seed.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from benchmarks.nab import Floats, Ints
from streams.alerting.hour_of_week import HOUR, of_week

MINUTE: Final = 60_000
CELL: Final = 5 * MINUTE
CELLS: Final = HOUR // CELL
BEGIN: Final = 1_798_848_000_000 // (7 * 24 * HOUR) * 7 * 24 * HOUR
SMALLEST, LARGEST = 1.0, 50.0
"""Posts of five minutes on average; brands lie between them, evenly by the logarithm."""


class World(NamedTuple):
    """A brand: the `times` of its posts (ms, ascending); of each five minutes the ordinary `mean` and its standard
    deviation `sd`."""

    times: Ints
    mean: Floats
    sd: Floats

    def place(self, time: int) -> int:
        """The five minutes in which a time lies."""
        return (time - BEGIN) // CELL


def draw(seed: int, days: int, bursts: float = 0.0) -> World:
    """So many days of a brand, from `BEGIN` on.

    `bursts`: threads a day that burst; each brings as many posts more as one or two ordinary five minutes, within ten
    minutes or so.
    """
    dice = np.random.default_rng(seed)
    hours = np.arange(days * 24, dtype=np.int64)
    level = np.exp(dice.uniform(np.log(SMALLEST), np.log(LARGEST)))
    mean = np.repeat(level * _rhythm(dice)[of_week(BEGIN + hours * HOUR)], CELLS)
    # hours are a little louder or quieter than they use to be, and five minutes are within their hour
    moved = mean * np.repeat(dice.gamma(50, 1 / 50, len(hours)), CELLS)
    size = float(dice.choice([5.0, 10.0, 20.0, 50.0]))
    counts = dice.poisson(moved * dice.gamma(size, 1 / size, len(mean)))
    starts = np.repeat(BEGIN + np.arange(len(mean), dtype=np.int64) * CELL, counts)
    posts = starts + dice.integers(0, CELL, len(starts))
    times = np.sort(np.concatenate((posts, _bursts(dice, mean, bursts * days))))
    return _known(times, mean)


def _rhythm(dice: np.random.Generator) -> Floats:
    """Of the 168 hours of the week; 1 on average."""
    hour = np.arange(168)
    peak, swing, weekend = dice.uniform(10, 20), dice.uniform(0.3, 1.2), dice.uniform(0.4, 1.2)
    smooth = swing * np.cos(2 * np.pi * (hour - peak) / 24) + 0.3 * swing * np.cos(4 * np.pi * (hour - peak) / 24)
    own = np.convolve(np.tile(dice.normal(0, 0.2, 168), 3), np.ones(3) / 3, "same")[168:336]
    shape = np.exp(smooth + own) * np.where(hour >= 120, weekend, 1.0)
    return np.asarray(shape / shape.mean(), dtype=np.float64)


def _bursts(dice: np.random.Generator, mean: Floats, expected: float) -> Ints:
    chance = mean / mean.sum()
    begins = dice.choice(len(mean), dice.poisson(expected), p=chance)  # where more is said more threads burst
    sizes = dice.geometric(1 / (1 + 1.5 * mean[begins]))
    within = dice.exponential(4 * MINUTE, int(sizes.sum())).astype(np.int64)
    found = np.repeat(BEGIN + begins * CELL, sizes) + within
    return np.asarray(found[found < BEGIN + len(mean) * CELL], dtype=np.int64)


def _known(times: Ints, mean: Floats) -> World:
    """With what is really ordinary: bursts move the mean, and all of it the spread around it."""
    counts = np.diff(np.searchsorted(times, BEGIN + np.arange(len(mean) + 1, dtype=np.int64) * CELL))
    mean = mean * (counts.sum() / mean.sum())
    beyond = np.sum((counts - mean) ** 2 - mean) / np.sum(mean * mean)
    return World(times, mean, np.sqrt(mean + max(0.0, float(beyond)) * mean * mean))
