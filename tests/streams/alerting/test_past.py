"""A number against its past: against scipy, against the formula written out, and worlds whose truth is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from streams.alerting.past import learn, student_tail, variance, worth
from streams.views.components import Figure
from streams.views.intervals import Z


def figure(value: float, error: float | None = None) -> Figure:
    interval = None if error is None else (value - Z * error, value + Z * error)
    return Figure(posts=100, authors=50, insufficient=False, value=value, interval=interval)


def independent(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    """Bayley & Hammersley's number of values of their own, by numpy."""
    away = values - values.mean()
    r = max(0.0, float((away[1:] * away[:-1]).sum() / max((away**2).sum(), 1e-300)))
    return max(4.0, len(values) * (1 - r) / (1 + r))


@given(st.floats(-50, 50), st.floats(1, 200))
def test_the_tail_is_student_s(t: float, freedom: float) -> None:
    assert student_tail(t, freedom) == pytest.approx(stats.t.sf(t, freedom), rel=1e-9, abs=1e-300)


@given(st.lists(st.tuples(st.floats(-1, 1), st.floats(0.01, 0.5)), min_size=8, max_size=60), st.floats(0.01, 0.5))
def test_the_moments_are_those_of_the_textbook(windows: list[tuple[float, float]], own: float) -> None:
    """Hedges & Olkin: S² estimates the variance between windows and the mean of the sampling variances together."""
    past = learn([figure(value, error) for value, error in windows])
    values, errors = np.array(windows).T
    sampling, spread = (errors**2).mean(), values.var(ddof=1)
    assert past is not None
    worth = independent(values)
    assert past.independent == pytest.approx(worth)
    assert past.single == pytest.approx((errors**2).mean() * 50)
    assert past.mean == pytest.approx(values.mean(), abs=1e-12)
    assert past.between == pytest.approx(max(0.0, spread - sampling), abs=1e-12)
    wanted = math.sqrt(past.between + own**2 + max(spread, sampling) / worth)
    assert past.spread(own**2) == pytest.approx(wanted)
    t = (0.9 - values.mean()) / wanted
    assert past.p_value(0.9, own**2, "up") == pytest.approx(stats.t.sf(t, worth - 1), rel=1e-6, abs=1e-12)
    assert past.p_value(0.9, own**2, "down") == pytest.approx(stats.t.cdf(t, worth - 1), rel=1e-6, abs=1e-12)
    both = 2 * min(stats.t.sf(t, worth - 1), stats.t.cdf(t, worth - 1))
    assert past.p_value(0.9, own**2, "both") == pytest.approx(both, rel=1e-6, abs=1e-12)


@pytest.mark.parametrize(("between", "windows"), [(0.0, 10), (0.0, 28), (0.05, 10), (0.05, 28), (0.2, 28)], ids=str)
def test_false_alarms_keep_to_the_stated_p(between: float, windows: int) -> None:
    """Windows whose truth drifts by `between`, seen with errors of 0.05 to 0.15: an ordinary one more falls below p as
    often as p says, at most half as often again."""
    random = np.random.default_rng(7)
    trials, below = 6_000, {0.05: 0, 0.01: 0}
    for _ in range(trials):
        errors = random.uniform(0.05, 0.15, windows + 1)
        seen = random.normal(random.normal(0.1, between, windows + 1), errors)
        past = learn([figure(value, error) for value, error in zip(seen[1:], errors[1:], strict=True)])
        assert past is not None
        p = past.p_value(seen[0], float(errors[0]) ** 2, "both")
        for level in below:
            below[level] += p < level
    for level, count in below.items():
        assert count / trials <= 1.5 * level, (level, count / trials)
    assert below[0.05] / trials >= 0.015, "nor is it so cautious that it sees nothing"


def test_few_windows_or_windows_that_never_differ_say_nothing() -> None:
    assert learn([figure(0.1, 0.1)] * 7) is None
    assert learn([figure(0.1)] * 30) is None
    assert learn([figure(0.1, 0.1)] * 30) is not None


def test_what_has_no_value_or_only_a_bound_is_left_out() -> None:
    nothing = Figure(posts=3, authors=2, insufficient=True)
    bound = Figure(posts=30, authors=20, insufficient=False, value=9.0, interval=(9.0, None), unreached=True)
    past = learn([figure(1.0, 0.1)] * 4 + [nothing, bound] * 9 + [figure(3.0, 0.1)] * 4)
    assert past is not None
    assert past.mean == 2.0
    assert past.independent == 4.0, "four low ones, then four high ones: not worth eight"


def test_counts_vary_at_least_by_chance() -> None:
    """Thirty windows of exactly nine posts: their spread is nothing, but nine posts vary by three."""
    past = learn([figure(9.0)] * 30, counts=True)
    assert past is not None
    assert past.between == 9.0
    assert past.p_value(12, 0.0, "up") > 0.1
    assert past.p_value(30, 0.0, "up") < 1e-4


def test_a_window_that_happens_to_look_sure_is_as_unsure_as_others_of_its_size() -> None:
    """Ordinary windows of 50 authors have an error of 0.1; one of 200 authors half of that, whatever its own says."""
    past = learn([figure(0.1 * (n % 2), 0.1) for n in range(30)])
    assert past is not None
    sure = Figure(posts=400, authors=200, insufficient=False, value=0.9, interval=(0.89, 0.91))
    unsure = Figure(posts=400, authors=200, insufficient=False, value=0.9, interval=(0.5, 1.0))
    assert past.own(sure) == pytest.approx(0.05**2)
    assert past.own(unsure) == pytest.approx((0.4 / Z) ** 2)


def test_windows_that_hang_together_are_worth_fewer() -> None:
    """An autoregressive process with r = 0.6: a quarter of the windows; the mean's variance from 20,000 of them."""
    random, r, n = np.random.default_rng(3), 0.6, 56
    series = np.zeros((20_000, n + 50))
    for step in range(1, n + 50):
        series[:, step] = r * series[:, step - 1] + random.normal(0, 1, 20_000)
    means = series[:, 50:].mean(axis=1)
    truth = series[:, 50:].var() / means.var()
    found = np.mean([worth(row.tolist()) for row in series[:400, 50:]])
    assert truth == pytest.approx(n * (1 - r) / (1 + r), rel=0.1)
    assert found == pytest.approx(truth, rel=0.35), "from 56 values r is known only roughly, and looks smaller"


def test_a_lopsided_interval_counts_on_the_side_of_the_other_number() -> None:
    lopsided = Figure(posts=100, authors=50, insufficient=False, value=0.02, interval=(0.01, 0.10))
    assert variance(lopsided, 0.5) == pytest.approx((0.08 / Z) ** 2)
    assert variance(lopsided, 0.0) == pytest.approx((0.01 / Z) ** 2)
    open_ended = Figure(posts=100, authors=50, insufficient=False, value=60.0, interval=(40.0, None))
    assert variance(open_ended, 100.0) == math.inf
    assert variance(open_ended, 10.0) == pytest.approx((20 / Z) ** 2)
