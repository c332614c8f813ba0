"""The negative binomial distribution, as much of it as an alert needs: both tails and the quantile.

Written by hand because scipy is not a run-time dependency; the tests hold it against scipy.
"""

from __future__ import annotations

import math

_TINY = 1e-300
_PRECISION = 1e-14
_MOST_TERMS = 100_000  # the fraction needs about sqrt(max(a, b)) terms: enough for counts far beyond any network's


def tail(k: int, mean: float, size: float) -> float:
    """P(Y >= k) for Y with the given mean (> 0) and size r > 0 (variance = mean + mean² / r)."""
    if k <= 0:
        return 1.0
    whole = mean + size
    return incomplete_beta(float(k), size, mean / whole, size / whole)


def head(k: int, mean: float, size: float) -> float:
    """P(Y <= k), to full precision where it is tiny."""
    if k < 0:
        return 0.0
    whole = mean + size
    return incomplete_beta(size, k + 1.0, size / whole, mean / whole)


def quantile(level: float, mean: float, size: float) -> int:
    """The least k with P(Y <= k) >= level, 0 < level < 1."""
    below, above = -1, max(1, math.ceil(mean))
    while tail(above + 1, mean, size) > 1 - level:
        below, above = above, above * 2
    while above - below > 1:
        middle = (below + above) // 2
        below, above = (below, middle) if tail(middle + 1, mean, size) <= 1 - level else (middle, above)
    return above


def middle(mean: float, size: float) -> tuple[float, float]:
    """What 95 % of draws lie within."""
    return float(quantile(0.025, mean, size)), float(quantile(0.975, mean, size))


def incomplete_beta(a: float, b: float, x: float, y: float) -> float:
    """The regularised incomplete beta function I_x(a, b), 0 < x < 1 (DLMF 8.17.4 and 8.17.22).

    `y` is 1 - x, given by the caller: where x is close to 1 a difference would have lost it.
    """
    if x > (a + 1) / (a + b + 2):  # the other end of the symmetry converges fast
        return 1.0 - incomplete_beta(b, a, y, x)
    front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log(y)
    return math.exp(front) / (a * _fraction(a, b, x))


def _fraction(a: float, b: float, x: float) -> float:
    """The continued fraction of DLMF 8.17.22 as 1 + d1/(1 + d2/(1 + …)), by Lentz's method."""
    value, c, d = 1.0, 1.0, 0.0
    for n in range(1, _MOST_TERMS):
        term = _term(n, a, b, x)
        d = 1.0 / _not_zero(1.0 + term * d)
        c = _not_zero(1.0 + term / c)
        value *= c * d
        if abs(c * d - 1.0) < _PRECISION:
            return value
    raise ArithmeticError(f"the incomplete beta function of {a}, {b}, {x} did not converge")


def _term(n: int, a: float, b: float, x: float) -> float:
    m, odd = divmod(n, 2)
    if odd:
        return -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
    return m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))


def _not_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
