"""What could be found at best: by somebody who knows a simulated brand's law, and need not learn it.

Each five minutes' count is judged by a negative binomial with the world's own mean and variance, with the same looks,
`hold` and least posts as the rule has. The level is then the one that has the wanted false alerts in these very days,
which nobody can know beforehand either.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from scipy import stats

from benchmarks.detection_replay import episodes
from benchmarks.detection_world import BEGIN, CELL, MINUTE, World
from benchmarks.nab import Floats, Ints
from config.alert_rules import VolumeSpikeRule
from streams.alerting.clock import length_ms
from streams.alerting.volume import count

LEVELS: Final = tuple(float(level) for level in np.geomspace(1e-6, 1e-2, 41))


def looks(world: World, rule: VolumeSpikeRule, times: Ints, first: int, last: int) -> Floats:
    """The p-value of each minute's look: the least of the windows that ended within `hold`."""
    hold = length_ms(rule.hold) // MINUTE
    ends = np.arange(first - hold * MINUTE, last, MINUTE, dtype=np.int64)
    counts = count(times, ends - CELL, ends)
    k = float(np.mean((world.sd**2 - world.mean) / world.mean**2))
    edges, sums = BEGIN + np.arange(len(world.mean) + 1) * CELL, np.concatenate(([0.0], np.cumsum(world.mean)))
    mean = np.interp(ends, edges, sums) - np.interp(ends - CELL, edges, sums)
    law = stats.nbinom(1 / k, 1 / (1 + k * mean))
    found = np.where(counts >= rule.min_posts, law.sf(counts - 1), 1.0)
    return np.asarray(np.lib.stride_tricks.sliding_window_view(found, hold + 1).min(axis=1), dtype=np.float64)


def alerts(world: World, rule: VolumeSpikeRule, first: int, last: int) -> tuple[int, ...]:
    """False alerts at each of the levels."""
    found = looks(world, rule, world.times, first, last)
    return tuple(episodes(found, level) for level in LEVELS)


def level(false_per_week: Sequence[float], wanted: float) -> float:
    """The largest level with at most so many false alerts."""
    return max((level for level, false in zip(LEVELS, false_per_week, strict=True) if false <= wanted), default=0.0)
