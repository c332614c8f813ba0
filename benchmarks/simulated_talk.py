"""What simulated people say in one window about one brand: threads, answers, quotes and reposts, as arrays.

Threads are begun by people (each as often as they write) and by the brand. How often one is answered depends on the
thread, on who began it, and for the brand's threads on how much the people of this run turn to it. Who answers is drawn
by how much each writes, mostly from the circle of who began. First posts are reposted as they are answered. Whom
somebody quotes is their own doing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from benchmarks.simulated_people import People, Regime
from streams.records import KINDS
from streams.views.columns import Bools, Floats, Ints

BRAND: Final = -1  # in place of a person
NONE: Final = -1
NOBODY: Final = -2
POST, REPLY, QUOTE, REPOST = (KINDS.index(kind) for kind in ("post", "reply", "quote", "repost"))
IN_CIRCLE: Final = 0.7  # of answers, those from the circle of who began
DEEPER: Final = 0.4  # of answers, those to anything said before in the thread; the others answer its first post
DELAY: Final = 0.08  # of a window, mean time from a thread's beginning to an answer
BRAND_DELAY: Final = 0.05
QUOTES: Final = 0.3  # of people's threads, those that begin by quoting something from before the window
LARGER: Final = 2.0  # answers to a thread of the brand, beside those to one of a person


@dataclass(frozen=True)
class Talk:
    """One element per post, the first posts of threads first; times are parts of the window from 0 to 1."""

    author: Ints  # BRAND, or the person's number
    kind: Ints
    at: Floats
    parent: Ints  # what is answered or reposted; NONE
    quoted: Ints  # per thread: whom its first post quotes; NOBODY
    root: Ints  # of the thread
    begun_by: Ints  # per thread
    first_reply: Floats  # per thread: the wait for the first answer by others, were there no window; inf without
    first_by_brand: Floats


@dataclass(frozen=True)
class Begun:
    """One element per thread."""

    owner: Ints
    at: Floats
    draw: Floats  # how much it is answered, mean 1
    quoted: Ints


@dataclass(frozen=True)
class Answers:
    """One element per answer, in no order."""

    thread: Ints
    author: Ints
    at: Floats


def talk(regime: Regime, crowd: People, activity: Floats, dice: np.random.Generator, until: float = 1.0) -> Talk:
    """`activity` of each person about this brand, 0 for who is not there. What is said after `until` is left out."""
    begun = _begin(regime, crowd, activity, dice)
    answers = _answers(regime, crowd, activity, begun, dice)
    order = np.lexsort((answers.at, answers.thread))
    answers = Answers(answers.thread[order], answers.author[order], answers.at[order])
    passed = _pass_on(regime, crowd, activity, begun, dice)
    count = len(begun.owner)
    made = Talk(
        author=np.concatenate((begun.owner, answers.author, passed.author)),
        kind=np.concatenate(
            (np.where(begun.quoted == NOBODY, POST, QUOTE), np.repeat([REPLY, REPOST], [len(order), len(passed.at)]))
        ),
        at=np.concatenate((begun.at, answers.at, passed.at)),
        parent=np.concatenate((np.full(count, NONE), _parents(answers, count, dice), passed.thread)),
        quoted=begun.quoted,
        root=np.concatenate((np.arange(count), answers.thread, passed.thread)),
        begun_by=begun.owner,
        first_reply=_first(answers, begun, answers.author != begun.owner[answers.thread]),
        first_by_brand=_first(answers, begun, answers.author == BRAND),
    )
    return _until_the_end(made, until)


def _begin(regime: Regime, crowd: People, activity: Floats, dice: np.random.Generator) -> Begun:
    by_people = np.repeat(np.arange(len(activity)), dice.poisson(regime.starts * activity))
    owner = np.concatenate((by_people, np.full(dice.poisson(regime.brand_threads), BRAND)))
    draw = dice.gamma(2, 0.5, len(owner)) * np.where(owner == BRAND, 1.0, crowd.pull[owner])
    quoted = _anyone(activity * crowd.pull, len(owner), dice)
    quoted[dice.random(len(owner)) < np.where(owner == BRAND, 0.0, crowd.toward[owner])] = BRAND
    quoted[(owner == BRAND) | (dice.random(len(owner)) >= QUOTES)] = NOBODY
    return Begun(owner, dice.random(len(owner)), draw, quoted)


def _answers(regime: Regime, crowd: People, activity: Floats, begun: Begun, dice: np.random.Generator) -> Answers:
    """By people, and at most one by the brand in each thread of a person."""
    brand = begun.owner == BRAND
    thread = _drawn_to(begun, regime.replies, regime, crowd, activity, dice)
    to_brand, author = brand[thread], np.empty(len(thread), dtype=np.int64)
    author[to_brand] = _anyone(activity * crowd.toward, int(to_brand.sum()), dice)
    author[~to_brand] = _beside(crowd, activity * (1 - crowd.toward), begun.owner[thread[~to_brand]], dice)
    care = np.flatnonzero(~brand & (dice.random(len(brand)) < crowd.answered[begun.owner]))
    at = begun.at[thread] + dice.exponential(DELAY, len(thread))
    cared = begun.at[care] + dice.exponential(BRAND_DELAY, len(care))
    return Answers(
        np.concatenate((thread, care)),
        np.concatenate((author, np.full(len(care), BRAND))),
        np.concatenate((at, cared)),
    )


def _drawn_to(
    begun: Begun, mean: float, regime: Regime, crowd: People, activity: Floats, dice: np.random.Generator
) -> Ints:
    """The threads of what people do, by how these draw and, half as much, by who is there to do it; the brand's also by
    how much these turn to it."""
    toward = float((activity * crowd.toward).sum() / activity.sum())
    brand = begun.owner == BRAND
    rate = np.where(brand, LARGER * toward / regime.toward, (1 - toward) / (1 - regime.toward))
    there = math.sqrt(float(activity.sum()) / (regime.people * regime.scale))
    return np.repeat(np.arange(len(brand)), dice.poisson(mean * there * rate * begun.draw))


def _anyone(weight: Floats, count: int, dice: np.random.Generator) -> Ints:
    if not count:
        return np.zeros(0, dtype=np.int64)
    bounds = np.cumsum(weight)
    found = bounds.searchsorted(dice.random(count) * bounds[-1], side="right")
    people: Ints = np.minimum(found, len(weight) - 1)
    return people


def _beside(crowd: People, weight: Floats, owners: Ints, dice: np.random.Generator) -> Ints:
    """Somebody of each owner's circle, or anyone."""
    order = np.argsort(crowd.circle, kind="stable")
    bounds = np.concatenate(([0.0], np.cumsum(weight[order])))
    edges = np.searchsorted(crowd.circle[order], np.arange(crowd.circle.max() + 2))
    near = dice.random(len(owners)) < IN_CIRCLE
    low = np.where(near, bounds[edges[crowd.circle[owners]]], 0.0)
    high = np.where(near, bounds[edges[crowd.circle[owners] + 1]], bounds[-1])
    place = bounds.searchsorted(low + dice.random(len(owners)) * (high - low), side="right") - 1
    people: Ints = order[np.minimum(place, len(order) - 1)]
    return people


