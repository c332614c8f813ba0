"""Whether people answer each other."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from streams.views.asked import Answer, Asked, Interval
from streams.views.clusters import concentrated, design, few
from streams.views.columns import Bools, Column, Floats, Ints, lookup, unique
from streams.views.intervals import effective, wilson
from streams.views.rows import Rows, distinct


class Reciprocity(Answer, frozen=True, kw_only=True):
    """`value` = (r - a) / (1 - a): 0 as by chance, 1 every tie goes both ways, below 0 they avoid it.

    `ties`: directed, each pair of accounts once (L); `mutual`: those with their opposite; r = mutual / ties;
    a = ties / (accounts * (accounts - 1)), over the accounts with at least one tie.
    """

    ties: int
    mutual: int
    value: float | None = None
    interval: Interval | None = None


class Ties(NamedTuple):
    """Distinct ties between accounts 0 … n - 1, and which of them have their opposite."""

    source: Ints
    target: Ints
    mutual: Bools


def reciprocity(rows: Rows, asked: Asked) -> Reciprocity:
    """Of the window's interaction graph, directed and simple (Garlaschelli & Loffredo 2004)."""
    at, (accounts, source, target) = rows.interactions.rows, rows.graph
    ties = simple(len(accounts), source, target)
    n, posts = distinct(np.concatenate((source, target)), len(accounts)), distinct(at, len(rows))
    count, mutual = len(ties.source), int(ties.mutual.sum())
    too_few = asked.too_few(posts, n)
    value = None if too_few else correlation(count, mutual, n)
    return Reciprocity(
        posts=posts,
        authors=n,
        insufficient=too_few,
        ties=count,
        mutual=mutual,
        value=value,
        interval=None if value is None else _interval(value, ties, rows.snapshot.is_own(accounts)),
    )


def simple(n: int, source: Ints, target: Ints) -> Ties:
    """Each tie once, by its ends."""
    width = max(1, n)
    ties = unique(source * width + target)
    source, target = ties // width, ties % width
    return Ties(source, target, lookup(target * width + source, ties)[1])


def correlation(ties: int, mutual: int, accounts: int) -> float | None:
    """(r - a) / (1 - a), from whole numbers; None without ties, and where every possible tie is there (a = 1)."""
    possible = accounts * (accounts - 1)
    if not ties or ties == possible:
        return None
    return (mutual * possible - ties * ties) / (ties * (possible - ties))


class LeftOut(NamedTuple):
    """What `correlation` would be without each account that has ties, and these: NaN where it is undefined.

    `accounts` are their numbers, `degrees` how many ties each has. `one_way`, `both_ways`: without a single pair of
    accounts whose ties are of that kind.
    """

    values: Floats
    accounts: Ints
    degrees: Ints
    one_way: float
    both_ways: float


def left_out(ties: Ties, n: int) -> LeftOut:
    """All of them at once. Whoever had no other tie than to the one left out is left out too."""
    source, target, mutual = ties
    degree = np.bincount(source, minlength=n) + np.bincount(target, minlength=n)
    both = np.bincount(source[mutual], minlength=n)
    partners, pair = degree - both, ~mutual | (source < target)  # each pair of accounts once
    alone = np.bincount(source[pair & (partners[target] == 1)], minlength=n)
    alone += np.bincount(target[pair & (partners[source] == 1)], minlength=n)
    tied, count, opposed = np.flatnonzero(degree), len(source), int(mutual.sum())
    accounts = float(len(tied))
    values = _correlations(count - degree[tied], opposed - 2 * both[tied], accounts - 1 - alone[tied])
    pairs = _correlations(np.array([count - 1, count - 2]), np.array([opposed, opposed - 2]), accounts * np.ones(2))
    return LeftOut(values, tied, degree[tied], float(pairs[0]), float(pairs[1]))


def _correlations(ties: Column, mutual: Column, accounts: Column) -> Floats:
    """`correlation` of many; NaN where it is undefined."""
    possible, ties = accounts * (accounts - 1), ties.astype(np.float64)
    defined = (ties > 0) & (ties < possible)
    bottom = np.where(defined, ties * (possible - ties), 1.0)
    values: Floats = np.where(defined, (mutual * possible - ties * ties) / bottom, np.nan)
    return values


def _interval(value: float, ties: Ties, own: Bools) -> Interval | None:
    """Wilson's for r, worth as many ties as give ρ the variance of a jackknife, at the density there is.

    The jackknife is over people, less that over pairs of people, whose ties are left out with either of them. The
    brand's own accounts (`own`) are no chance: its ties vary with the people at their other ends alone. None when most
    values are undefined.
    """
    without = left_out(ties, len(own))
    person = ~own[without.accounts]
    values = without.values[person]
    changes, count = values[~np.isnan(values)] - value, int(person.sum())
    if 2 * len(changes) < count or len(changes) < 3:
        return None
    accounts, number = len(without.accounts), len(ties.source)
    density, share = number / (accounts * (accounts - 1)), float(ties.mutual.mean())
    spread = (float((changes**2).sum()) - _pairs(value, ties, own, without)) * (1 - density) ** 2
    effect = max(1.0, spread * number / (share * (1 - share))) if 0 < share < 1 else 0.0
    kish = effective(without.degrees[person])
    behind = concentrated(changes) / 2 if effect else 0.0  # a pair is two people
    worth = number / design(effect, behind, number / kish) * few(kish, number)
    low, high = wilson(share * worth, worth) or (0.0, 1.0)
    return (low - density) / (1 - density), (high - density) / (1 - density)


def _pairs(value: float, ties: Ties, own: Bools, without: LeftOut) -> float:
    """Squares of the changes when one pair of people is left out."""
    among = ~own[ties.source] & ~own[ties.target]
    one_way, both_ways = int((among & ~ties.mutual).sum()), int((among & ties.mutual).sum()) // 2
    return _times(one_way, without.one_way - value) + _times(both_ways, without.both_ways - value)


def _times(count: int, change: float) -> float:
    return count * change * change if count else 0.0
