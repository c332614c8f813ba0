"""How a brand's volume goes with the hour of the week, learnt from its counts per hour.

    expected(hour) = mean · of the hour of the day · of the day of the week · of the hour of the week · level

Each factor is a gamma-Poisson posterior mean, so it stays near 1 while little is known and says how uncertain it is
(empirical Bayes: Efron & Morris 1975; gamma-Poisson: DuMouchel 1999): with information g about each observed ratio x,

    factor = (a + Σ g x) / (a + Σ g)        its relative variance = 1 / (a + Σ g)        g = 1 / (1 / expected + k)

where k is the over-dispersion of hours and `a` says how far such factors usually lie from 1. Each factor is learnt from
what the ones before it leave over. The level follows the last days: the same formula over all earlier hours, whose
weight halves every `MEMORY`. Weeks fade, too (`FADING`).

A past crisis must not shape the season: hours far out in the upper tail, given all the *other* hours, are set aside
(one in twenty at most), as the outbreak detection of Farrington (1996) and Noufaily (2013) gives them little weight.
They still move the level, but no further than the most that is ordinary.
"""

from __future__ import annotations

from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

HOURS: Final = 168
"""Of a week."""
THURSDAY: Final = 3 * 24
"""The hour of the week in which 1970 began; the week begins on Monday."""
DAY_STRENGTH: Final = 4.0
"""`a` of the hour of the day: factors of 1 ± 50 %."""
WEEK_STRENGTH: Final = 10.0
"""`a` of the day of the week, of the hour of the week and of the level: 1 ± 32 %."""
MEMORY: Final = 24.0
"""Hours after which an hour counts half for the level."""
FADING: Final = 24.0 * 28
"""Hours after which an hour counts half for the season."""
FAR: Final = 4.0
"""Normal deviates from which an hour or a window is far out."""
SMALLEST: Final = 0.3
"""The least size for which the approximations below are used."""
OUTLIERS: Final = 0.05
"""The largest share that may be set aside."""
PASSES: Final = 2

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


class Rhythm(msgspec.Struct, frozen=True):
    """What was learnt. `season`: posts expected in each hour of the week (168, Monday 0:00 UTC first), level included;
    `doubt`: their relative variances. Of each hour of the past: `expected`, from the others, and that `blur`."""

    season: Floats
    doubt: Floats
    expected: Floats
    blur: Floats


def learn(counts: Ints, first: int, usable: Bools) -> Rhythm:
    """From the counts of consecutive hours, of which the first is number `first` since 1970; only `usable` ones teach.

    At least one must be usable.
    """
    number = first + np.arange(len(counts)) + THURSDAY
    fade = np.exp2((np.arange(len(counts)) - len(counts)) / FADING)
    weight, dispersion = np.where(usable, fade, 0.0), 0.1
    limit = np.full(len(counts), np.inf)
    for _ in range(PASSES):
        rhythm = _fit(counts, number, weight, dispersion, np.minimum(counts, limit), usable)
        dispersion, _, far = spread(counts, rhythm.expected, rhythm.blur, usable)
        weight = np.where(usable & ~far, fade, 0.0)
        limit = np.where(far, ordinary(rhythm.expected, dispersion + rhythm.blur), np.inf)
    return _fit(counts, number, weight, dispersion, np.minimum(counts, limit), usable)


def spread(counts: Ints, expected: Floats, blur: Floats, usable: Bools) -> tuple[float, float, Bools]:
    """Over-dispersion k of those that are not far out, its standard error, and which are far out.

    variance = m + (k + blur) m². Begun without the farthest, so that a crisis does not widen what it is measured by.
    """
    far = outlying(counts, expected, 0.1 + blur, usable, -np.inf)
    for _ in range(PASSES):
        far = outlying(counts, expected, max(0.0, _moments(counts, expected, blur, usable & ~far)[0]) + blur, usable)
    value, error = _moments(counts, expected, blur, usable & ~far)
    return max(0.0, value), error, far


