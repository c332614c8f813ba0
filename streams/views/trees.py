"""Trees given by the parent of each node, a whole forest at once: depths and distances without recursion.

In round r every node knows its ancestor 2**r generations up and hands over to it what it has gathered, so a forest of
any shape takes log2(depth) rounds over plain arrays.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from streams.views.columns import Floats, Ints

NONE = -1  # the parent of a root


class Shape(NamedTuple):
    """Of each node: how many generations below its root, and how many nodes hang from it, itself included."""

    depth: Ints
    size: Ints


def shape(parent: Ints) -> Shape:
    """`parent[i]` is the index of node i's parent, or `NONE`. Raises `ValueError` for a cycle."""
    above, below = parent.copy(), np.flatnonzero(parent != NONE)
    depth, size = (parent != NONE).astype(np.int64), np.ones(len(parent), dtype=np.int64)
    for _ in range(_rounds(parent)):
        if not len(below):
            return Shape(depth, size)
        ancestor = above[below]
        gathered, further = size[below], depth[ancestor]
        np.add.at(size, ancestor, gathered)
        depth[below] += further
        above[below] = above[ancestor]
        below = below[above[below] != NONE]
    raise ValueError("the parents form a cycle")


def without_cycles(parent: Ints) -> Ints:
    """The same parents, but the first node of each cycle has none. Where every parent stands before, there is none."""
    if (parent < np.arange(len(parent))).all():
        return parent
    above, first, below = parent.copy(), parent.copy(), np.flatnonzero(parent != NONE)
    for _ in range(_rounds(parent)):
        ancestor = above[below]
        first[below] = np.minimum(first[below], first[ancestor])  # of all ancestors so far; what has a root drops out
        above[below] = above[ancestor]
        below = below[above[below] != NONE]
    cut = parent.copy()
    cut[below[first[below] == below]] = NONE  # only on a cycle is a node its own ancestor
    return cut


def wiener(parent: Ints, size: Ints, tree: Ints, nodes: Ints) -> Ints:
    """Per tree the sum of the distances between all pairs of its nodes (Wiener 1947).

    The edge above a node from which s of the N nodes hang lies on the way of s (N - s) pairs. Exact up to 3 million
    nodes in one tree. `size` is that of `shape`; `tree` numbers each node's tree, `nodes` counts those of each.
    """
    edge = np.flatnonzero(parent != NONE)
    tree, size = tree[edge], size[edge]
    total = np.zeros(len(nodes), dtype=np.int64)
    np.add.at(total, tree, size * (nodes[tree] - size))
    return total


def virality(distances: Ints, nodes: Ints) -> Floats:
    """Structural virality: the mean distance between two nodes (Goel, Anderson, Hofman & Watts 2016); 0 of one node.

    `distances` are those of `wiener`. 4/3 for three nodes, nearly 2 for many answers to one post, more for long chains.
    """
    pairs = nodes * (nodes - 1)
    means: Floats = 2 * distances / np.maximum(pairs, 1)
    return means


def _rounds(parent: Ints) -> int:
    """After so many doublings, whoever still has an ancestor has more of them than there are nodes."""
    return len(parent).bit_length() + 1
