"""The heart of the conversation: the accounts that hang together most closely."""

from __future__ import annotations

import numpy as np

from streams.views.asked import Answer, Asked
from streams.views.columns import Ints, unique
from streams.views.rows import Rows


class Core(Answer, frozen=True, kw_only=True):
    """The innermost core of the window's interactions: the largest group in which everybody talked with at least `k`
    others of it, for the largest `k` there is (Seidman 1983).

    `size` accounts, `own` of them the brand's. `share_of_authors`: of all who wrote or were addressed;
    `share_of_posts`: of the window's posts. Both describe this window's graph and are no estimates: no interval.
    """

    k: int
    size: int
    own: int
    share_of_authors: float | None = None
    share_of_posts: float | None = None


def core(rows: Rows, asked: Asked) -> Core:
    """A tie is any interaction in either direction, however often. `k` is 0, and the core empty, without any."""
    accounts, source, target = rows.graph
    number = core_numbers(len(accounts), source, target)
    k = int(number.max(initial=0))
    inside = accounts[number == k] if k else accounts[:0]
    wrote = np.isin(rows.authors, inside, assume_unique=True)[rows.author_number]
    too_few = asked.too_few(len(rows), len(accounts))
    return Core(
        posts=len(rows),
        authors=len(accounts),
        insufficient=too_few,
        k=k,
        size=len(inside),
        own=int(rows.snapshot.is_own(inside).sum()),
        share_of_authors=None if too_few else len(inside) / len(accounts),
        share_of_posts=None if too_few else int(wrote.sum()) / len(rows),
    )


def core_numbers(n: int, source: Ints, target: Ints) -> Ints:
    """The core number of each of `n` nodes: the largest k such that it belongs to a k-core (Seidman 1983).

    Peeling (Matula & Beck 1983; Batagelj & Zaversnik 2003), all nodes of a round at once: whoever has at most k
    neighbours left goes, with the edges. The work grows with the edges, plus some microseconds a round; a chain is the
    worst shape, with a round for every second node.
    """
    first, neighbour = _neighbours(n, source, target)
    degree, number = np.diff(first), np.zeros(n, dtype=np.int64)
    here, left = np.ones(n, dtype=bool), np.arange(n)
    k = 0
    while len(left):
        k = max(k, int(degree[left].min()))
        going = left[degree[left] <= k]
        while len(going):
            number[going], here[going] = k, False
            beside = neighbour[_ranges(first[going], first[going + 1])]
            beside = beside[here[beside]]
            np.subtract.at(degree, beside, 1)
            going = unique(beside[degree[beside] <= k])
        left = left[here[left]]
    return number


def _neighbours(n: int, source: Ints, target: Ints) -> tuple[Ints, Ints]:
    """Each pair once, both ways: those of node i are `neighbour[first[i]:first[i + 1]]`."""
    low, high = np.minimum(source, target), np.maximum(source, target)
    pairs = unique(low * max(1, n) + high)
    low, high = pairs // max(1, n), pairs % max(1, n)
    near, far = np.concatenate((low, high)), np.concatenate((high, low))
    first = np.concatenate(([0], np.cumsum(np.bincount(near, minlength=n))))
    return first, far[np.argsort(near, kind="stable")]


def _ranges(start: Ints, end: Ints) -> Ints:
    """The numbers of all ranges [start, end), one behind the other."""
    length = end - start
    before = np.cumsum(length) - length
    return np.repeat(start - before, length) + np.arange(int(length.sum()))
