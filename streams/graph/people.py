"""Whom a circle is around, and who stands between circles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from streams.graph.answers import Person
from streams.graph.material import Head, Posts
from streams.graph.measures import bridges
from streams.graph.ties import UNIT, Ties
from streams.views.columns import Ints, lookup

FEWEST_TIES: Final = 5  # of a broker: with two ties a participation of one half says nothing


class People:
    """The accounts of a graph; only those that wrote in the window are ever named."""

    def __init__(self, head: Head, ties: Ties, label: Ints, posts: Posts, names: Sequence[str]) -> None:
        self._head, self._ties, self._label, self._names = head, ties, label, names
        self._strength, self._bridge = ties.strength, bridges(ties, label)
        wrote, count = np.unique(posts.author, return_counts=True)
        at, there = lookup(wrote, ties.accounts)
        self._posts = np.zeros(len(ties.accounts), dtype=np.int64)
        self._posts[at[there]] = count[there]

    def voices(self, circle: int) -> list[Person]:
        """The members with the most weight of ties inside of the circle."""
        members = np.flatnonzero((self._label == circle) & (self._posts > 0))
        return self._persons(members[np.argsort(-self._bridge.within[members], kind="stable")[: self._head.voices]])

    def brokers(self) -> list[Person]:
        """Those with ties to several circles, by strength times participation: how much of their talk bridges."""
        ties = np.bincount(np.concatenate((self._ties.source, self._ties.target)), minlength=len(self._posts))
        able = np.flatnonzero((self._posts > 0) & (ties >= FEWEST_TIES) & (self._bridge.circles > 1))
        bridging = self._strength[able] * self._bridge.participation[able]
        return self._persons(able[np.argsort(-bridging, kind="stable")[: self._head.brokers]])

    def _persons(self, accounts: Iterable[int]) -> list[Person]:
        """By their hashes: columns know no names."""
        return [
            Person(
                author=str(self._ties.accounts[account]),
                handle="",
                circle=self._names[self._label[account]],
                posts=int(self._posts[account]),
                strength=int(self._strength[account]) / UNIT,
                within=int(self._bridge.within[account]) / UNIT,
                participation=float(self._bridge.participation[account]),
                circles=int(self._bridge.circles[account]),
            )
            for account in map(int, accounts)
        ]
