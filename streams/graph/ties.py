"""The interaction graph of a brand at one moment: who talked with whom, weighted by how lately.

A tie's weight is the sum over its interactions of 2^(-(to - t) / half-life). Each interaction's weight is rounded to
units of 2^-20, so that sums are of whole numbers: the same for any order of arrival, and on any processor. What is
older than some twenty half-lives weighs nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, NamedTuple

import numpy as np

from streams.views.columns import Ints, microseconds
from streams.views.rows import Snapshot, factorise
from streams.views.window import Window

UNIT: Final = 1 << 20  # an interaction of this very moment
HORIZON: Final = 21  # half-lives: beyond them a weight rounds to nothing


class Talk(NamedTuple):
    """Interactions between people, none of them an own account: when, and indices into `accounts`, sorted hashes."""

    accounts: Ints
    time: Ints  # microseconds
    source: Ints
    target: Ints
    own: int  # how many more there are with an own account at either end


class Ties(NamedTuple):
    """An undirected graph without loops, each pair once: source < target are indices into `accounts`."""

    accounts: Ints
    source: Ints
    target: Ints
    weight: Ints  # in `UNIT`s

    @property
    def strength(self) -> Ints:
        """Sum of the weights at each account."""
        size = len(self.accounts)
        return _sums(self.source, self.weight, size) + _sums(self.target, self.weight, size)


class LeftOut(NamedTuple):
    """What a bound has cut off: accounts, ties, and the share of all weight that they had."""

    authors: int = 0
    edges: int = 0
    weight: float = 0.0


def talk_of(snapshot: Snapshot, to: datetime, past: timedelta) -> Talk:
    """The interactions of the `past` before `to`. Own accounts are left out: they answer everybody, and would make one
    star of all who ask them something."""
    rows = snapshot.rows(Window(to - past, to))
    at, source, target = rows.interactions
    own = snapshot.is_own(source) | snapshot.is_own(target)
    accounts, number = factorise(np.concatenate((source[~own], target[~own])))
    count = int((~own).sum())
    return Talk(accounts, rows.time[at[~own]], number[:count], number[count:], int(own.sum()))


class Pairs:
    """The pairs that have ever talked: their weights can be had for any moment."""

    def __init__(self, talk: Talk, half_life: timedelta) -> None:
        size = max(1, len(talk.accounts))
        low, high = np.minimum(talk.source, talk.target), np.maximum(talk.source, talk.target)
        pairs, self._number = factorise(low * size + high)
        self._accounts, self._low, self._high = talk.accounts, pairs // size, pairs % size
        self._time, self._half_life = talk.time, half_life / timedelta(microseconds=1)

    def at(self, moment: datetime) -> Ties:
        """The graph of all that was said before `moment`, over all accounts, also those without a tie by then."""
        return self.at_us(microseconds(moment))

    def at_us(self, moment: int) -> Ties:
        """The same for a moment in microseconds since 1970."""
        before = self._time < moment
        weights = np.rint(np.exp2((self._time[before] - moment) / self._half_life) * UNIT).astype(np.int64)
        sums = _sums(self._number[before], weights, len(self._low))
        there = sums > 0
        return Ties(self._accounts, self._low[there], self._high[there], sums[there])


def bounded(ties: Ties, authors: int, edges: int) -> tuple[Ties, LeftOut]:
    """The `authors` strongest accounts, of the ties among them the `edges` heaviest, and of those accounts the tied.

    Equals are taken in the order of their hashes, so what is left out never depends on arrival.
    """
    strength, tied = ties.strength, _tied(ties)
    order = np.lexsort((ties.accounts[tied], -strength[tied]))
    chosen = np.zeros(len(ties.accounts), dtype=bool)
    chosen[tied[order[:authors]]] = True
    among = np.flatnonzero(chosen[ties.source] & chosen[ties.target])
    heaviest = among[np.lexsort((among, -ties.weight[among]))[:edges]]  # ties stand in the order of their hashes
    heaviest.sort()
    kept = _compact(ties, heaviest)
    weight, whole = int(kept.weight.sum()), int(ties.weight.sum())
    left = (len(tied) - len(kept.accounts), len(ties.weight) - len(heaviest))
    return kept, LeftOut(*left, 1 - weight / whole if weight < whole else 0.0)


def _tied(ties: Ties) -> Ints:
    """The places of the accounts with a tie, ascending."""
    tied = np.zeros(len(ties.accounts), dtype=bool)
    tied[ties.source] = tied[ties.target] = True
    return np.flatnonzero(tied)


def _compact(ties: Ties, rows: Ints) -> Ties:
    """Some of the ties, over the accounts that they join."""
    some = Ties(ties.accounts, ties.source[rows], ties.target[rows], ties.weight[rows])
    there = _tied(some)
    number = np.zeros(len(ties.accounts), dtype=np.int64)
    number[there] = np.arange(len(there))
    return Ties(ties.accounts[there], number[some.source], number[some.target], some.weight)


def _sums(number: Ints, weights: Ints, size: int) -> Ints:
    """Sums of whole numbers by number; floats hold them exactly up to 2^53."""
    return np.bincount(number, weights, size).astype(np.int64)
