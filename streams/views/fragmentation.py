"""Into how many separate pieces the conversation falls."""

from __future__ import annotations

import numpy as np

from streams.views.asked import Answer, Asked
from streams.views.columns import Ints
from streams.views.rows import Rows


class Fragmentation(Answer, frozen=True, kw_only=True):
    """`value`: the share of pairs of accounts that no chain of interactions connects (Borgatti 2006).

    0: all hang together, 1: nobody talks with anybody. `components` pieces, the `largest` of so many accounts.
    """

    components: int
    largest: int
    value: float | None = None


def fragmentation(rows: Rows, asked: Asked) -> Fragmentation:
    """Over everyone who wrote in the window or was addressed in it, whether or not they interacted."""
    accounts, source, target = rows.graph
    members = np.bincount(components(len(accounts), source, target))
    sizes = members[members > 0]
    too_few = asked.too_few(len(rows), len(accounts))
    return Fragmentation(
        posts=len(rows),
        authors=len(accounts),
        insufficient=too_few,
        components=len(sizes),
        largest=int(sizes.max()) if len(sizes) else 0,
        value=None if too_few else fragments(sizes),
    )


def fragments(sizes: Ints) -> float | None:
    """1 - sum s (s - 1) / (n (n - 1)); None for fewer than two accounts."""
    n = int(sizes.sum())
    return None if n < 2 else 1 - int((sizes * (sizes - 1)).sum()) / (n * (n - 1))


def components(n: int, source: Ints, target: Ints) -> Ints:
    """The smallest member of each node's component.

    Labels sink along edges, then pointers are jumped (Shiloach & Vishkin 1982): few rounds whatever the shape.
    """
    label = np.arange(n)
    while True:
        low = np.minimum(label[source], label[target])
        sunk = label.copy()
        np.minimum.at(sunk, label[source], low)
        np.minimum.at(sunk, label[target], low)
        while not np.array_equal(jumped := sunk[sunk], sunk):
            sunk = jumped
        if np.array_equal(sunk, label):
            return label
        label = sunk
