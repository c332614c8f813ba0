"""The tail of surprises: exact where it is exponential, heavy where the past was, and not fooled by a few crises."""

from __future__ import annotations

import math

import numpy as np
import pytest

from streams.alerting.extremes import CRISES, PRIOR, Tail, learn, needed

BLOCKS, WINDOWS = 672, 12.0


def tail_of(dice: np.random.Generator, scale: float = 1.0, crises: int = 0) -> Tail:
    """Four weeks of hours, with surprises whose mean is `scale`, and hours of crisis."""
    surprises = dice.exponential(scale, (BLOCKS, int(WINDOWS))).max(axis=1)
    surprises[dice.choice(BLOCKS, crises, replace=False)] = 200.0
    return learn(np.sort(surprises)[::-1][: needed(BLOCKS)], BLOCKS, WINDOWS)


@pytest.mark.parametrize("scale", [1.0, 2.0, 4.0])
@pytest.mark.parametrize("true", [1e-4, 1e-5])
def test_p_values_hold_on_average(scale: float, true: float) -> None:
    """A model whose surprises are `scale` times too large calls exp(-s) what really has the chance exp(-s / scale).

    Over 200 pasts, the chance that an ordinary window comes out below `true` is about `true`; less for a model that is
    right, because its p-values are never made smaller.
    """
    dice = np.random.default_rng(2)
    chances = [math.exp(-least(tail_of(dice, scale), true) / scale) for _ in range(200)]
    assert 0.3 * true < np.mean(chances) < 1.15 * true


def least(found: Tail, p: float) -> float:
    """The surprise from which on it says less than `p`."""
    low, high = 0.0, 690.0
    while high - low > 1e-6:
        middle = (low + high) / 2
        low, high = (low, middle) if found.p_value(math.exp(-middle)) < p else (middle, high)
    return high


def test_the_models_own_p_value_is_never_made_smaller() -> None:
    found = tail_of(np.random.default_rng(4), scale=0.3)
    for p in (1.0, 0.1, 1e-3, 1e-6, 1e-12):
        assert found.p_value(p) >= p


def test_it_falls_as_the_models_falls() -> None:
    found = tail_of(np.random.default_rng(4), scale=3)
    values = [found.p_value(10.0**-power) for power in range(301)]
    assert values == sorted(values, reverse=True)
    assert found.p_value(0.0) == values[-1] > 0


def test_a_few_hours_of_crisis_change_little() -> None:
    """One in 168 hours may be true crises: four in four weeks."""
    calm = tail_of(np.random.default_rng(6))
    shaken = tail_of(np.random.default_rng(6), crises=int(CRISES * BLOCKS))
    assert shaken.scale < 1.35 * calm.scale
    assert tail_of(np.random.default_rng(6), crises=20).scale > 10 * calm.scale  # but twenty are what is usual here


def test_while_little_is_known_tails_are_taken_as_heavy() -> None:
    found = learn(np.array([3.0, 2.0]), 4, WINDOWS)
    assert found.known == PRIOR + 1
    assert found.p_value(1e-6) > 1e-4
    assert learn(np.array([2.0]), 1, WINDOWS).p_value(1e-6) > 1e-4
