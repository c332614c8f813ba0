"""How many independent observations those of a conversation are worth: what one person says hangs together.

Each observation belongs to one or two clusters: to a person, and to whoever began the thread it stands in. The variance
of a share is that of sums over clusters (linearised as a ratio, Kish 1965); with two clusters each, of sums over both
less those over what shares both (Fafchamps & Gubert 2007; Cameron, Gelbach & Miller 2011; Aronow, Samii & Assenova
2015). Wilson's interval then takes as many observations as independent ones would give that variance (Korn & Graubard
1998; Dean & Pagano 2015).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from streams.views.columns import NOBODY, Bools, Floats, Ints
from streams.views.intervals import effective, student_quantile
from streams.views.rows import Snapshot, factorise


class Clusters(NamedTuple):
    """Of each observation the numbers of its one or two clusters, below `size`; twice the same: it has one."""

    first: Ints
    second: Ints
    size: int

    @classmethod
    def of(cls, hashes: Ints) -> Clusters:
        """One of each."""
        known, number = factorise(hashes)
        return cls(number, number, len(known))

    @classmethod
    def between(cls, people: Ints, person: Ints, begun: Ints, thread: Ints) -> Clusters:
        """From the numbers of each observation's person and thread, and the hashes of people and of who began threads.

        Each of the two lists of hashes may name somebody twice.
        """
        known, number = factorise(np.concatenate((people, begun)))
        return cls(number[: len(people)][person], number[len(people) :][thread], len(known))

    @property
    def present(self) -> Bools:
        """Which of the numbers below `size` have an observation: people may be listed who have none."""
        found = np.zeros(self.size, dtype=bool)
        found[self.first] = found[self.second] = True
        return found

    def sums(self, values: Floats) -> Floats:
        """Per cluster: over all observations that belong to it."""
        apart = self.first != self.second
        totals = np.bincount(self.first, values, self.size) + np.bincount(self.second[apart], values[apart], self.size)
        return totals.astype(np.float64)

    def squares(self, values: Floats) -> float:
        """The variance of the sum of `values`, whose mean is 0, from their sums over clusters.

        A cluster that is much of the whole draws the mean to itself: its square counts for more (Bell & McCaffrey
        2002).
        """
        weight = np.bincount(self.first, minlength=self.size) / max(1, len(values))
        total = float((self.sums(values) ** 2 / np.maximum(1 - weight, 1 / max(2, int(self.present.sum())))).sum())
        apart = self.first != self.second
        if not apart.any():
            return total
        first, second = self.first[apart], self.second[apart]
        _, pair = factorise(np.minimum(first, second) * self.size + np.maximum(first, second))
        return total - float((np.bincount(pair, values[apart]) ** 2).sum())


def independent(hits: Bools, clusters: Clusters) -> float:
    """How many observations of their own the share of `hits` is worth: at most as many as there are, 0 of none."""
    total, count = len(hits), int(hits.sum())
    if not total:
        return 0.0
    kish = min(effective(np.bincount(numbers)) for numbers in (clusters.first, clusters.second))
    found = behind = 0.0
    if 0 < count < total:
        errors = np.where(hits, float(total - count), float(-count))  # whole numbers: what cancels out does so exactly
        binomial = count * (total - count) * total * total / max(1, total - 1)  # were each observation its own
        found = max(1.0, clusters.squares(errors) / binomial)
        behind = concentrated(clusters.sums(errors)[clusters.present])
    return max(1.0, total / design(found, behind, total / kish) * few(kish, total))


def design(found: float, behind: float, most: float) -> float:
    """How many times the variance is that of independent observations (Kish's design effect), where it was `found` so
    from what is `behind` it: so many clusters. `most`: were all of a cluster alike; it counts as one cluster more, so
    that of no hits that is what is left."""
    return (behind * found + max(1.0, most)) / (behind + 1)


def few(clusters: float, total: float) -> float:
    """What a variance from so few clusters takes off the number (Korn & Graubard 1998); 1 where each is its own."""
    freedom, most = max(clusters, 2.0) - 1, max(total, 2.0) - 1
    return min(1.0, (student_quantile(most) / student_quantile(freedom)) ** 2)


def concentrated(sums: Floats) -> float:
    """How many clusters a sum of squares comes from, when few of them make up most of it (Satterthwaite 1946)."""
    squares = sums**2
    return float(squares.sum() ** 2 / (squares**2).sum()) if squares.any() else float(len(sums))


def begun_by(snapshot: Snapshot, roots: Ints) -> Ints:
    """Of each thread: the person who began it, by hash. A thread of the brand's, or whose first post is not held, is
    known by its own hash: the brand is no chance, its threads are."""
    began = snapshot.authors_of(roots)
    return np.where((began == NOBODY) | snapshot.is_own(began), roots, began)
