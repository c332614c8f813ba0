"""What the members of one circle wrote in the window."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from streams.graph.answers import Circle, CircleSentiment, Crossing
from streams.graph.material import Material, Posts
from streams.graph.people import People
from streams.graph.ties import Ties
from streams.graph.words import telling
from streams.records import SENTIMENTS
from streams.views.asked import Asked
from streams.views.columns import Bools, Ints, lookup, unique
from streams.views.intervals import effective, percentile_interval, poisson_bootstrap
from streams.views.rows import factorise
from streams.views.shares import share_of

NEGATIVE, NEUTRAL, POSITIVE = range(len(SENTIMENTS))


class Portraits:
    """Describes circles by their numbers in `label`."""

    def __init__(self, material: Material, ties: Ties, label: Ints, crossed: Bools, people: People) -> None:
        self._head, self._posts, self._asked = material.head, material.posts, material.head.asked
        self._ties, self._label, self._crossed, self._people = ties, label, crossed, people
        self._circle = _placed(material.posts.author, ties.accounts, label)
        self._authors, count = np.unique(material.posts.author, return_counts=True)
        self._worth = effective(count)
        authors = np.fromiter((author for author, _ in material.texts), np.int64, len(material.texts))
        placed = zip(_placed(authors, ties.accounts, label).tolist(), material.texts, strict=True)
        said = ((circle, author, text) for circle, (author, text) in placed if circle >= 0)
        self._words = telling(said, material.head.silent)

    def of(self, number: int, name: str, size: int) -> Circle:
        """One circle."""
        ours = self._circle == number
        posts, total = int(ours.sum()), len(ours)
        wrote = len(unique(self._posts.author[ours]))
        few = self._asked.too_few(posts, wrote)
        at = (self._label[self._ties.source] == number) | (self._label[self._ties.target] == number)
        return Circle(
            posts=posts,
            authors=wrote,
            insufficient=few,
            name=name,
            size=size,
            share=share_of(posts, total, total, len(self._authors), self._asked, self._worth),
            languages=_counts(self._posts.lang[ours], self._head.languages),
            platforms=_counts(self._posts.platform[ours], self._head.platforms),
            words=self._words.get(number, ()),
            sentiment=sentiment(self._posts, ours, self._asked),
            voices=self._people.voices(number),
            crossing=crossing_of(self._ties, self._crossed, at),
        )


def crossing_of(ties: Ties, crossed: Bools, here: Bools) -> Crossing:
    """Of the ties `here`, those that cross."""
    edges, total = int((crossed & here).sum()), int(here.sum())
    if not total:
        return Crossing(0, 0)
    weight = int(ties.weight[crossed & here].sum()) / int(ties.weight[here].sum())
    return Crossing(edges, total, edges / total, weight)


def sentiment(posts: Posts, ours: Bools, asked: Asked) -> CircleSentiment:
    """Net sentiment of some of the posts, as `views.sentiment` has it for all."""
    judged = ours & (posts.sentiment >= 0)
    authors, number = factorise(posts.author[judged])
    cells = number * len(SENTIMENTS) + posts.sentiment[judged]
    counts = np.bincount(cells, minlength=len(authors) * len(SENTIMENTS)).reshape(-1, len(SENTIMENTS))
    totals = counts.sum(axis=0)
    few = asked.too_few(int(judged.sum()), len(authors))
    net, interval = None, None
    if not few:
        net = int(totals[POSITIVE] - totals[NEGATIVE]) / int(judged.sum())
        drawn = poisson_bootstrap(authors, counts, asked.settings.bootstrap)
        whole = drawn.sum(axis=0)
        nets = np.where(whole > 0, (drawn[POSITIVE] - drawn[NEGATIVE]) / np.maximum(whole, 1), np.nan)
        interval = percentile_interval(nets, effective(counts.sum(axis=1)))
    return CircleSentiment(
        posts=int(judged.sum()),
        authors=len(authors),
        insufficient=few,
        negative=int(totals[NEGATIVE]),
        neutral=int(totals[NEUTRAL]),
        positive=int(totals[POSITIVE]),
        net=net,
        interval=interval,
    )


def _placed(authors: Ints, accounts: Ints, label: Ints) -> Ints:
    """The circle of each author, -1 for those in none."""
    at, member = lookup(authors, accounts)
    return np.where(member, label[at], -1) if len(label) else np.full(len(authors), -1)


def _counts(codes: Ints, names: Sequence[str]) -> dict[str, int]:
    """How many of each, the largest first."""
    counts = np.bincount(codes, minlength=len(names))
    found = [(name, int(count)) for name, count in zip(names, counts, strict=True) if count]
    return dict(sorted(found, key=lambda pair: (-pair[1], pair[0])))
