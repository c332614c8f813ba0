"""The hand-written distribution against scipy; a p-value needs no more than four digits."""

from __future__ import annotations

import math

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import special, stats

from streams.alerting.nbinom import head, incomplete_beta, quantile, tail

means = st.floats(-3, 6).map(lambda power: 10**power)
sizes = st.floats(-2, 7).map(lambda power: 10**power)


@settings(max_examples=400, deadline=None)
@given(mean=means, size=sizes, factor=st.floats(0, 20))
@example(mean=1e-3, size=1e-2, factor=20)
@example(mean=1e6, size=1e7, factor=1.01)
@example(mean=316227.7660168379, size=0.01, factor=16.0)
def test_tail_agrees_with_scipy(mean: float, size: float, factor: float) -> None:
    k = math.ceil(mean * factor)
    assert tail(k, mean, size) == pytest.approx(stats.nbinom.sf(k - 1, size, size / (size + mean)), rel=1e-4, abs=1e-12)


@settings(max_examples=400, deadline=None)
@given(mean=means, size=sizes, factor=st.floats(0, 3))
def test_head_agrees_with_scipy(mean: float, size: float, factor: float) -> None:
    """To four digits also where it is tiny, as a drop is judged there."""
    k = math.floor(mean * factor)
    exact = float(stats.nbinom.cdf(k, size, size / (size + mean)))
    assert head(k, mean, size) == pytest.approx(exact, rel=1e-4, abs=1e-280)
    assert head(-1, mean, size) == 0


@settings(max_examples=200, deadline=None)
@given(mean=st.floats(-2, 5).map(lambda power: 10**power), size=sizes, level=st.sampled_from([0.025, 0.5, 0.975]))
def test_quantile_agrees_with_scipy(mean: float, size: float, level: float) -> None:
    expected = stats.nbinom.ppf(level, size, size / (size + mean))
    found = quantile(level, mean, size)
    on_the_edge = abs(float(stats.nbinom.cdf(min(found, expected), size, size / (size + mean))) - level) < 1e-9
    assert found == expected or on_the_edge


@given(a=st.floats(0.01, 1e4), b=st.floats(0.01, 1e4), x=st.floats(1e-9, 0.999))
def test_incomplete_beta_agrees_with_scipy(a: float, b: float, x: float) -> None:
    assert incomplete_beta(a, b, x, 1 - x) == pytest.approx(special.betainc(a, b, x), rel=1e-7, abs=1e-12)


def test_far_tails_are_zero_and_not_an_error() -> None:
    assert tail(10_000, 1.0, 1e6) == 0.0
    assert tail(0, 5.0, 2.0) == 1.0
