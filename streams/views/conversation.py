"""Who talks with whom: people among themselves, with the brand, and whether they answer each other."""

from __future__ import annotations

import numpy as np

from streams.views.asked import Answer, Asked, Share
from streams.views.columns import Bools, Ints, lookup
from streams.views.intervals import wilson
from streams.views.rows import Rows, distinct


class Reciprocity(Answer, frozen=True, kw_only=True):
    """`value` = (r - a) / (1 - a): 0 as by chance, 1 every tie goes both ways, below 0 they avoid it.

    `ties`: directed, each pair of accounts once (L); `mutual`: those with their opposite; r = mutual / ties;
    a = ties / (accounts * (accounts - 1)), over the accounts with at least one tie.
    """

    ties: int
    mutual: int
    value: float | None = None


def peer_share(rows: Rows, asked: Asked) -> Share:
    """Of all interactions between two accounts, those with no own account at either end."""
    at, (accounts, source, target) = rows.interactions.rows, rows.graph
    peer = ~rows.snapshot.is_own(accounts)
    authors = distinct(np.concatenate((source, target)), len(accounts))
    return _share(int((peer[source] & peer[target]).sum()), len(source), distinct(at, len(rows)), authors, asked)


def threads_without_brand(rows: Rows, asked: Asked) -> Share:
    """Of the threads in which at least two authors spoke, those in which no own account did.

    Reposts do not speak. A platform or language selects threads by any of their posts; who spoke in them is then
    looked up in all platforms and languages, because a short answer often declares none.
    """
    everything = rows.widened()
    spoken = everything.spoken
    root, author = everything.root_number[spoken], everything.author_number[spoken]
    size = len(everything.roots)
    threads = _several(root, author, size)
    if everything is not rows:
        threads &= lookup(everything.roots, np.unique(rows.root[rows.spoken]))[1]
    with_brand = np.zeros(size, dtype=bool)
    with_brand[root[everything.own[spoken]]] = True
    inside = threads[root]
    authors = distinct(author[inside], len(everything.authors))
    return _share(int((threads & ~with_brand).sum()), int(threads.sum()), int(inside.sum()), authors, asked)


def _several(thread: Ints, author: Ints, size: int) -> Bools:
    """Which threads have two authors or more: those whose first and last by number differ."""
    first, last = np.full(size, np.iinfo(np.int64).max), np.full(size, -1)
    np.minimum.at(first, thread, author)
    np.maximum.at(last, thread, author)
    several: Bools = first < last
    return several


def reciprocity(rows: Rows, asked: Asked) -> Reciprocity:
    """Of the window's interaction graph, directed and simple (Garlaschelli & Loffredo 2004)."""
    at, (accounts, source, target) = rows.interactions.rows, rows.graph
    width = max(1, len(accounts))
    n, posts = distinct(np.concatenate((source, target)), width), distinct(at, len(rows))
    ties: Ints = np.unique(source * width + target)
    mutual = int(lookup(ties % width * width + ties // width, ties)[1].sum())
    too_few = asked.too_few(posts, n)
    return Reciprocity(
        posts=posts,
        authors=n,
        insufficient=too_few,
        ties=len(ties),
        mutual=mutual,
        value=None if too_few else correlation(len(ties), mutual, n),
    )


def correlation(ties: int, mutual: int, accounts: int) -> float | None:
    """(r - a) / (1 - a), from whole numbers; None without ties, and where every possible tie is there (a = 1)."""
    possible = accounts * (accounts - 1)
    if not ties or ties == possible:
        return None
    return (mutual * possible - ties * ties) / (ties * (possible - ties))


def _share(count: int, total: int, posts: int, authors: int, asked: Asked) -> Share:
    too_few = total == 0 or asked.too_few(posts, authors)
    return Share(
        posts=posts,
        authors=authors,
        insufficient=too_few,
        count=count,
        total=total,
        share=None if too_few else count / total,
        interval=None if too_few else wilson(count, total),
    )
