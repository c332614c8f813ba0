"""The seasonal baseline on simulated weeks whose law is known; scipy is the oracle of every chance."""

from __future__ import annotations

import math
from collections.abc import Callable

import msgspec
import numpy as np
import pytest
from scipy import stats

from streams.alerting.hour_of_week import HOUR, of_week
from streams.alerting.rhythm import Floats, deviate
from streams.alerting.season import Season, Side, judge, learn, lesson_of, look
from streams.alerting.volume import Question, Span, Times

MINUTE = 60_000
CELL = 5 * MINUTE
WEEK = 7 * 24 * HOUR
NOW = 1_799_798_400_000 // WEEK * WEEK + 4 * 24 * HOUR  # Monday 0:00 UTC
Profile = Callable[[np.ndarray[tuple[int], np.dtype[np.int64]]], Floats]


def asked(now: int = NOW, weeks: float = 4, window: int = CELL) -> Question:
    return Question(now, MINUTE, window, 8 * WEEK, 0, NOW - int(weeks * WEEK))


def flat(hours: Times) -> Floats:
    return np.ones(len(hours))


def daily(hours: Times) -> Floats:
    """Four times as much at 18:00 as at 6:00, half of it at the weekend."""
    return (1 + 0.6 * np.cos(2 * np.pi * (hours % 24 - 18) / 24)) * np.where(hours >= 120, 0.5, 1.0)


def world(seed: int, mean: float, size: float, profile: Profile = flat, weeks: float = 4, after: float = 0) -> Times:
    """Posts up to NOW and some weeks after; a negative binomial of this size for each five minutes."""
    dice = np.random.default_rng(seed)
    starts = np.arange(NOW - int(weeks * WEEK), NOW + int(after * WEEK), CELL)
    expected = mean * profile(of_week(starts))
    rate = expected if math.isinf(size) else expected * dice.gamma(size, 1 / size, len(starts))
    counts = dice.poisson(rate)
    return np.sort(np.repeat(starts, counts) + dice.integers(0, CELL, counts.sum()))


def merged(*times: Times) -> Times:
    return np.sort(np.concatenate(times))


def burst(count: int, at: int, length: int = MINUTE) -> Times:
    return at + np.arange(count, dtype=np.int64) * length // count


def taught(times: Times, question: Question, side: Side = "more") -> Season | None:
    lesson = lesson_of(times, question, side)
    return None if lesson is None else learn(lesson)


def least(found: Season, end: int, p: float) -> int:
    """The least count that is less likely than p."""
    ordinary, low, high = found.ordinary(end), 0, 1
    while ordinary.p_value(high) >= p:
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if ordinary.p_value(middle) >= p else (low, middle)
    return high


@pytest.mark.parametrize("size", [math.inf, 20.0, 5.0, 1.0])
@pytest.mark.parametrize("mean", [0.5, 5.0, 50.0])
def test_false_alarms_keep_to_the_stated_rate(mean: float, size: float) -> None:
    """Over seeded pasts, the exact chance that an ordinary window fires is at most p, at all hours of the rhythm."""
    p, chances, thresholds, ideals = 1e-4, [], [], []
    for seed in range(12):
        found = taught(world(seed, mean, size, daily), asked())
        assert found is not None
        for hour in range(3, 168, 14):
            end = NOW + hour * HOUR + HOUR // 2
            true = mean * float(daily(np.array([hour]))[0])
            law = stats.poisson(true) if math.isinf(size) else stats.nbinom(size, size / (size + true))
            thresholds.append(least(found, end, p))
            chances.append(law.sf(thresholds[-1] - 1))
            ideals.append(law.isf(p) + 1)
    assert np.mean(chances) < 1.2 * p
    assert np.mean(thresholds) < 1.45 * np.mean(ideals)  # cautious, not blind


def test_few_posts_keep_to_the_stated_rate() -> None:
    """The same on the other side, where an hour is asked: chances that it has so few posts."""
    p, chances = 1e-3, []
    for seed in range(12):
        found = taught(world(seed, 5.0, 20.0, daily), asked(window=HOUR), "fewer")
        assert found is not None
        for hour in range(3, 168, 14):
            ordinary = found.ordinary(NOW + (hour + 1) * HOUR)
            fires = [count for count in range(200) if ordinary.p_value(count) < p]
            mean = 12 * 5.0 * float(daily(np.array([hour]))[0])
            # twelve cells of size 20 each: an hour is a negative binomial of size 240
            chances.append(float(stats.nbinom(240, 240 / (240 + mean)).cdf(max(fires, default=-1))))
    assert np.mean(chances) < 1.2 * p
    assert np.mean(chances) > 0.01 * p


