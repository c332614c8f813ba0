"""Is a brand's volume far above what its own recent past makes likely? A pure function of the times of its posts.

The past is cut into windows of the same length. Their counts are modelled as negative binomial, that is Poisson with a
rate that varies by a gamma law (Greenwood & Yule 1920), because people come in bursts and by the hour of the day. The
window in question is judged by the *predictive* distribution, which also carries that the past is only a sample:

    mean m = (sum + 1/2) / n        variance v = max(m, s² + one standard error of s²) · (1 + 1/n)
    size r = m² / (v - m)

Without over-dispersion (s² <= m) this is exactly the Poisson-gamma predictive under Jeffreys' prior, size sum + 1/2.

A past crisis must not hide the next one: the highest windows count as ordinary only while they are likely given the
rest (a forward search, Atkinson & Riani 2000); at most one window in twenty may be set aside that way.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from streams.alerting.nbinom import middle, tail

MIN_WINDOWS = 48
"""With fewer windows of history there is no judgement. Simulated: from here on false alarms keep to the stated p."""
CAUTION = 1.0
"""Standard errors added to the variance: it is estimated too, and a tail feels it most."""
OUTLIERS = 0.05
"""The largest share of the past's windows that may be set aside as outliers."""

Times = npt.NDArray[np.int64]
"""Event times in ms since 1970, ascending."""
Span = tuple[int, int]
"""[start, end) in ms since 1970."""


class Past(msgspec.Struct, frozen=True):
    """What an ordinary window brings: predictive mean and size (see the module), learnt from `windows` windows."""

    mean: float
    size: float
    windows: int

    def p_value(self, count: int) -> float:
        """How likely an ordinary window brings at least `count` posts."""
        return tail(count, self.mean, self.size)

    def interval(self) -> tuple[float, float]:
        """What 95 % of ordinary windows bring."""
        return middle(self.mean, self.size)


class Question(msgspec.Struct, frozen=True):
    """What is asked of the times; all in ms. `since`: when watching began; `left_out`: times that were not ordinary."""

    now: int
    step: int
    window: int
    baseline: int
    hold: int
    since: int
    left_out: Sequence[Span] = ()


class Verdict(msgspec.Struct, frozen=True):
    """The busiest window that ended within the last `hold`: its count, end (ms), and how likely it is by the past."""

    count: int
    end: int
    past: Past
    p_value: float


def judge(times: Times, question: Question, p: float) -> Verdict | None:
    """The busiest window against the past. None: too little history to judge.

    All windows that ended within the last `hold` are looked at, every `step`. So posts that come late still count, and
    a condition that held within `hold` still shows: who takes the brand over needs no memory of earlier looks.
    """
    ends = question.now - np.arange(0, question.hold + 1, question.step, dtype=np.int64)
    counts = count(times, ends - question.window, ends)
    past = learn(history(times, question, int(ends[-1]) - question.window), p)
    if past is None:
        return None
    busiest = len(counts) - 1 - int(np.argmax(counts[::-1]))  # of equals the earliest: the alert's start is stable
    most = int(counts[busiest])
    return Verdict(most, int(ends[busiest]), past, past.p_value(most))


def count(times: Times, starts: Times, ends: Times) -> Times:
    """Posts in each [start, end)."""
    return np.searchsorted(times, ends, side="left") - np.searchsorted(times, starts, side="left")


def history(times: Times, question: Question, until: int) -> Times:
    """Counts of the past's ordinary windows that end by `until`.

    The windows stand on a fixed grid, so that two looks see the same past. Those that touch a span of `left_out` do not
    count, so that a long crisis does not become normal at once; but when too few would be left, all count: it has
    become normal.
    """
    last = until // question.window
    first = max(last - question.baseline // question.window, -(-question.since // question.window))
    starts = np.arange(first, last, dtype=np.int64) * question.window
    counts = count(times, starts, starts + question.window)
    ordinary = np.ones(len(starts), dtype=bool)
    for start, end in question.left_out:
        ordinary &= (starts >= end) | (starts + question.window <= start)
    return counts[ordinary] if ordinary.sum() >= MIN_WINDOWS else counts


def learn(counts: Times, p: float) -> Past | None:
    """The model of the past from one count per window; windows less likely than `p` given the others are set aside.

    Returns None with fewer than `MIN_WINDOWS` windows: not judged.
    """
    if len(counts) < MIN_WINDOWS:
        return None
    ordered = np.sort(counts)
    kept = len(ordered) - int(len(ordered) * OUTLIERS)
    sums, squares = np.cumsum(ordered, dtype=np.float64), np.cumsum(np.square(ordered, dtype=np.float64))
    past = _fit(float(sums[kept - 1]), float(squares[kept - 1]), kept)
    while kept < len(ordered) and past.p_value(int(ordered[kept])) >= p:
        kept += 1
        past = _fit(float(sums[kept - 1]), float(squares[kept - 1]), kept)
    return past


def _fit(total: float, squares: float, windows: int) -> Past:
    mean = (total + 0.5) / windows
    spread = (squares - total * total / windows) / (windows - 1)
    variance = max(mean, _cautious(mean, spread, windows)) * (1 + 1 / windows)
    return Past(mean=mean, size=mean * mean / (variance - mean), windows=windows)


def _cautious(mean: float, spread: float, windows: int) -> float:
    """The sample variance plus `CAUTION` of its standard errors, which depend on the negative binomial's kurtosis."""
    if spread <= mean:
        return mean
    excess_kurtosis = 6 * (spread - mean) / (mean * mean) + 1 / spread
    return spread * (1 + CAUTION * math.sqrt((2 + excess_kurtosis) / windows))