def _pass_on(regime: Regime, crowd: People, activity: Floats, begun: Begun, dice: np.random.Generator) -> Answers:
    """Reposts of first posts, as these draw; of the brand's by those who turn to it."""
    thread = _drawn_to(begun, regime.passed, regime, crowd, activity, dice)
    to_brand, author = (begun.owner == BRAND)[thread], np.empty(len(thread), dtype=np.int64)
    author[to_brand] = _anyone(activity * crowd.toward, int(to_brand.sum()), dice)
    author[~to_brand] = _anyone(activity * (1 - crowd.toward), int((~to_brand).sum()), dice)
    return Answers(thread, author, begun.at[thread] + dice.exponential(DELAY, len(thread)))


def _parents(answers: Answers, threads: int, dice: np.random.Generator) -> Ints:
    """Answers stand by thread and time; people answer the first post or any earlier one, the brand the first."""
    place = np.arange(len(answers.thread)) - np.searchsorted(answers.thread, answers.thread)
    back = (dice.random(len(place)) * (place + 1)).astype(np.int64)  # 0: the first post
    deeper = (dice.random(len(place)) < DEEPER) & (answers.author != BRAND) & (back > 0)
    return np.where(deeper, threads + np.arange(len(place)) - back, answers.thread)


def _first(answers: Answers, begun: Begun, counts: Bools) -> Floats:
    first = np.full(len(begun.owner), np.inf)
    np.minimum.at(first, answers.thread[counts], (answers.at - begun.at[answers.thread])[counts])
    return first


def _until_the_end(made: Talk, until: float) -> Talk:
    """What happens later is not seen yet; what it answers would be earlier, so no parent is lost."""
    seen = made.at < until
    number = np.cumsum(seen) - 1
    parent = np.where(made.parent == NONE, NONE, number[made.parent])
    return replace(
        made,
        author=made.author[seen],
        kind=made.kind[seen],
        at=made.at[seen],
        parent=parent[seen],
        root=number[made.root][seen],
    )
