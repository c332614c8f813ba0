"""How far what brands bring hangs together, where each brand may live on another worker.

The variance of a brand's share needs, besides each brand's sum of squares over clusters (see `clusters`), the sums of
products of two brands: the same person speaks of both. No worker holds both, so each sends a sketch: every cluster adds
its count, with a sign, to one of `CELLS` cells, both by its hash. The product of two brands' sketches is that sum, give
or take 1 / sqrt(CELLS) of the roots of their squares (Charikar, Chen & Farach-Colton 2002; Cormode & Garofalakis 2005).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec
import numpy as np

from streams.views.clusters import design, few
from streams.views.columns import Ints
from streams.views.intervals import mixed

CELLS: Final = 512
MOST: Final = 4.0  # times the observations: where nearly all speak of all brands, little is left to chance


class Overlap(msgspec.Struct, frozen=True):
    """`squares`: of counts over clusters, less those of pairs of clusters; `clusters` and `pairs`: their sketches."""

    squares: int = 0
    clusters: tuple[int, ...] = ()
    pairs: tuple[int, ...] = ()


def overlap(first: Ints, second: Ints) -> Overlap:
    """Of observations that belong to one or two clusters, by hash."""
    apart = first != second
    clusters, sizes = np.unique(np.concatenate((first, second[apart])), return_counts=True)
    low, high = np.minimum(first, second)[apart], np.maximum(first, second)[apart]
    pairs, shared = np.unique(mixed(low) + high, return_counts=True)
    squares = int((sizes * sizes).sum() - (shared * shared).sum())
    return Overlap(squares, _sketch(clusters, sizes), _sketch(pairs, shared))


def _sketch(hashes: Ints, counts: Ints) -> tuple[int, ...]:
    if not len(hashes):
        return ()
    found = mixed(hashes)
    sign = np.where(found & CELLS, 1, -1)
    return tuple(np.bincount(found & (CELLS - 1), sign * counts, CELLS).astype(np.int64).tolist())


class Spread(NamedTuple):
    """The variance of a brand's count less its share of all, and how many clusters it comes from."""

    variance: float
    clusters: float


class Together:
    """The brands of a group with their counts: what their sketches say of all of them, and of all but one, worked out
    once for the shares of all."""

    def __init__(self, counts: Sequence[int], parts: Sequence[Overlap]) -> None:
        self.counts, self.total = counts, sum(counts)
        self.squares = [part.squares for part in parts]
        clusters, pairs = (_Crossed([getattr(part, name) for part in parts]) for name in ("clusters", "pairs"))
        self.products = float(clusters.all) - float(pairs.all)
        """Twice the sum over all pairs of brands."""
        self._rest = (clusters.rest - pairs.rest).astype(np.float64)

    def products_without(self, here: int) -> float:
        """The same without the brand number `here`."""
        return float(self._rest[here])


def spread(here: int, group: Together) -> Spread:
    """Of the brand number `here`."""
    counts, total, rest = group.counts, group.total, group.products_without(here)
    share, squares = counts[here] / total, float(group.squares[here])
    others = max(0.0, sum(group.squares) - group.squares[here] + rest)
    ours, theirs = (1 - share) ** 2 * squares, share**2 * others
    both = share * (1 - share) * (group.products - rest)
    clusters = _satterthwaite((ours, counts[here], squares), (theirs, total - counts[here], others))
    return Spread(ours + theirs - both, clusters)


def worth(here: int, group: Together) -> float:
    """How many independent observations the share of the brand number `here` is worth; 0 of nothing."""
    counts, total = group.counts, group.total
    if not total:
        return 0.0
    kish = total * total / max(1.0, sum(group.squares) + group.products)
    binomial, effect, behind = counts[here] * (total - counts[here]) / total, 0.0, 0.0
    if binomial:
        found = spread(here, group)
        effect, behind = max(found.variance / binomial, 1 / MOST), found.clusters
    return max(1.0, total / design(effect, behind, total / kish) * few(kish, total))


def _satterthwaite(*sides: tuple[float, int, float]) -> float:
    """How many clusters the variance of both sides comes from: (variance, count, squares) of each, which is worth
    count² / squares clusters (Satterthwaite 1946)."""
    each = sum(variance**2 * max(1.0, squares) / max(1, count) ** 2 for variance, count, squares in sides)
    return sum(variance for variance, _, _ in sides) ** 2 / each if each else 0.0


class _Crossed:
    """The products of sketches, each with each other: of `all`, and of the `rest` when one of them is left out."""

    def __init__(self, sketches: Sequence[Sequence[int]]) -> None:
        held = np.zeros((len(sketches), CELLS), dtype=np.int64)
        for row, sketch in zip(held, sketches, strict=True):
            if sketch:
                row[:] = sketch
        together, squares = held.sum(axis=0), (held * held).sum(axis=1)
        self.all = int((together * together).sum() - squares.sum())
        left = together - held
        self.rest: Ints = (left * left).sum(axis=1) - (squares.sum() - squares)
