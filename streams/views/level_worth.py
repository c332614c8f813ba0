"""How many independent people the shares of the levels are worth.

A level is each person's own, but what puts them there is in part others' doing: without the threads that somebody
began, whoever spoke in them may be a regular no longer. So the variance is that of leaving out people and those who
began threads, one after the other, less what both have in common (see `clusters`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import numpy as np

from streams.views.clusters import concentrated, design
from streams.views.columns import Bools, Ints, unique
from streams.views.rows import factorise

Rule: TypeAlias = Callable[[Ints, Ints, Ints], Ints]
"""(threads, people answered, balance) -> level, of each."""


class Deeds(NamedTuple):
    """What levels are made of, by the numbers of people and of whoever began the thread it was done in.

    `rows`: (person, begun by) of each entry; `spoke`: of each thread a person spoke in; `answers`: (person, begun by,
    whom) of each answer; `judged`: (person, begun by, sign) of each judged post.
    """

    rows: tuple[Ints, Ints]
    spoke: tuple[Ints, Ints]
    answers: tuple[Ints, Ints, Ints]
    judged: tuple[Ints, Ints, Ints]


class Without(NamedTuple):
    """Pairs of a person and somebody else in whose threads the person was: the level without these threads, -1 when
    then nothing would be known of the person."""

    person: Ints
    begun: Ints
    level: Ints


def without(deeds: Deeds, own: Ints, totals: tuple[Ints, Ints, Ints], rule: Rule) -> Without:
    """`own[i]` is person i's number among those who began threads, `totals` what the rule is given of each person."""
    size = int(max(own.max(initial=0), deeds.rows[1].max(initial=0))) + 1
    pairs = unique(deeds.rows[0] * size + deeds.rows[1])
    person, begun = pairs // size, pairs % size

    def counted(one: Ints, other: Ints, worth: Ints | None = None) -> Ints:
        at = pairs.searchsorted(one * size + other)
        counts = np.bincount(at, worth, len(pairs))
        return counts.astype(np.int64)

    threads, answered, balance = totals
    left = np.bincount(deeds.rows[0], minlength=len(own))[person] - counted(*deeds.rows)
    level = rule(
        threads[person] - counted(*deeds.spoke),
        answered[person] - counted(*_exclusive(*deeds.answers, size)),
        balance[person] - counted(*deeds.judged),
    )
    others = begun != own[person]
    return Without(person[others], begun[others], np.where(left > 0, level, -1)[others])


def _exclusive(person: Ints, begun: Ints, whom: Ints, size: int) -> tuple[Ints, Ints]:
    """Of each two people of whom one answered the other in the threads of one only: who, and whose threads."""
    width = int(whom.max(initial=0)) + 1
    triples = unique((person * width + whom) * size + begun)
    both, number = factorise(triples // size)
    once = np.bincount(number, minlength=len(both))[number] == 1
    return (triples // size // width)[once], (triples % size)[once]


def worths(levels: Ints, own: Ints, found: Without, count: int) -> list[float]:
    """How many people the share of those at each of `count` levels is worth; at most as many as there are.

    Where few stand at a level, the others tell how much more people vary than if each were their own.
    """
    effects = [_effect(levels == level, own, found, found.level == level) for level in range(count)]
    most = max(effect for effect, _ in effects)
    return [len(levels) / design(effect, behind, most) for effect, behind in effects]


def _effect(hits: Bools, own: Ints, found: Without, still: Bools) -> tuple[float, float]:
    """The design effect of one level, and from how many clusters it comes. `still`: who stands there without others."""
    total, count = len(hits), int(hits.sum())
    if count in {0, total}:
        return 1.0, 0.0
    errors = total * hits.astype(np.float64) - count  # in whole numbers, so that what cancels out does so exactly
    change = np.where(found.level < 0, 0.0, total * still - count) - errors[found.person]
    size = int(max(own.max(initial=0), found.begun.max(initial=0))) + 1
    sums = (np.bincount(found.begun, change, size) - np.bincount(own, errors, size)).astype(np.float64)
    there = np.concatenate((own, found.begun))  # of all numbers below `size`
    binomial = count * (total - count) * total * (total - 1) / total
    return max(1.0, float((sums**2).sum() - (change**2).sum()) / binomial), concentrated(sums[unique(there)])
