"""Which of many tests to tell, when all of them are made again at every look.

Two promises are kept at once.

**Of those told in a look, few are false.** `q_values` are Benjamini & Yekutieli's (2001) over all tests of the look:
all brands, numbers and sources together. They need no independence, and brands, numbers and windows do hang together.
What is told has q <= `LEVEL`, so that of those told in a look one in twenty is expected to be false, at most.

**Looking again and again uses up a budget.** A look each minute is 10,080 tests a week, of windows that overlap. With
z the normal deviate of p, a window of length w that slides in steps of d through an ordinary week W shows something as
unlikely as p in about

    W / w · p · z² · v(z · sqrt(2 d / w))        v(x) = (2 / x)(F(x / 2) - 1 / 2) / ((x / 2) F(x / 2) + f(x / 2))

separate episodes: the clumps in which a process with triangular autocorrelation crosses a high level (Aldous 1989; the
count's own form is Alm 1983), with Siegmund's v for looks at discrete times (Siegmund & Yakir 2007); f and F are the
normal density and distribution. It lies between W / w · p (windows that do not overlap) and W / d · p (Bonferroni over
looks), and is cut to that. A brand has a budget of false alerts per week, which its tests share evenly. As expectations
add up whatever hangs together, the brand's false alerts stay within the budget, as far as each p-value is right.

The functions are pure: what is told follows from the look alone, so a crash or a handover changes nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

import msgspec

WEEK = 7 * 24 * 3_600_000
"""In ms."""
LEVEL = 0.05
"""The largest q-value that is told."""
BUDGET = 0.5
"""False alerts per brand and week, over all its tests."""
RELEASE = 10.0
"""An alert that fires goes on while its p-value is up to so many times what a new one would need: it must not flap."""

_NORMAL = NormalDist()
_LEAST = 1e-300


class Tested(msgspec.Struct, frozen=True):
    """A p-value of a look. `window` (what it is about) and `step` (between looks) in ms.

    `tests`: how many tests the brand has in all, whether or not they are due in this look: they share its budget.
    """

    p_value: float
    window: int
    step: int
    tests: int = 1
    firing: bool = False


class Ruling(msgspec.Struct, frozen=True):
    """What became of a test. `per_week`: in how many episodes an ordinary week shows something so unlikely."""

    q_value: float
    per_week: float
    told: bool


def rule(tests: Sequence[Tested], budget: float = BUDGET, level: float = LEVEL) -> list[Ruling]:
    """Which tests of one look to tell (or to go on telling), in their order. See the module."""
    return [
        _ruling(test, q, budget, level) for test, q in zip(tests, q_values([t.p_value for t in tests]), strict=True)
    ]


def q_values(p_values: Sequence[float]) -> list[float]:
    """Benjamini-Yekutieli: the least false discovery rate at which each would be told, under any dependence."""
    count = len(p_values)
    harmonic = math.fsum(1 / rank for rank in range(1, count + 1))
    found, least = [1.0] * count, 1.0
    ascending = sorted(range(count), key=p_values.__getitem__)
    for rank in range(count, 0, -1):
        index = ascending[rank - 1]
        least = min(least, p_values[index] * count * harmonic / rank)
        found[index] = least
    return found


def per_week(p_value: float, window: int, step: int) -> float:
    """The episodes of a week in which an ordinary window is as unlikely as `p_value`. `window`, `step` in ms."""
    length = max(window, step)
    return WEEK / length * p_value * _repeats(p_value, step / length)


def most(budget: float, window: int, step: int) -> float:
    """The largest p-value that comes up in at most `budget` episodes a week; 0 < budget < 100."""
    low, high = math.log(_LEAST), math.log(0.5)
    while high - low > 1e-9:
        middle = (low + high) / 2
        low, high = (middle, high) if per_week(math.exp(middle), window, step) <= budget else (low, middle)
    return math.exp(low)


def _ruling(test: Tested, q: float, budget: float, level: float) -> Ruling:
    grace = RELEASE if test.firing else 1.0
    needed = test.p_value / grace
    told = per_week(needed, test.window, test.step) <= budget / test.tests and q / grace <= level
    return Ruling(q, per_week(test.p_value, test.window, test.step), told)


def _repeats(p_value: float, step: float) -> float:
    """How many separate chances a window's length gives, for looks every `step` windows."""
    if p_value >= 0.5:
        return 1.0
    z = -_NORMAL.inv_cdf(max(p_value, _LEAST))
    return min(1 / step, max(1.0, z * z * _ladder(z * math.sqrt(2 * step))))


def _ladder(x: float) -> float:
    """Siegmund's v(x), x > 0: the part of a level's crossings that looks at discrete times see."""
    half = x / 2
    return (2 / x) * (_NORMAL.cdf(half) - 0.5) / (half * _NORMAL.cdf(half) + _NORMAL.pdf(half))
