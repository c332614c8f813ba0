"""Intervals: Wilson for shares, quantiles of bootstrap replicates for everything that authors cluster."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Final

import numpy as np

from streams.views.asked import Interval
from streams.views.columns import Column, Floats, Ints

LEVEL: Final = 0.95
_NORMAL: Final = NormalDist()
Z: Final = _NORMAL.inv_cdf((1 + LEVEL) / 2)
EXACT_BINOMIAL: Final = 500
MEAN_UNIT: Final = 2.0**-20
CHUNK: Final = 1_024  # authors per turn: their weights stay in the processor's cache


def wilson(count: float, total: float) -> Interval | None:
    """The score interval of a share (Wilson 1927). None for 0 of 0. Numbers need not be whole: see `shares`."""
    if total == 0:
        return None
    share, z2 = count / total, Z * Z
    centre = (share + z2 / (2 * total)) / (1 + z2 / total)
    half = Z / (1 + z2 / total) * math.sqrt(share * (1 - share) / total + z2 / (4 * total * total))
    low = 0.0 if count == 0 else max(0.0, centre - half)  # exact at the ends, where rounding would leave 1e-18
    return low, 1.0 if count == total else min(1.0, centre + half)


def effective(sizes: Ints) -> float:
    """How many clusters of equal weight clusters of these sizes are worth (Kish 1965); 0 of none."""
    return float(int(sizes.sum()) ** 2 / int((sizes * sizes).sum())) if sizes.any() else 0.0


def _poisson_table() -> Floats:
    """Weight by 16 random bits: the quantiles of Poisson(1) at the 65,536 midpoints."""
    middles = (np.arange(1 << 16) + 0.5) / (1 << 16)
    steps = np.cumsum([math.exp(-1) / math.factorial(k) for k in range(12)])
    return np.searchsorted(steps, middles).astype(np.float64)


_WEIGHT: Final = _poisson_table()


def _mix(state: Column) -> Column:
    """The output function of splitmix64 (Steele, Lea & Flood 2014), in place."""
    state ^= state >> np.uint64(30)
    state *= np.uint64(0xBF58476D1CE4E5B9)
    state ^= state >> np.uint64(27)
    state *= np.uint64(0x94D049BB133111EB)
    state ^= state >> np.uint64(31)
    return state


def mixed(hashes: Ints) -> Ints:
    """Hashes mixed once more, so that what is drawn from them does not hang together with their order."""
    return _mix(hashes.astype("<u8") + np.uint64(0x9E3779B97F4A7C15)).view("<i8")


def poisson_weights(authors: Ints, replicates: int) -> Floats:
    """How often each author is drawn in each replicate: (authors, replicates), Poisson(1).

    A pure function of (author, replicate): the same on every worker, after every replay and in any order.
    """
    blocks = -(-replicates // 4)  # one 64-bit number gives four weights
    offsets = np.arange(1, blocks + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    state = _mix(authors.astype("<u8")[:, None] + offsets[None, :])
    weights: Floats = _WEIGHT.take(state.view("<u2"))[:, :replicates]
    return weights


def poisson_bootstrap(authors: Ints, counts: Column, replicates: int) -> Floats:
    """Sums of `counts` (authors, cells) in each replicate: (cells, replicates); whole numbers, so exact in any order.

    Every author is drawn Poisson(1) times with all of their posts, so that one loud author is one source of opinion
    (Chamandy, Muralidharan, Najmi & Naidu 2012; the multinomial bootstrap's limit by Oza & Russell 2001).
    """
    sums = np.zeros((counts.shape[1], replicates))
    for first in range(0, len(authors), CHUNK):
        weights = poisson_weights(authors[first : first + CHUNK], replicates)
        sums += counts[first : first + CHUNK].T.astype(np.float64) @ weights
    return sums


def percentile_interval(replicates: Floats, clusters: float) -> Interval | None:
    """The expanded percentile interval (Hesterberg 2015, sec. 5.3) of replicates over so many independent clusters.

    Plain percentiles are too narrow for few clusters, by sqrt((n - 1) / n) and by z in place of t; the tails are taken
    that much further out, at worst to the extremes. Undefined replicates (NaN) are left out; None for a single cluster,
    or when fewer than half remain.
    """
    defined = np.sort(replicates[~np.isnan(replicates)])
    if clusters <= 1 or len(defined) * 2 < len(replicates):
        return None
    clusters = max(clusters, 2.0)
    tail = _NORMAL.cdf(-math.sqrt(clusters / (clusters - 1)) * student_quantile(clusters - 1))
    return _quantile(defined, tail), _quantile(defined, 1 - tail)


def _quantile(ordered: Floats, p: float) -> float:
    """At (n + 1) p, so that n draws cut off what they should (Davison & Hinkley 1997, sec. 5.2.3)."""
    place = min(max((len(ordered) + 1) * p - 1, 0.0), len(ordered) - 1.0)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return float(ordered[below] + (place - below) * (ordered[above] - ordered[below]))


def student_quantile(freedom: float) -> float:
    """The 97.5 % quantile of Student's t (Abramowitz & Stegun 26.7.5), within 1 % from 3 degrees of freedom."""
    z, v = Z, freedom
    return (
        z
        + (z**3 + z) / (4 * v)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * v**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * v**3)
        + (79 * z**9 + 776 * z**7 + 1_482 * z**5 - 1_920 * z**3 - 945 * z) / (92_160 * v**4)
    )


def mean_interval(clusters: Ints, values: Floats, replicates: int) -> Interval | None:
    """Of the mean of values that belong to clusters (by hash), by the bootstrap over these."""
    known, number, sizes = np.unique(clusters, return_inverse=True, return_counts=True)
    units = np.zeros(len(known), dtype=np.int64)
    np.add.at(units, number, np.rint(values / MEAN_UNIT).astype(np.int64))  # whole numbers: exact in any order
    count, total = poisson_bootstrap(known, np.column_stack((sizes, units)), replicates)
    means = np.where(count > 0, total / np.maximum(count, 1) * MEAN_UNIT, np.nan)
    found, mean = percentile_interval(means, effective(sizes)), float(values.mean())
    return None if found is None else (min(found[0], mean), max(found[1], mean))  # but for the rounding to units


def median_interval(values: Column, independent: float | None = None) -> Interval | None:
    """Of a median, whatever the distribution: from one order statistic to another (Conover 1999, sec. 3.2).

    `independent`: how many of their own the values are worth; then the places are those of so many, stretched
    (Woodruff 1952). None for fewer than six, of which no two hold the median with 95 %.
    """
    count = len(values)
    worth = count if independent is None else min(count, math.floor(independent))
    outside = math.floor(_outside(worth) * count / worth) if worth else 0
    if not outside:
        return None
    ordered = np.sort(values)
    return float(ordered[outside - 1]), float(ordered[count - outside])


def _outside(n: int) -> int:
    """The largest r such that a binomial of n and 1/2 falls below r with at most 2.5 %."""
    if n > EXACT_BINOMIAL:  # the normal limit, with the correction for continuity
        return math.floor((n - Z * math.sqrt(n) + 1) / 2)
    tail, r = 0, 0
    while (tail := tail + math.comb(n, r)) <= (1 - LEVEL) / 2 * 2**n:
        r += 1
    return r
