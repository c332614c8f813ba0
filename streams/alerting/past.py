"""A number against the same number of earlier windows: would an ordinary window bring it?

Windows differ for two reasons: each is a sample, which its interval tells, and the conversation itself drifts from one
to the next. That is a meta-analysis with random effects, and what an ordinary new window brings is its prediction
(Higgins, Thompson & Spiegelhalter 2009), by the method of moments that needs no weights (Hedges & Olkin 1985;
DerSimonian & Kacker 2007). With values v_k of n windows and their standard errors s_k

    S² = sample variance of v        τ² = max(0, S² - mean s_k²)        mean m
    a new window with standard error s:   m ± t(n* - 1) · sqrt(τ² + s² + max(S², mean s_k²) / n*)

n* is how many windows of their own the n are worth, as a good day makes several good windows: n (1 - r) / (1 + r), r
their correlation with the next, if positive (Bayley & Hammersley 1946).

A standard error is the half of the 95 % interval on the side of the other number, over 1.96, so that lopsided
intervals are taken as they are. But where few things happen to be said against a brand, its interval happens to be
narrow too, and by its own measure such a window looks farther away than it is: so s is at least that of earlier
windows, for as many authors. (Simulated on sentiment over 32 weeks of a brand, that and n* brought false alerts from
2.3 times to 0.6 times what was promised.) Numbers without an interval have none: then it is the spread of the windows
alone, for counts of posts or people at least that of chance (Poisson).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import msgspec

from config.alert_rule import MIN_PAST, Direction
from streams.alerting.nbinom import incomplete_beta
from streams.views.components import Figure
from streams.views.intervals import Z, student_quantile

LEAST: Final = 4.0
"""Windows that a past is always worth: with fewer Student's t is no longer known well enough."""
_LARGE: Final = 1e12  # a variance of nothing: any difference is beyond chance


class Past(msgspec.Struct, frozen=True):
    """What earlier windows brought: mean, variance between windows `between`, of the mean `error`; how many windows of
    their own they are worth, `independent`; and the sampling variance of a window of one author, `single`."""

    mean: float
    between: float
    error: float
    independent: float
    single: float = 0.0

    def own(self, figure: Figure) -> float:
        """The sampling variance of a figure: its own, at least that of earlier windows for as many authors."""
        return max(variance(figure, self.mean), self.single / max(1, figure.authors))

    def spread(self, own: float) -> float:
        """The standard error of what a new window brings whose own variance is `own`."""
        return math.sqrt(self.between + own + self.error)

    def interval(self, own: float) -> tuple[float, float]:
        """What 95 % of ordinary windows bring."""
        half = student_quantile(self.independent - 1) * self.spread(own)
        return self.mean - half, self.mean + half

    def p_value(self, value: float, own: float, direction: Direction) -> float:
        """How likely an ordinary window is at least so far away, in that direction."""
        spread, away = self.spread(own), value - self.mean
        t = away / spread if spread > 0 else math.copysign(_LARGE, away) if away else 0.0
        if direction == "both":
            return 2 * student_tail(abs(t), self.independent - 1)
        return student_tail(t if direction == "up" else -t, self.independent - 1)


def learn(figures: Sequence[Figure], *, counts: bool = False) -> Past | None:
    """From the figures of earlier windows; those without a value, or whose value is only a bound, tell nothing.

    None with fewer than `MIN_PAST`, and where windows never differed and have no interval: nobody can say what chance
    does there.
    """
    told = [each for each in figures if each.value is not None and not each.unreached]
    values = [each.value for each in told if each.value is not None]
    if len(values) < MIN_PAST:
        return None
    n, mean = len(values), math.fsum(values) / len(values)
    independent = worth(values)
    single = math.fsum(_middle(each) * each.authors for each in told) / n
    sampling = math.fsum(_middle(each) for each in told) / n
    spread = math.fsum((value - mean) ** 2 for value in values) / (n - 1)
    if counts:
        spread = max(spread, mean, 0.5)
    if not spread and not sampling:
        return None
    return Past(mean, max(0.0, spread - sampling), max(spread, sampling) / independent, independent, single)


def worth(values: Sequence[float]) -> float:
    """How many values of their own these are worth that follow each other in time; at least `LEAST`."""
    mean = math.fsum(values) / len(values)
    away = [value - mean for value in values]
    squares = math.fsum(each * each for each in away)
    together = math.fsum(one * other for one, other in pairwise(away))
    r = max(0.0, together / squares) if squares else 0.0
    return max(LEAST, len(values) * (1 - r) / (1 + r))


def variance(figure: Figure, towards: float) -> float:
    """The square of a figure's standard error on the side of `towards`; 0 without an interval. An end that the data do
    not bound makes it infinite there."""
    if figure.interval is None or figure.value is None:
        return 0.0
    low, high = figure.interval
    if towards <= figure.value:
        return ((figure.value - low) / Z) ** 2
    return math.inf if high is None else ((high - figure.value) / Z) ** 2


def _middle(figure: Figure) -> float:
    """The square of a standard error whatever the side."""
    if figure.interval is None or figure.value is None:
        return 0.0
    low, high = figure.interval
    width = 2 * (figure.value - low) if high is None else high - low
    return (width / (2 * Z)) ** 2


def student_tail(t: float, freedom: float) -> float:
    """P(T >= t) of Student's t (DLMF 8.17; Abramowitz & Stegun 26.7.1)."""
    square = t * t
    if not square:
        return 0.5
    if t < 0:
        return 1.0 - student_tail(-t, freedom)
    whole = freedom + square
    return 0.0 if math.isinf(whole) else incomplete_beta(freedom / 2, 0.5, freedom / whole, square / whole) / 2