def outlying(counts: Ints, expected: Floats, dispersion: Floats, usable: Bools, beyond: float = FAR) -> Bools:
    """Those `beyond` so many normal deviates, but at most `OUTLIERS` of the usable ones: the farthest."""
    found = np.where(usable, deviate(counts, expected, dispersion), -np.inf)
    least = np.partition(found, -_allowed(usable))[-_allowed(usable)]
    return found >= max(beyond, float(least))


def _moments(counts: Ints, expected: Floats, blur: Floats, chosen: Bools) -> tuple[float, float]:
    y, m, b = counts[chosen], expected[chosen], blur[chosen]
    square = m * m
    whole = float(square.sum())
    excess = (y - m) ** 2 - m - b * square
    value = float(excess.sum()) / whole
    return value, float(np.sqrt(np.sum((excess - value * square) ** 2))) / whole


def ordinary(expected: Floats, dispersion: Floats) -> Floats:
    """Roughly the most that is not far out: of a gamma law with the same mean and variance (Wilson & Hilferty 1931)."""
    shape = np.maximum(SMALLEST, 1 / (1 / expected + dispersion))
    root: Floats = np.maximum(1, 1 - 1 / (9 * shape) + FAR / (3 * np.sqrt(shape)))
    return expected * root**3


def _allowed(usable: Bools) -> int:
    return max(1, int(OUTLIERS * np.count_nonzero(usable)))


def deviate(counts: Ints | Floats, expected: Floats, dispersion: Floats) -> Floats:
    """The normal deviate of P(Y >= count) for a negative binomial: the larger the less likely.

    With F of (2 count, 2 size) degrees of freedom, P(Y >= count) = P(F <= expected / count), and F's third root is
    nearly normal (Paulson 1942). Of no posts it is about as likely as can be.
    """
    size, y = np.maximum(SMALLEST, 1 / np.maximum(dispersion, 1e-9)), np.maximum(counts, 0.01)
    root: Floats = np.cbrt(expected / y)
    away: Floats = (1 - 1 / (9 * y)) - (1 - 1 / (9 * size)) * root
    error: Floats = np.sqrt(root * root / (9 * size) + 1 / (9 * y))
    return away / error


def _fit(counts: Ints, number: Ints, weight: Floats, dispersion: float, capped: Floats, usable: Bools) -> Rhythm:
    mean = (float((weight * counts).sum()) + 0.5) / float(weight.sum())
    season, doubt = np.full(HOURS, mean), np.zeros(HOURS)
    expected, blur = np.full(len(counts), mean), np.zeros(len(counts))
    hour = number % HOURS
    week = np.arange(HOURS)
    for cells, strength in ((week % 24, DAY_STRENGTH), (week // 24, WEEK_STRENGTH), (week, WEEK_STRENGTH)):
        own = cells[hour]
        info = weight / (1 / season[hour] + dispersion)
        ratio = counts / season[hour]
        total, amount = np.bincount(own, info * ratio, HOURS) + strength, np.bincount(own, info, HOURS) + strength
        left = amount[own] - info  # what the other hours know
        expected *= (total[own] - info * ratio) / left
        blur += 1 / left
        season *= (total / amount)[cells]
        doubt += (1 / amount)[cells]
    return _levelled(Rhythm(season, doubt, expected, blur), capped, usable, dispersion)


def _levelled(rhythm: Rhythm, counts: Floats, usable: Bools, dispersion: float) -> Rhythm:
    """With the level: each hour's from the hours before it, the season's from all."""
    info = usable / (1 / rhythm.expected + dispersion)
    growth = np.exp2(np.arange(len(counts) + 1) / MEMORY)
    sums = np.concatenate(([0.0], np.cumsum(info * growth[1:] * counts / rhythm.expected))) / growth
    amounts = np.concatenate(([0.0], np.cumsum(info * growth[1:]))) / growth + WEEK_STRENGTH
    level = (sums + WEEK_STRENGTH) / amounts
    return Rhythm(
        season=rhythm.season * level[-1],
        doubt=rhythm.doubt + 1 / amounts[-1],
        expected=rhythm.expected * level[:-1],
        blur=rhythm.blur + 1 / amounts[:-1],
    )
