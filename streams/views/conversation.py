"""Who talks with whom: people among themselves, or with the brand."""

from __future__ import annotations

import numpy as np

from streams.views.asked import Asked, Share
from streams.views.clusters import Clusters, begun_by, independent
from streams.views.columns import Bools, Ints, lookup, unique
from streams.views.rows import Rows, distinct
from streams.views.shares import share_of


def peer_share(rows: Rows, asked: Asked) -> Share:
    """Of all interactions between two accounts, those with no own account at either end.

    Those of one person hang together, and those in the threads that one person began.
    """
    at, (accounts, source, target) = rows.interactions.rows, rows.graph
    peer = ~rows.snapshot.is_own(accounts)
    authors = distinct(np.concatenate((source, target)), len(accounts))
    hits = peer[source] & peer[target]
    person, begun = np.where(peer[source], source, target), begun_by(rows.snapshot, rows.roots)
    clusters = Clusters.between(accounts, person, begun, rows.root_number[at])
    worth = independent(hits, clusters)
    return share_of(int(hits.sum()), len(source), distinct(at, len(rows)), authors, asked, worth)


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
        threads &= lookup(everything.roots, unique(rows.root[rows.spoken]))[1]
    with_brand = np.zeros(size, dtype=bool)
    with_brand[root[everything.own[spoken]]] = True
    inside = threads[root]
    authors = distinct(author[inside], len(everything.authors))
    hits = ~with_brand[threads]
    clusters = Clusters.of(begun_by(rows.snapshot, everything.roots[threads]))
    worth = independent(hits, clusters)
    return share_of(int(hits.sum()), len(hits), int(inside.sum()), authors, asked, worth)


def _several(thread: Ints, author: Ints, size: int) -> Bools:
    """Which threads have two authors or more: those whose first and last by number differ."""
    first, last = np.full(size, np.iinfo(np.int64).max), np.full(size, -1)
    np.minimum.at(first, thread, author)
    np.maximum.at(last, thread, author)
    several: Bools = first < last
    return several