def test_means_follow_the_rhythm() -> None:
    found = taught(world(1, 20.0, 20.0, daily), asked())
    assert found is not None
    hours = np.arange(168)
    middle = found.means(NOW + hours * HOUR + HOUR // 2 + CELL // 2)
    assert middle == pytest.approx(20 * daily(hours), rel=0.15)
    assert float(np.std(middle / (20 * daily(hours)))) < 0.08  # four Mondays' hours have an error of 6 %, unshrunk


def test_the_same_count_is_a_spike_by_night_and_ordinary_by_day() -> None:
    times = world(2, 20.0, 20.0, daily)
    night, day = NOW - 24 * HOUR * 3 + 6 * HOUR, NOW - 24 * HOUR * 3 + 18 * HOUR
    loud = merged(times, burst(25, night - 2 * MINUTE), burst(25, day - 2 * MINUTE))
    by_night, by_day = judge(loud, asked(night)), judge(loud, asked(day))
    assert by_night is not None
    assert by_day is not None
    assert by_night.p_value < 1e-4
    assert by_day.p_value > 1e-3
    assert by_night.ordinary.mean == pytest.approx(8, rel=0.2)
    assert by_day.ordinary.mean == pytest.approx(32, rel=0.2)


def test_an_unknown_rhythm_makes_cautious() -> None:
    """Watched for one night only: the first morning, with four times the posts, is no alert."""
    times = world(3, 20.0, 20.0, daily, weeks=0.5 / 7, after=1)
    night, month = asked(NOW + 6 * HOUR, weeks=0.5 / 7), taught(world(3, 20.0, 20.0, daily), asked())
    for hour in range(0, 24, 2):
        verdict = judge(times, msgspec.structs.replace(night, now=NOW + hour * HOUR))
        assert verdict is not None
        assert verdict.p_value > 1e-4
    new, known = taught(times, night), month
    assert new is not None
    assert known is not None
    assert least(new, NOW + 12 * HOUR, 1e-4) > 1.5 * least(known, NOW + 12 * HOUR, 1e-4)


def test_past_crises_do_not_hide_a_new_one() -> None:
    """Three hours with ten times the posts, on two Mondays: what is ordinary on the next is hardly moved."""
    calm = world(4, 20.0, 20.0, daily)
    crises = [burst(7_200, NOW - week * WEEK + 9 * HOUR, 3 * HOUR) for week in (3, 1)]
    quiet, shaken = taught(calm, asked()), taught(merged(calm, *crises), asked())
    assert quiet is not None
    assert shaken is not None
    for hour in (9, 10, 11, 33):
        end = NOW + hour * HOUR + 30 * MINUTE
        assert shaken.ordinary(end).mean == pytest.approx(quiet.ordinary(end).mean, rel=0.25)
        assert least(shaken, end, 1e-4) < 2 * least(quiet, end, 1e-4)


def test_a_new_level_becomes_ordinary_within_days() -> None:
    """Twice the posts from one day to the next: halfway known after a day or so, wholly after four."""
    doubled = merged(world(5, 20.0, 20.0, daily), world(6, 20.0, 20.0, daily, weeks=4 / 7))
    before, after = taught(doubled, asked(NOW - 4 * 24 * HOUR)), taught(doubled, asked())
    assert before is not None
    assert after is not None
    noon = NOW + 12 * HOUR
    assert after.ordinary(noon).mean / before.ordinary(noon).mean == pytest.approx(2, rel=0.15)


def test_what_was_left_out_does_not_teach() -> None:
    times = merged(world(7, 20.0, 20.0), burst(30_000, NOW - 3 * 24 * HOUR, 2 * 24 * HOUR))
    left_out = msgspec.structs.replace(asked(), left_out=((NOW - 3 * 24 * HOUR, NOW - 24 * HOUR),))
    told, untold = taught(times, left_out), taught(times, asked())
    assert told is not None
    assert untold is not None
    assert told.ordinary(NOW).mean == pytest.approx(20, rel=0.1)
    assert told.ordinary(NOW).mean < untold.ordinary(NOW).mean


def test_when_nothing_else_is_left_the_crisis_is_ordinary() -> None:
    everything = msgspec.structs.replace(asked(weeks=1), left_out=((NOW - WEEK, NOW),))
    found = judge(world(8, 20.0, 20.0, weeks=1), everything)
    assert found is not None
    assert found.ordinary.mean == pytest.approx(20, rel=0.1)


def test_too_little_history_is_not_judged() -> None:
    times = world(9, 20.0, 20.0)
    assert judge(times, asked(weeks=3 / 168)) is None
    assert judge(times, asked(weeks=6 / 168)) is not None
    assert judge(times, asked(weeks=1, window=4 * HOUR)) is None
    assert judge(times, asked(weeks=2, window=4 * HOUR)) is not None


@pytest.mark.parametrize("window", [MINUTE, 7 * MINUTE, 90 * MINUTE, 24 * HOUR])
def test_windows_of_any_length(window: int) -> None:
    """Also those that do not divide an hour, and longer ones: the mean is right, a tenfold window stands out."""
    weeks, friday = 8.0, NOW - 3 * 24 * HOUR
    times = world(10, 20.0, 20.0, daily, weeks=weeks)
    found = judge(times, asked(friday, weeks=weeks, window=window))
    assert found is not None
    hours = of_week(np.arange(friday - window, friday, MINUTE))
    usual = 20 * float(daily(hours).mean()) * window / CELL
    assert found.ordinary.mean == pytest.approx(usual, rel=0.15)
    louder = merged(times, burst(int(10 * usual) + 20, friday - window // 2))
    loud = judge(louder, asked(friday, weeks=weeks, window=window))
    assert loud is not None
    assert loud.p_value < 0.01 < found.p_value


def test_silence_is_a_drop_and_a_silent_brand_is_not() -> None:
    times = world(11, 20.0, 20.0)
    silent = judge(times[times < NOW - HOUR], asked(window=HOUR), "fewer")
    assert silent is not None
    assert silent.count == 0
    assert silent.p_value < 1e-3
    for side in ("more", "fewer"):
        nothing = judge(np.array([], dtype=np.int64), asked(), side)
        assert nothing is not None
        assert nothing.p_value > 0.5


def test_what_is_kept_is_what_would_be_learnt_anew() -> None:
    """Within the hour and after it, with late posts, a deletion, an alert that began, and on either side."""
    times = world(12, 20.0, 20.0, after=0.02)
    late, deleted = merged(times, burst(2_000, NOW - 50 * HOUR)), np.delete(times, 1_000)
    left_out = ((NOW - 60 * HOUR, NOW - 40 * HOUR),)
    sides: tuple[Side, ...] = ("more", "fewer")
    for minute in (5, 35, 64, 65):
        for seen in (times, late, deleted):
            for question in (asked(NOW + minute * MINUTE), *_episodes(asked(NOW + minute * MINUTE), left_out)):
                for side in sides:
                    lesson = lesson_of(seen, question, side)
                    assert lesson is not None
                    assert judge(seen, question, side) == look(seen, question, learn(lesson))


def _episodes(question: Question, left_out: tuple[Span, ...]) -> list[Question]:
    return [msgspec.structs.replace(question, left_out=left_out)]


def test_late_posts_count_by_their_own_time() -> None:
    """A burst that is known only now, ten minutes late, is still found; half an hour late it is past."""
    held = msgspec.structs.replace(asked(), hold=10 * MINUTE)
    for late, found in ((4, True), (10, True), (30, False)):
        verdict = judge(merged(world(13, 5.0, 20.0), burst(60, NOW - late * MINUTE)), held)
        assert verdict is not None
        assert (verdict.p_value < 1e-4) is found


@pytest.mark.parametrize("dispersion", [1e-5, 0.05, 0.2, 1.0])
@pytest.mark.parametrize("mean", [0.5, 5.0, 50.0, 500.0])
def test_deviates_agree_with_scipy(mean: float, dispersion: float) -> None:
    """The approximation that ranks windows; 0.3 of a deviate is near enough for that."""
    law = stats.nbinom(1 / dispersion, 1 / (1 + dispersion * mean))
    counts = np.array([max(1.0, law.isf(p) + 1) for p in (0.2, 1e-2, 1e-4, 1e-6)])
    exact = stats.norm.isf(law.sf(counts - 1))
    assert deviate(counts, np.full(4, mean), np.full(4, dispersion)) == pytest.approx(exact, abs=0.3)
