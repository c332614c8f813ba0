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


def spread(here: int, counts: Sequence[int], parts: Sequence[Overlap]) -> Spread:
    """Of the brand number `here`."""
    total, rest = sum(counts), [part for number, part in enumerate(parts) if number != here]
    share, squares = counts[here] / total, float(parts[here].squares)
    others = max(0.0, sum(part.squares for part in rest) + _products(rest))
    ours, theirs = (1 - share) ** 2 * squares, share**2 * others
    both = share * (1 - share) * (_products(parts) - _products(rest))
    clusters = _satterthwaite((ours, counts[here], squares), (theirs, total - counts[here], others))
    return Spread(ours + theirs - both, clusters)


def worth(here: int, counts: Sequence[int], parts: Sequence[Overlap]) -> float:
    """How many independent observations the share of the brand number `here` is worth; 0 of nothing."""
    total = sum(counts)
    if not total:
        return 0.0
    kish = total * total / max(1.0, sum(part.squares for part in parts) + _products(parts))
    binomial, effect, behind = counts[here] * (total - counts[here]) / total, 0.0, 0.0
    if binomial:
        found = spread(here, counts, parts)
        effect, behind = max(found.variance / binomial, 1 / MOST), found.clusters
    return max(1.0, total / design(effect, behind, total / kish) * few(kish, total))


def _satterthwaite(*sides: tuple[float, int, float]) -> float:
    """How many clusters the variance of both sides comes from: (variance, count, squares) of each, which is worth
    count² / squares clusters (Satterthwaite 1946)."""
    each = sum(variance**2 * max(1.0, squares) / max(1, count) ** 2 for variance, count, squares in sides)
    return sum(variance for variance, _, _ in sides) ** 2 / each if each else 0.0


def _products(parts: Sequence[Overlap]) -> float:
    """Twice the sum over all pairs of parts."""
    return _crossed([part.clusters for part in parts]) - _crossed([part.pairs for part in parts])


def _crossed(sketches: Sequence[Sequence[int]]) -> float:
    held = np.array([sketch for sketch in sketches if sketch], dtype=np.int64).reshape(-1, CELLS)
    together = held.sum(axis=0)
    return float((together * together).sum() - (held * held).sum())
