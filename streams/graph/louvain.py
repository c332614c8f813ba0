"""Louvain (Blondel, Guillaume, Lambiotte & Lefebvre 2008) in numpy: seeded, the same for the same graph.

Nodes do not move one by one but a quarter of them at a time, chosen by a hash, each to where modularity gains most as
things stand (as in Staudt & Meyerhenke 2016, who also look at the nodes of each level once more on the way down). So
every step is an operation on arrays: quick, and without the interpreter's lock, which the consumer needs.
Why not a library: docs/decisions/0014-circles.md.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from streams.graph.ties import Ties
from streams.views.columns import Bools, Floats, Ints
from streams.views.fragmentation import components
from streams.views.rows import factorise

SEED: Final = 20_08
TURNS: Final = 4  # parts that move one after the other: with all at once, neighbours would swap places for ever
ROUNDS: Final = 64  # of one part each; most levels are quiet after some twenty
_GOLDEN: Final = 0x9E3779B97F4A7C15


class Level:
    """An undirected graph as rows of neighbours, with what lies inside of each node."""

    def __init__(self, size: int, source: Ints, target: Ints, weight: Ints, inside: Ints) -> None:
        """Each pair once, no loops; `inside` is twice the weight that earlier levels have put into a node."""
        ends, others = np.concatenate((source, target)), np.concatenate((target, source))
        order = np.argsort(ends, kind="stable")
        self.size, self.inside = size, inside
        self.ends, self.neighbour = ends[order], others[order]
        self.weight = np.concatenate((weight, weight))[order]
        self.first = np.searchsorted(self.ends, np.arange(size + 1))
        self.strength: Floats = np.bincount(self.ends, self.weight, size).astype(np.float64) + inside
        self.whole = float(self.strength.sum())

    def places(self, nodes: Ints) -> tuple[Ints, Ints]:
        """(where the neighbours of each of `nodes` stand, how many each has)."""
        count = self.first[nodes + 1] - self.first[nodes]
        skip = np.repeat(self.first[nodes] - np.concatenate(([0], np.cumsum(count)[:-1])), count)
        return skip + np.arange(len(skip)), count

    def quality(self, label: Ints) -> float:
        """Modularity, times the square of the whole weight."""
        strength = np.bincount(label, self.strength)
        same = label[self.ends] == label[self.neighbour]
        within = float(self.weight[same].sum() + self.inside.sum())
        return within * self.whole - float((strength * strength).sum())


def circles_of(ties: Ties, seed: int = SEED) -> Ints:
    """The number of each account's circle; circles are numbered in the order of their first members.

    Each of them hangs together: what Louvain has put together without a tie is taken apart, which gains modularity.
    """
    size = len(ties.accounts)
    label = _cascade(Level(size, ties.source, ties.target, ties.weight, np.zeros(size, dtype=np.int64)), seed)
    same = label[ties.source] == label[ties.target]
    return factorise(components(size, ties.source[same], ties.target[same]))[1]


def _cascade(level: Level, seed: int) -> Ints:
    """Up: move, make each community a node, again. Down: move once more, from what the levels above have found."""
    levels: list[tuple[Level, Ints]] = []
    while True:
        above, number = _coarser(level, _moved(level, np.arange(level.size), seed))
        if above.size == level.size:
            break
        levels.append((level, number))
        level = above
    label = np.arange(level.size)
    for below, number in reversed(levels):
        label = _moved(below, label[number], seed + 1)
    return label


def _moved(level: Level, start: Ints, seed: int) -> Ints:
    """Labels (below `size`) after moving nodes from `start` until none gains; never of a lower modularity."""
    label, waiting = start.copy(), np.ones(level.size, dtype=bool)
    for number in range(ROUNDS):
        turn = _hashed(np.arange(level.size), seed + number // TURNS) % np.uint64(TURNS) == number % TURNS
        nodes = np.flatnonzero(waiting & turn)
        waiting[nodes] = False
        if len(nodes):
            _move(level, label, nodes, waiting)
        elif not waiting.any():
            break
    return label if level.quality(label) >= level.quality(start) else start


def _move(level: Level, label: Ints, nodes: Ints, waiting: Bools) -> None:
    """Move those of `nodes` that gain; neighbours whose surroundings change have to look again."""
    strength: Floats = np.bincount(label, level.strength, level.size).astype(np.float64)
    members = np.bincount(label, minlength=level.size)
    moved, to = _best(level, label, strength, nodes)
    alone = (members[label[moved]] == 1) & (members[to] == 1)
    stays = alone & (to > label[moved])  # of two that are alone one waits, or they would swap places
    moved, to = moved[~stays], to[~stays]
    label[moved] = to
    at, count = level.places(moved)
    around = level.neighbour[at]
    waiting[around[label[around] != np.repeat(to, count)]] = True


def _best(level: Level, label: Ints, strength: Floats, nodes: Ints) -> tuple[Ints, Ints]:
    """(nodes that gain by moving, where to). The gain of i in c, i itself apart: w(i, c) - k_i K_c / 2m, times 2m."""
    at, count = level.places(nodes)
    key = np.repeat(np.arange(len(nodes)), count) * level.size + label[level.neighbour[at]]
    order = np.argsort(key, kind="stable")
    key, begin = _runs(key[order])
    weight = np.add.reduceat(level.weight[at][order], begin) if len(begin) else level.weight[:0]
    who, where = key // level.size, key % level.size
    own, k = where == label[nodes[who]], level.strength[nodes[who]]
    gain = weight * level.whole - k * (strength[where] - np.where(own, k, 0.0))
    alone = level.strength[nodes]
    stay = -alone * (strength[label[nodes]] - alone)
    stay[who[own]] = gain[own]
    asking, first = _runs(who)
    top = np.maximum.reduceat(gain, first) if len(first) else gain
    best = gain == np.repeat(top, np.diff(np.append(first, len(who))))
    _, firsts = _runs(who[best])  # of several that gain alike, the one with the smallest label
    better = top > stay[asking]
    return nodes[asking[better]], where[best][firsts][better]


def _coarser(level: Level, label: Ints) -> tuple[Level, Ints]:
    """(the graph whose nodes are the communities, the node each old one has become)."""
    names, number = factorise(label)
    size, once = len(names), level.ends < level.neighbour
    a, b, weight = number[level.ends[once]], number[level.neighbour[once]], level.weight[once]
    within = a == b
    inside = np.bincount(number, level.inside, size) + 2 * np.bincount(a[within], weight[within], size)
    key = np.minimum(a, b)[~within] * size + np.maximum(a, b)[~within]
    order = np.argsort(key, kind="stable")
    pairs, first = _runs(key[order])
    sums = np.add.reduceat(weight[~within][order], first) if len(first) else weight[:0]
    return Level(size, pairs // size, pairs % size, sums, inside.astype(np.int64)), number


def _runs(ordered: Ints) -> tuple[Ints, Ints]:
    """(the distinct values of a sorted array, where each begins)."""
    new = np.ones(len(ordered), dtype=bool)
    new[1:] = ordered[1:] != ordered[:-1]
    first = np.flatnonzero(new)
    return ordered[first], first


def _hashed(numbers: Ints, seed: int) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    """Well mixed bits (splitmix64), a function of number and seed alone."""
    state = numbers.astype(np.uint64) + np.uint64(seed) * np.uint64(_GOLDEN & 0xFFFFFFFF)
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))
