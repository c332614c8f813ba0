"""How closely people are bound to the conversation, in four levels, as the Orbit model draws a community."""

from __future__ import annotations

from functools import partial
from typing import Final

import numpy as np

from config.schema import Views
from streams.records import SENTIMENTS
from streams.views.asked import Answer, Asked, Share
from streams.views.clusters import begun_by
from streams.views.columns import Ints, unique
from streams.views.level_worth import Deeds, Without, without, worths
from streams.views.rows import Rows, factorise
from streams.views.shares import share_of

OBSERVER, PARTICIPANT, REGULAR, ADVOCATE = range(4)
NEGATIVE: Final = SENTIMENTS.index("negative")
POSITIVE: Final = SENTIMENTS.index("positive")


class Levels(Answer, frozen=True, kw_only=True):
    """Everybody but the brand's own accounts, each in one level; shares of all of them.

    `observers` only repeated others; `participants` said something; `regulars` spoke in `views.regular_threads` threads
    or more; `advocates` are regulars who answered `views.advocate_people` different people or more (the brand apart)
    and whose judged posts are not more often negative than positive. Who only reads cannot be seen.
    """

    advocates: Share
    regulars: Share
    participants: Share
    observers: Share


def levels(rows: Rows, asked: Asked) -> Levels:
    """Over the authors of the window."""
    people = np.flatnonzero(~rows.snapshot.is_own(rows.authors))
    totals, rule = (_threads(rows), _answered(rows), _balance(rows)), partial(_level, asked.settings)
    level, (own, deeds) = rule(*totals)[people], _deeds(rows)
    left_out = _only(without(deeds, own, totals, rule), people, len(own))
    counts, posts, total = np.bincount(level, minlength=4), int((~rows.own).sum()), len(people)
    independent = worths(level, own[people], left_out, 4)

    def share(number: int) -> Share:
        return share_of(int(counts[number]), total, posts, total, asked, independent[number])

    return Levels(
        posts=posts,
        authors=total,
        insufficient=asked.too_few(posts, total),
        advocates=share(ADVOCATE),
        regulars=share(REGULAR),
        participants=share(PARTICIPANT),
        observers=share(OBSERVER),
    )


def _level(settings: Views, threads: Ints, answered: Ints, balance: Ints) -> Ints:
    regular = threads >= settings.regular_threads
    advocate = regular & (answered >= settings.advocate_people) & (balance >= 0)
    return (threads > 0).astype(np.int64) + regular + advocate


def _only(left_out: Without, people: Ints, size: int) -> Without:
    """Of `people`, by their places among these."""
    place = np.full(size, -1)
    place[people] = np.arange(len(people))
    here = place[left_out.person] >= 0
    return Without(place[left_out.person[here]], left_out.begun[here], left_out.level[here])


def _deeds(rows: Rows) -> tuple[Ints, Deeds]:
    """Each author's number among those who began threads, and what the levels are made of."""
    begun = begun_by(rows.snapshot, rows.roots)
    _, number = factorise(np.concatenate((rows.authors, begun)))
    own, begun = number[: len(rows.authors)], number[len(rows.authors) :]
    author, thread = rows.author_number, rows.root_number
    width = max(1, len(rows.roots))
    spoke = unique(author[rows.spoken] * width + thread[rows.spoken])
    at, whom = _answers(rows)
    judged = rows.judged
    return own, Deeds(
        rows=(author, begun[thread]),
        spoke=(spoke // width, begun[spoke % width]),
        answers=(author[at], begun[thread[at]], whom),
        judged=(author[judged], begun[thread[judged]], _signs(rows)),
    )


def _threads(rows: Rows) -> Ints:
    """In how many threads each author spoke."""
    spoken = rows.spoken
    return _partners(rows.author_number[spoken], rows.root_number[spoken], len(rows.authors), len(rows.roots))


def _answers(rows: Rows) -> tuple[Ints, Ints]:
    """Of each reply and quote to somebody but the brand: the row, and the number of whom."""
    at, (accounts, _, target) = rows.interactions.rows, rows.graph
    people = rows.spoken[at] & ~rows.snapshot.is_own(accounts)[target]
    return at[people], target[people]


def _answered(rows: Rows) -> Ints:
    """How many different people each author replied to or quoted, own accounts apart."""
    at, whom = _answers(rows)
    return _partners(rows.author_number[at], whom, len(rows.authors), len(rows.graph.accounts))


def _partners(one: Ints, other: Ints, size: int, width: int) -> Ints:
    """With how many different `other` each `one` occurs."""
    pairs = unique(one * max(1, width) + other)
    return np.bincount(pairs // max(1, width), minlength=size)


def _signs(rows: Rows) -> Ints:
    """Of each judged post: 1 positive, -1 negative."""
    found = rows.sentiment[rows.judged]
    signs: Ints = (found == POSITIVE).astype(np.int64) - (found == NEGATIVE)
    return signs


def _balance(rows: Rows) -> Ints:
    """Positive minus negative posts of each author, of those that were judged."""
    balance = np.zeros(len(rows.authors), dtype=np.int64)
    np.add.at(balance, rows.author_number[rows.judged], _signs(rows))
    return balance
