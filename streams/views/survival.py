"""The median of waiting times some of which are still running (Kaplan & Meier 1958)."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from streams.views.clusters import Clusters, few
from streams.views.columns import Bools, Floats, Ints
from streams.views.intervals import Z, effective

_ROUNDING = 1e-12  # a product of n fractions may miss an exact half by this much


class Median(NamedTuple):
    """In the unit of the durations; None: not reached. `low`, `high`: 95 %, None where their curves stay above half."""

    value: int | None
    low: int | None
    high: int | None


def median(durations: Ints, observed: Bools, clusters: Ints | None = None) -> Median:
    """First time at which at most half still wait; interval by Brookmeyer & Crowley (1982) on log(-log S).

    `clusters`: hashes of what hangs together; the interval is then as much wider as the estimate at its median varies
    more than if each were its own (Ying & Wei 1994).
    """
    times, waiting = _curve(durations, observed)
    survival = np.cumprod(1 - waiting.events / waiting.at_risk) if len(times) else np.zeros(0)
    middle = _first_half(times, survival)
    z = Z if clusters is None or not len(times) else Z * _wider(durations, observed, clusters, times, waiting, middle)
    with np.errstate(divide="ignore", invalid="ignore"):  # at S = 0 the interval is undefined: NaN is never below half
        spread = np.cumsum(waiting.events / (waiting.at_risk * (waiting.at_risk - waiting.events)))
        factor = np.exp(z * np.sqrt(spread) / np.abs(np.log(survival)))
        lower, upper = survival**factor, survival ** (1 / factor)
    return Median(middle, _first_half(times, lower), _first_half(times, upper))


def _wider(
    durations: Ints, observed: Bools, clusters: Ints, times: Ints, waiting: _Waiting, middle: int | None
) -> float:
    """At least 1: by the influence of each on the hazard up to the median, or the last event, summed over clusters."""
    until = times[-1] if middle is None else middle
    hazard = np.concatenate(([0.0], np.cumsum(waiting.events / waiting.at_risk**2)))
    own = observed & (durations <= until)
    at = np.minimum(times.searchsorted(durations), len(times) - 1)
    passed = hazard[times.searchsorted(np.minimum(durations, until), side="right")]
    influence = np.where(own, 1 / waiting.at_risk[at], 0.0) - passed
    apart = float((influence**2).sum())
    grouped = Clusters.of(clusters)
    ratio = grouped.squares(influence) / apart * (1 - 1 / max(2, len(durations))) if apart > 0 else 1.0
    worth = effective(np.bincount(grouped.first))
    return math.sqrt(max(1.0, ratio) / few(worth, len(durations)))


class _Waiting(NamedTuple):
    events: Floats
    at_risk: Floats


def _curve(durations: Ints, observed: Bools) -> tuple[Ints, _Waiting]:
    times, events = np.unique(durations[observed], return_counts=True)
    at_risk = len(durations) - np.sort(durations).searchsorted(times)
    return times, _Waiting(events.astype(np.float64), at_risk.astype(np.float64))


def _first_half(times: Ints, curve: npt.NDArray[np.floating[Any]]) -> int | None:
    below = np.flatnonzero(curve <= 0.5 + _ROUNDING)
    return int(times[below[0]]) if len(below) else None
