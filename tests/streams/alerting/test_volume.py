"""The volume rule: against scipy, on simulated seasons, and at its edges."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest
from scipy import stats

from streams.alerting.volume import MIN_WINDOWS, Past, Question, Times, history, judge, learn

MINUTE = 60_000
NOW = 1_800_000_000_000  # a multiple of 5 minutes
P = 1e-3
ASK = Question(now=NOW, step=15_000, window=5 * MINUTE, baseline=24 * 60 * MINUTE, hold=10 * MINUTE, since=0)
OLDEST = NOW - ASK.baseline - ASK.hold - 2 * ASK.window


def even(per_window: int, start: int = OLDEST, end: int = NOW) -> Times:
    """So many posts in every window, evenly spread."""
    return np.arange(start, end, ASK.window // per_window, dtype=np.int64)


def burst(count: int, at: int) -> Times:
    """So many posts within a second."""
    return at + np.arange(count, dtype=np.int64) * 1_000 // count


def merged(*times: Times) -> Times:
    return np.sort(np.concatenate(times))


def test_without_overdispersion_it_is_the_poisson_gamma_predictive() -> None:
    """Jeffreys' posterior of the rate is Gamma(sum + 1/2, n); a window drawn from it is NB(sum + 1/2, n / (n + 1))."""
    past = learn(np.full(100, 7, dtype=np.int64), P)
    assert past is not None
    for count in (8, 15, 30):
        assert past.p_value(count) == pytest.approx(stats.nbinom.sf(count - 1, 700.5, 100 / 101), rel=1e-9)


def test_interval_holds_95_percent_of_the_predictive() -> None:
    past = learn(np.random.default_rng(1).poisson(50, 288), P)
    assert past is not None
    low, high = past.interval()
    law = stats.nbinom(past.size, past.size / (past.size + past.mean))
    assert law.cdf(low - 1) <= 0.025 < law.cdf(low)
    assert law.cdf(high - 1) < 0.975 <= law.cdf(high)


@pytest.mark.parametrize("windows", [48, 96, 288])
@pytest.mark.parametrize("size", [math.inf, 20.0, 5.0, 1.0])
@pytest.mark.parametrize("mean", [5.0, 50.0, 500.0])
def test_false_alarms_keep_to_the_stated_rate(windows: int, size: float, mean: float) -> None:
    """Over seeded pasts, the exact chance that an ordinary window fires is at most p (here with simulation noise)."""
    dice = np.random.default_rng(7)
    law = stats.poisson(mean) if math.isinf(size) else stats.nbinom(size, size / (size + mean))
    chances, thresholds = [], []
    for _ in range(150):
        past = learn(law.rvs(windows, random_state=dice), P)
        assert past is not None
        thresholds.append(_least(past))
        chances.append(law.sf(thresholds[-1] - 1))
    assert np.mean(chances) < 1.35 * P  # 1.0 but for the noise of 150 pasts; the stock moment estimate gives up to 4
    ideal = int(law.isf(P)) + 1
    assert np.mean(thresholds) <= 1.4 * ideal  # cautious, not blind


def _least(past: Past) -> int:
    """The least count that fires."""
    low, high = 0, 1
    while past.p_value(high) >= P:
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if past.p_value(middle) >= P else (low, middle)
    return high


def season(dice: np.random.Generator, days: int = 3) -> Times:
    """Posts with a daily rhythm (four times as many at noon as at night) and bursts: NB of size 10 per window."""
    starts = np.arange(OLDEST - (days - 1) * 24 * 60 * MINUTE, NOW, ASK.window)
    rate = 25 * (1 + 0.6 * np.sin(2 * np.pi * (starts / (24 * 60 * MINUTE))))
    counts = dice.poisson(rate * dice.gamma(10, 0.1, len(starts)))
    return np.sort(np.repeat(starts, counts) + dice.integers(0, ASK.window, counts.sum()))


