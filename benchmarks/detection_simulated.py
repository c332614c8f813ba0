"""False alerts, and spikes found, in worlds whose truth is known."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from multiprocessing import Pool
from typing import Final, NamedTuple

import numpy as np

from benchmarks import detection_oracle as oracle
from benchmarks.detection_replay import MINUTES, Spike, episodes, p_values, spikes
from benchmarks.detection_world import BEGIN, CELL, MINUTE, World, draw
from config.alert_rules import VolumeSpikeRule
from streams.alerting.clock import length_ms
from streams.alerting.fdr import RELEASE, most

RULE: Final = VolumeSpikeRule(kind="volume-spike")
PAST: Final = 28
"""Days of history before the first day that is judged."""
BUDGETS: Final = (1.0, 0.5, 0.125)
"""False alerts per brand and week that the rule may use: the goal's; by default all of a brand's rules together; by
default this one, as four share it."""
DEVIATIONS: Final = 5.0
SPIKES: Final = 8
"""Of each kind and brand."""
WITHIN: Final = (5, 10, 15)
"""Minutes."""


class Job(NamedTuple):
    """One brand of a world."""

    world: str
    bursts: float
    seed: int
    days: int


class Found(NamedTuple):
    """A spike: what is ordinary then, and p-values of the looks after each minute: ours, and who knows the law's."""

    mean: float
    p_values: tuple[float, ...]
    best: tuple[float, ...]


class Brand(NamedTuple):
    """What came of it: alerts by budget; spikes by the SD of ordinary five minutes, and of two weeks' counts."""

    job: Job
    alerts: tuple[int, ...]
    ordinary: list[Found]
    fortnight: list[Found]
    best_alerts: tuple[int, ...]  # of who knows the law, by level


class Shares(NamedTuple):
    """Of spikes found within 5, 10 and 15 minutes, by budget; and by who knows the law."""

    kind: str
    spikes: int
    within: tuple[tuple[float, ...], ...]
    best: tuple[float, ...]


def limits() -> tuple[float, ...]:
    """The largest p-value that is told, by budget."""
    return tuple(most(budget, length_ms(RULE.window), MINUTE) for budget in BUDGETS)


def brand(job: Job) -> Brand:
    """One brand's days, replayed."""
    world = draw(job.seed, PAST + job.days, job.bursts)
    first, last = BEGIN + PAST * 1440 * MINUTE, BEGIN + (PAST + job.days) * 1440 * MINUTE
    found = p_values(world, RULE, first, last, RELEASE * limits()[0])
    dice = np.random.default_rng((job.seed, 1))
    begins = np.sort(first + dice.integers(0, job.days * 1440 - 20, SPIKES, dtype=np.int64) * MINUTE)
    counts = np.diff(np.searchsorted(world.times, np.arange(first - 14 * 1440 * MINUTE, first, CELL)))
    flat = world._replace(sd=np.full(len(world.sd), counts.std()))
    return Brand(
        job,
        tuple(episodes(found, p) for p in limits()),
        [_found(world, spike) for spike in spikes(world, RULE, begins, dice, DEVIATIONS)],
        [_found(world, spike) for spike in spikes(flat, RULE, begins, dice, DEVIATIONS)],
        oracle.alerts(world, RULE, first, last),
    )


def _found(world: World, spike: Spike) -> Found:
    first = spike.begin + MINUTE
    best = oracle.looks(world, RULE, spike.times, first, first + MINUTES * MINUTE)
    return Found(spike.mean, spike.p_values, tuple(best.tolist()))


def run(jobs: Sequence[Job], processes: int, niceness: int) -> Iterator[Brand]:
    """All of them, in order; the same whatever the number of processes."""
    with Pool(processes, os.nice, (niceness,)) as pool:
        yield from pool.imap(brand, jobs)


def false_per_week(found: Sequence[Brand]) -> list[float]:
    """False alerts per brand and week, by budget."""
    return _per_week([one.alerts for one in found], found)


def best_level(found: Sequence[Brand]) -> float:
    """At which who knows the law has at most one false alert per brand and week."""
    return oracle.level(_per_week([one.best_alerts for one in found], found), BUDGETS[0])


def _per_week(alerts: Sequence[tuple[int, ...]], found: Sequence[Brand]) -> list[float]:
    weeks = sum(one.job.days for one in found) / 7
    return [sum(each) / weeks for each in zip(*alerts, strict=True)]


def shares(kind: str, found: Sequence[Found], level: float) -> Shares:
    """How many were found, and how soon."""
    soonest = np.array([[min(spike.p_values[:minutes]) for spike in found] for minutes in WITHIN])
    best = np.array([[min(spike.best[:minutes]) for spike in found] for minutes in WITHIN])
    within = tuple(tuple((soonest < p).mean(axis=1).tolist()) for p in limits())
    return Shares(kind, len(found), within, tuple((best < level).mean(axis=1).tolist()))
