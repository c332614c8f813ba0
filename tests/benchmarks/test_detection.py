"""The replay is the product's look, each minute of it; and the simulated world is what it says."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from benchmarks import detection_oracle as oracle
from benchmarks.detection_replay import episodes, p_values, question, season_of, spikes
from benchmarks.detection_simulated import RULE, WITHIN, Found, limits, shares
from benchmarks.detection_world import BEGIN, CELL, MINUTE, World, draw
from benchmarks.nab import Ints
from streams.alerting.fdr import RELEASE
from streams.alerting.season import judge

DAY = 1440 * MINUTE


def test_the_replay_leaves_out_nothing_that_a_look_would_find() -> None:
    """Half a day with two loud minutes, each minute by `judge` itself."""
    world, first = draw(3, 15), BEGIN + 14 * DAY
    loud = first + np.repeat([100, 400], [40, 80]).astype(np.int64) * MINUTE
    world = world._replace(times=np.sort(np.concatenate((world.times, loud))))
    last, p = first + DAY // 2, 3e-3
    found, told = p_values(world, RULE, first, last, p), 0
    for minute in range(720):
        verdict = judge(world.times, question(RULE, first + minute * MINUTE))
        assert verdict is not None
        below = verdict.p_value < p and verdict.count >= RULE.min_posts
        assert found[minute] == (verdict.p_value if below else 1)
        told += below
    assert told > 10


def test_an_alert_goes_on_until_all_is_calm() -> None:
    p = 1e-5
    near = RELEASE * p / 2
    assert episodes(np.array([1, p / 2, near, p / 2, 1, near, 1, p / 2]), p) == 2
    assert episodes(np.array([near, near]), p) == 0
    assert episodes(np.ones(5), p) == 0


@pytest.mark.parametrize("bursts", [0.0, 4.0])
def test_the_world_is_as_it_says(bursts: float) -> None:
    """Its mean and standard deviation of five minutes, over eight weeks."""
    for seed in range(3):
        world = draw(seed, 56, bursts)
        counts = np.diff(np.searchsorted(world.times, BEGIN + np.arange(len(world.mean) + 1) * CELL))
        assert counts.sum() == len(world.times)
        assert counts.mean() == pytest.approx(world.mean.mean())
        standard = (counts - world.mean) / world.sd
        assert float(np.sqrt(np.mean(standard**2))) == pytest.approx(1, abs=0.1)
        by_hour = counts.reshape(-1, 168, 12).sum(axis=(0, 2)) / world.mean.reshape(-1, 168, 12).sum(axis=(0, 2))
        assert float(np.std(by_hour)) < 0.15  # what is left of the rhythm, the bursts among it
        assert (np.diff(world.times) >= 0).all()


def test_a_huge_spike_is_found_and_soon() -> None:
    world, begin = draw(5, 29), BEGIN + 28 * DAY + 600 * MINUTE
    assert season_of(world, RULE, begin) is not None
    (found,) = spikes(world, RULE, np.array([begin]), np.random.default_rng(1), 50.0)
    assert found.p_values[4] < limits()[-1] < found.p_values[0] * 1e6
    (nothing,) = spikes(world, RULE, np.array([begin]), np.random.default_rng(1), 0.0)
    assert min(nothing.p_values) > limits()[0]


def test_who_knows_the_law_is_right_as_often_as_said() -> None:
    """Windows that do not overlap, over eight weeks: as many below a level as the level says, within noise."""
    for seed in range(3):
        world = draw(seed, 56)
        found = oracle.looks(world, RULE.model_copy(update={"hold": timedelta(0), "min_posts": 1}), *span(world))
        share = float(np.mean(found[::5] < 0.01))
        assert 0.005 < share < 0.013


def span(world: World) -> tuple[Ints, int, int]:
    return world.times, BEGIN + DAY, BEGIN + 55 * DAY


def test_the_level_is_the_largest_that_keeps_to_what_is_wanted() -> None:
    assert oracle.level([0.0] * 40 + [2.0], 1.0) == oracle.LEVELS[39]
    assert oracle.level([2.0] * 41, 1.0) == 0


def test_shares_count_what_was_found_in_time() -> None:
    p = limits()[0]
    late = Found(10.0, tuple(1.0 if minute < 7 else p / 2 for minute in range(15)), (1e-9,) * 15)
    never = Found(10.0, (1.0,) * 15, (1.0,) * 15)
    assert WITHIN == (5, 10, 15)
    told = shares("x", [late, never], 1e-6)
    assert told.within[0] == (0, 0.5, 0.5)
    assert told.best == (0.5, 0.5, 0.5)