def test_seasons_do_not_fire_and_spikes_on_top_of_them_do() -> None:
    """Looks at three seeded days, at p = 1e-4: none of 288 ordinary windows fires, a fivefold one at any hour does."""
    dice = np.random.default_rng(11)
    for _ in range(3):
        times = season(dice)
        for back in range(0, 24 * 60, 15):
            question = msgspec.structs.replace(ASK, now=NOW - back * MINUTE, hold=0)
            calm = judge(times, question, 1e-4)
            assert calm is not None
            assert calm.p_value > 1e-4
            loud = judge(merged(times, burst(250, question.now - 2 * MINUTE)), question, 1e-4)
            assert loud is not None
            assert loud.p_value < 1e-4


def test_a_posts_age_decides_not_its_arrival() -> None:
    """A burst that is known only now, ten minutes late, is still found; half an hour late it is past."""
    for late, found in ((4, True), (10, True), (30, False)):
        verdict = judge(merged(even(4), burst(60, NOW - late * MINUTE)), ASK, P)
        assert verdict is not None
        assert (verdict.p_value < P) is found


def test_the_busiest_windows_end_is_stable_from_look_to_look() -> None:
    times = merged(even(1), burst(60, NOW - MINUTE))
    first = judge(times, ASK, P)
    second = judge(times, msgspec.structs.replace(ASK, now=NOW + 15_000), P)
    assert first is not None
    assert second is not None
    assert (first.end, first.count) == (second.end, second.count)


def test_too_little_history_is_not_judged() -> None:
    def since(windows: int) -> Question:
        oldest_needed = NOW - ASK.hold - (windows + 1) * ASK.window
        return msgspec.structs.replace(ASK, since=oldest_needed)

    assert judge(burst(500, NOW - MINUTE), since(MIN_WINDOWS - 1), P) is None
    enough = judge(burst(500, NOW - MINUTE), since(MIN_WINDOWS), P)
    assert enough is not None
    assert enough.past.windows == MIN_WINDOWS
    assert enough.p_value < P


def test_silence_before_watching_began_is_no_history() -> None:
    """Fifty hours of nothing, of which only the last five were watched: just those count."""
    question = msgspec.structs.replace(ASK, since=NOW - 300 * MINUTE)
    assert len(history(np.array([], dtype=np.int64), question, NOW)) == 60


def test_old_crises_do_not_hide_a_new_one() -> None:
    calm = even(4)
    spike = burst(40, NOW - 2 * MINUTE)
    crises = [burst(2_000, NOW - hours * 60 * MINUTE) for hours in (2, 5, 6, 11, 20)]
    alone, after_crises = judge(merged(calm, spike), ASK, P), judge(merged(calm, spike, *crises), ASK, P)
    assert alone is not None
    assert after_crises is not None
    assert after_crises.p_value < P
    assert after_crises.past.mean == pytest.approx(alone.past.mean, rel=0.05)


def test_what_happens_often_is_ordinary() -> None:
    """Bursts in one window of eight are the brand's way of talking, not outliers."""
    bursts = [burst(40, NOW - ASK.hold - ASK.window * (8 * number + 2)) for number in range(1, 36)]
    verdict = judge(merged(even(4), burst(40, NOW - 2 * MINUTE), *bursts), ASK, P)
    assert verdict is not None
    assert verdict.p_value > P


def test_a_long_crisis_stays_one_until_nothing_else_is_left() -> None:
    """The firing alert's own time is left out of the past, until too little of the rest remains."""
    began = NOW - 10 * 60 * MINUTE
    times = merged(even(4), even(60, start=began))
    blind, knowing = (
        judge(times, ASK, P),
        judge(times, msgspec.structs.replace(ASK, left_out=[(began - ASK.window, NOW)]), P),
    )
    assert blind is not None
    assert knowing is not None
    assert blind.p_value > P
    assert knowing.p_value < P
    all_of_it = judge(times, msgspec.structs.replace(ASK, left_out=[(OLDEST, NOW)]), P)
    assert all_of_it is not None
    assert all_of_it.p_value > P


def test_no_posts_at_all_are_judged_calm() -> None:
    verdict = judge(np.array([], dtype=np.int64), ASK, P)
    assert verdict is not None
    assert verdict.count == 0
    assert verdict.p_value == 1.0
