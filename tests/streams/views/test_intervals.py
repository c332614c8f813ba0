"""Intervals against other people's code, and against the truth: do they hold it as often as they say?"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from streams.views.columns import Floats, Ints
from streams.views.intervals import (
    effective,
    mean_interval,
    median_interval,
    percentile_interval,
    poisson_bootstrap,
    poisson_weights,
    student_quantile,
    wilson,
)
from streams.views.sentiment import NEGATIVE, POSITIVE
from tests.streams.views import oracle


@given(st.integers(0, 10**7), st.integers(0, 10**7))
def test_wilson(count: int, more: int) -> None:
    mine, other = wilson(count, count + more), oracle.wilson(count, count + more)
    assert (mine is None) == (other is None)
    if mine is not None and other is not None:
        assert mine == pytest.approx(other, rel=1e-9, abs=1e-12)
        assert 0 <= mine[0] <= count / (count + more) <= mine[1] <= 1


@pytest.mark.parametrize("share", [0.05, 0.3, 0.5, 0.9])
@pytest.mark.parametrize("total", [20, 60, 500])
def test_wilson_holds_the_truth(share: float, total: int) -> None:
    """Exact coverage, summed over the binomial; Wilson's oscillates around 95 %."""
    covered = 0.0
    for count in range(total + 1):
        low, high = wilson(count, total) or (1.0, 0.0)
        covered += float(stats.binom.pmf(count, total, share)) * (low <= share <= high)
    assert 0.92 <= covered <= 0.985


@pytest.mark.parametrize("freedom", [3, 4, 5, 8, 15, 60, 1_000])
def test_student_quantile(freedom: int) -> None:
    assert student_quantile(freedom) == pytest.approx(float(stats.t.ppf(0.975, freedom)), rel=0.01)


def test_weights_are_poisson_and_do_not_hang_together() -> None:
    authors = np.random.default_rng(1).integers(-(2**63), 2**63 - 1, 4_000)
    weights = poisson_weights(authors, 202)
    assert weights.shape == (4_000, 202)
    observed = np.bincount(weights.astype(int).ravel(), minlength=6)[:6] / weights.size
    assert observed == pytest.approx([math.exp(-1) / math.factorial(k) for k in range(6)], abs=0.002)
    across = np.asarray(np.corrcoef(weights.T))[np.triu_indices(202, 1)]
    assert np.abs(across).max() < 6 / math.sqrt(4_000)
    neighbours = np.asarray(np.corrcoef(poisson_weights(np.arange(300), 202)))[np.triu_indices(300, 1)]
    assert np.abs(neighbours).max() < 6 / math.sqrt(202)


def test_a_weight_depends_on_its_author_and_replicate_alone() -> None:
    authors = np.arange(-3_000, 3_000)
    whole = poisson_weights(authors, 200)
    assert (poisson_weights(authors[::-1], 200)[::-1] == whole).all()
    assert (poisson_weights(authors[17:18], 50) == whole[17:18, :50]).all()


def test_sums_do_not_depend_on_the_order_of_authors() -> None:
    random = np.random.default_rng(2)
    authors, counts = random.integers(-(2**63), 2**63 - 1, 5_000), random.integers(0, 50, (5_000, 3))
    order = random.permutation(5_000)
    there, here = poisson_bootstrap(authors[order], counts[order], 200), poisson_bootstrap(authors, counts, 200)
    assert (there == here).all()


def test_too_few_clusters_or_replicates_give_none() -> None:
    assert percentile_interval(np.arange(200.0), 1) is None
    assert percentile_interval(np.full(200, np.nan), 50) is None
    assert percentile_interval(np.full(200, 0.25), 50) == (0.25, 0.25)


def net_interval(authors: Ints, counts: Ints) -> tuple[float, float]:
    sums = poisson_bootstrap(authors, counts, 200)
    interval = percentile_interval((sums[POSITIVE] - sums[NEGATIVE]) / sums.sum(axis=0), effective(counts.sum(axis=1)))
    assert interval is not None
    return interval


@pytest.mark.parametrize("authors", [25, 60, 200])
def test_the_bootstrap_holds_the_truth_where_authors_cluster(authors: int) -> None:
    """Each author has leanings of their own (Dirichlet) and some posts (1 + geometric); 1,000 conversations, seeded."""
    random, lean = np.random.default_rng(authors), np.array([0.6, 0.9, 1.5])
    truth = (lean[POSITIVE] - lean[NEGATIVE]) / lean.sum()
    held, naive = 0, 0
    for _ in range(1_000):
        counts = random.multinomial(random.geometric(0.25, authors), random.dirichlet(lean, authors))
        low, high = net_interval(random.integers(-(2**63), 2**63 - 1, authors), counts)
        held += low <= truth <= high
        naive += _held_by_posts(counts.sum(axis=0), truth)
    assert 0.93 <= held / 1_000 <= 0.97
    assert naive / 1_000 < 0.90  # posts taken as independent: what the clustering is there to prevent


def _held_by_posts(counts: Ints, truth: float) -> bool:
    n, shares = counts.sum(), counts / counts.sum()
    net = shares[POSITIVE] - shares[NEGATIVE]
    error: Floats = np.sqrt((shares[POSITIVE] + shares[NEGATIVE] - net**2) / n)
    return bool(abs(net - truth) <= 1.96 * error)


@pytest.mark.parametrize("n", [1, 5, 6, 7, 20, 63, 64, 500, 501, 10_000])
def test_median_interval_is_the_narrowest_of_order_statistics(n: int) -> None:
    """At least 95 % by the binomial, and no longer so one place further in."""
    found = median_interval(np.arange(n)[::-1])
    if n < 6:
        assert found is None
        return
    low, high = (int(end) for end in found or (0, 0))
    assert low + high == n - 1
    assert stats.binom.cdf(low, n, 0.5) <= 0.0251 < stats.binom.cdf(low + 1, n, 0.5)


@pytest.mark.parametrize("n", [8, 25, 200])
def test_median_interval_holds_the_truth(n: int) -> None:
    """Of skewed whole numbers with many ties, as sizes of threads are."""
    random = np.random.default_rng(n)
    truth = float(np.median(random.geometric(0.2, 1_000_001)))
    held = 0
    for _ in range(1_000):
        low, high = median_interval(random.geometric(0.2, n)) or (1.0, 0.0)
        held += low <= truth <= high
    assert held / 1_000 >= 0.94


@pytest.mark.parametrize("n", [10, 60])
def test_mean_interval_holds_the_truth(n: int) -> None:
    """Of mildly skewed values around 2, as virality is; a hash per cluster."""
    random, held = np.random.default_rng(n), 0
    for _ in range(400):
        values = 1.5 + random.gamma(2, 0.25, n)
        low, high = mean_interval(random.integers(-(2**63), 2**63 - 1, n), values, 200) or (1.0, 0.0)
        held += low <= 2.0 <= high
        assert low <= values.mean() <= high
    assert 0.91 <= held / 400 <= 0.985


def test_mean_of_equal_values_is_certain() -> None:
    assert mean_interval(np.arange(9), np.full(9, 4 / 3), 50) == pytest.approx((4 / 3, 4 / 3), abs=1e-6)
