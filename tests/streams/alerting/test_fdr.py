"""What is told of many tests: against scipy, and the rate of repeated looks against simulated weeks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from streams.alerting import fdr  # by name pytest would take `Tested` for a test
from streams.alerting.fdr import LEVEL, RELEASE, WEEK, most, per_week, q_values, rule

MINUTE = 60_000
chances = st.floats(1e-12, 1.0)


@given(st.lists(chances, min_size=1, max_size=40))
def test_q_values_are_those_of_scipy(p_values: list[float]) -> None:
    assert q_values(p_values) == pytest.approx(stats.false_discovery_control(p_values, method="by"))


def test_nothing_is_tested_and_nothing_told() -> None:
    assert rule([]) == []
    assert q_values([]) == []


@pytest.mark.parametrize("step", [MINUTE // 4, MINUTE, 5 * MINUTE])
@pytest.mark.parametrize("mean", [5.0, 50.0])
def test_episodes_of_simulated_weeks(step: int, mean: float) -> None:
    """Poisson posts, five-minute windows, 200 weeks: as many separate episodes as `per_week` says, within noise."""
    dice = np.random.default_rng(5)
    parts, weeks = 5 * MINUTE // step, 200
    posts = dice.poisson(mean / parts, weeks * WEEK // step)
    sums = np.concatenate(([0], np.cumsum(posts)))
    windows = sums[parts:] - sums[:-parts]
    least = int(stats.poisson.isf(3e-4, mean)) + 1
    hits = np.flatnonzero(windows >= least)
    seen = (1 + np.count_nonzero(np.diff(hits) > 10 * MINUTE // step)) / weeks
    expected = per_week(float(stats.poisson.sf(least - 1, mean)), 5 * MINUTE, step)
    assert seen == pytest.approx(expected, rel=0.25)
    assert expected <= WEEK / step * stats.poisson.sf(least - 1, mean)  # never more than the looks


def test_windows_that_do_not_overlap_are_counted_once() -> None:
    assert per_week(1e-4, 5 * MINUTE, 5 * MINUTE) == pytest.approx(2016e-4, rel=0.02)
    assert per_week(1e-4, MINUTE, 5 * MINUTE) == pytest.approx(2016e-4, rel=0.02)
    assert per_week(1.0, 5 * MINUTE, MINUTE) >= 2016


@pytest.mark.parametrize("budget", [0.01, 0.1, 1.0])
def test_most_is_the_other_way_round(budget: float) -> None:
    assert per_week(most(budget, 5 * MINUTE, MINUTE), 5 * MINUTE, MINUTE) == pytest.approx(budget)


def test_tests_of_a_brand_share_its_budget() -> None:
    p = most(fdr.BUDGET / 5, 5 * MINUTE, MINUTE)
    assert rule([fdr.Tested(p * 0.99, 5 * MINUTE, MINUTE, tests=5)])[0].told
    assert not rule([fdr.Tested(p * 1.01, 5 * MINUTE, MINUTE, tests=5)])[0].told


def test_what_fires_goes_on_longer_than_it_needs_to_begin() -> None:
    p = most(1.0, 5 * MINUTE, MINUTE)
    fresh, firing = rule([fdr.Tested(2 * p, 5 * MINUTE, MINUTE), fdr.Tested(2 * p, 5 * MINUTE, MINUTE, firing=True)])
    assert (fresh.told, firing.told) == (False, True)
    assert not rule([fdr.Tested(2 * RELEASE * p, 5 * MINUTE, MINUTE, firing=True)])[0].told


def test_in_a_large_installation_few_of_those_told_are_false() -> None:
    """10,000 tests in a look, 50 with something behind it, each with budget to spare: at most 5 % of those told are
    false, on average over 20 looks."""
    dice, shares = np.random.default_rng(3), []
    for _ in range(20):
        p = np.concatenate((dice.uniform(size=10_000) + 1e-12, 10 ** dice.uniform(-12, -6, 50)))
        rulings = rule([fdr.Tested(float(each), 7 * 24 * 60 * MINUTE, 7 * 24 * 60 * MINUTE) for each in p], budget=10)
        told = [number for number, ruling in enumerate(rulings) if ruling.told]
        shares.append(sum(number < 10_000 for number in told) / max(1, len(told)))
        assert all(rulings[number].q_value <= LEVEL for number in told)
        assert len(told) > 25
    assert np.mean(shares) <= LEVEL
