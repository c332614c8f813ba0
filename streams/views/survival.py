"""The median of waiting times some of which are still running (Kaplan & Meier 1958)."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from streams.views.columns import Bools, Floats, Ints
from streams.views.intervals import Z

_ROUNDING = 1e-12  # a product of n fractions may miss an exact half by this much


class Median(NamedTuple):
    """In the unit of the durations; None: not reached. `low`, `high`: 95 %, None where their curves stay above half."""

    value: int | None
    low: int | None
    high: int | None


def median(durations: Ints, observed: Bools) -> Median:
    """First time at which at most half still wait; interval by Brookmeyer & Crowley (1982) on log(-log S)."""
    times, waiting = _curve(durations, observed)
    survival = np.cumprod(1 - waiting.events / waiting.at_risk) if len(times) else np.zeros(0)
    with np.errstate(divide="ignore", invalid="ignore"):  # at S = 0 the interval is undefined: NaN is never below half
        spread = np.cumsum(waiting.events / (waiting.at_risk * (waiting.at_risk - waiting.events)))
        factor = np.exp(Z * np.sqrt(spread) / np.abs(np.log(survival)))
        lower, upper = survival**factor, survival ** (1 / factor)
    return Median(*(_first_half(times, curve) for curve in (survival, lower, upper)))


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
