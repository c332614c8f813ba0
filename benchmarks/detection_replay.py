"""The product's own look at a brand's volume, each minute of many days, fast enough to be waited for.

Nothing is judged by another function: a season is learnt once an hour, as nothing moves it within one, and
`streams.alerting.season.look` is called for every minute in which it could find anything. Others are left out by a
bound: no window is less likely than the hour's largest count would be against its least mean and its largest size.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

import msgspec
import numpy as np

from benchmarks.detection_world import BEGIN, CELL, MINUTE, World
from benchmarks.nab import Floats, Ints
from config.alert_rules import VolumeSpikeRule
from streams.alerting.clock import length_ms
from streams.alerting.fdr import RELEASE
from streams.alerting.hour_of_week import HOUR
from streams.alerting.season import Season, learn, lesson_of, look
from streams.alerting.volume import Question, count

MINUTES: Final = 15
"""How long a spike lasts, and is looked at."""


class Spike(NamedTuple):
    """An added spike: when it begins (ms), what is ordinary then, all posts around it, and the p-values of the looks
    after each minute."""

    begin: int
    mean: float
    times: Ints
    p_values: tuple[float, ...]


def question(rule: VolumeSpikeRule, now: int) -> Question:
    """What the rule asks with a look each minute; watching began with the world."""
    window, hold = length_ms(rule.window), length_ms(rule.hold)
    return Question(now, MINUTE, window, length_ms(rule.baseline), hold, BEGIN)


def seasons(world: World, rule: VolumeSpikeRule, first: int, last: int) -> Iterator[tuple[int, Season | None]]:
    """Of each hour of looks between `first` and `last` (ms): its first look, and its season."""
    shift = length_ms(rule.window) + length_ms(rule.hold)
    for start in range((first - shift) // HOUR * HOUR + shift, last, HOUR):
        yield start, season_of(world, rule, start)


def season_of(world: World, rule: VolumeSpikeRule, now: int) -> Season | None:
    """What the look at this time goes by."""
    lesson = lesson_of(world.times, question(rule, now))
    return None if lesson is None else learn(lesson)


def quiet(world: World, rule: VolumeSpikeRule, season: Season, start: int, p: float) -> bool:
    """Whether no look of the hour can find a p-value below `p`."""
    ends = np.arange(start - length_ms(rule.hold), start + HOUR, MINUTE, dtype=np.int64)
    most = int(count(world.times, ends - season.window, ends).max())
    if most < rule.min_posts:
        return True
    ordinary = season.ordinary(start)
    bound = msgspec.structs.replace(
        ordinary, mean=float(season.means(ends).min()), size=float(season.sizes(ends).max())
    )
    return bound.p_value(most) >= p


def p_values(world: World, rule: VolumeSpikeRule, first: int, last: int, p: float) -> Floats:
    """The p-value of each minute's look; 1 where it is at least `p`, or has fewer posts than the rule wants."""
    found = np.ones((last - first) // MINUTE)
    for start, season in seasons(world, rule, first, last):
        if season is None or quiet(world, rule, season, start, p):
            continue
        for now in range(max(start, first), min(start + HOUR, last), MINUTE):
            verdict = look(world.times, question(rule, now), season)
            if verdict.count >= rule.min_posts and verdict.p_value < p:
                found[(now - first) // MINUTE] = verdict.p_value
    return found


def episodes(found: Floats, p: float) -> int:
    """How many alerts begin: below `p`; they go on as long as each look finds one below `RELEASE` times `p`."""
    near = np.flatnonzero(found < RELEASE * p)
    if not len(near):
        return 0
    first = np.flatnonzero(np.diff(near, prepend=-2) > 1)
    return int(np.count_nonzero(np.minimum.reduceat(found[near], first) < p))


def spike(world: World, rule: VolumeSpikeRule, begin: int, season: Season, extra: Ints) -> Spike:
    """What the looks after each of a spike's minutes find. `extra`: the times of its posts."""
    near = slice(*np.searchsorted(world.times, (begin - HOUR, begin + HOUR)))  # all that these looks can see
    times = np.sort(np.concatenate((world.times[near], extra)))
    values = []
    for minute in range(1, MINUTES + 1):
        verdict = look(times, question(rule, begin + minute * MINUTE), season)
        values.append(verdict.p_value if verdict.count >= rule.min_posts else 1.0)
    return Spike(begin, float(world.mean[world.place(begin)]), times, tuple(values))


def spikes(
    world: World, rule: VolumeSpikeRule, begins: Ints, dice: np.random.Generator, deviations: float
) -> list[Spike]:
    """Spikes of so many standard deviations for each five minutes, a quarter of an hour long, one at a time."""
    found = []
    for begin in begins.tolist():
        season = season_of(world, rule, begin)
        if season is None:
            continue
        posts = dice.poisson(MINUTES * MINUTE / CELL * deviations * world.sd[world.place(begin)])
        extra = begin + dice.integers(0, MINUTES * MINUTE, posts, dtype=np.int64)
        found.append(spike(world, rule, begin, season, extra))
    return found
