"""Who talks with whom: people among themselves, with the brand, and whether they answer each other."""

from __future__ import annotations

import numpy as np

from streams.views.asked import Answer, Asked, Share
from streams.views.columns import Ints, lookup
from streams.views.intervals import wilson
from streams.views.rows import Rows, factorise


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
    at, source, target = rows.interactions
    own = rows.snapshot.is_own
    peers, total = int((~own(source) & ~own(target)).sum()), len(source)
    posts, authors = len(np.unique(at)), len(np.unique(np.concatenate((source, target))))
    return _share(peers, total, posts, authors, asked)


def threads_without_brand(rows: Rows, asked: Asked) -> Share:
    """Of the threads in which at least two authors spoke, those in which no own account did.

    Reposts do not speak. A platform or language selects threads by any of their posts; who spoke in them is then
    looked up in all platforms and languages, because a short answer often declares none.
    """
    everything = rows.widened()
    spoken = everything.spoken
    roots, root = factorise(everything.root[spoken])
    author, own = everything.author_number[spoken], everything.own[spoken]
    width = max(1, len(everything.authors))
    pairs = np.unique(root * width + author)
    speakers = np.bincount(pairs // width, minlength=len(roots))
    asked_for = lookup(roots, np.unique(rows.root[rows.spoken]))[1]
    threads = (speakers >= 2) & asked_for
    with_brand = np.zeros(len(roots), dtype=bool)
    with_brand[root[own]] = True
    posts = int(threads[root].sum())
    authors = len(np.unique((pairs % width)[threads[pairs // width]]))
    return _share(int((threads & ~with_brand).sum()), int(threads.sum()), posts, authors, asked)


def reciprocity(rows: Rows, asked: Asked) -> Reciprocity:
    """Of the window's interaction graph, directed and simple (Garlaschelli & Loffredo 2004)."""
    at, source, target = rows.interactions
    accounts, ends = factorise(np.concatenate((source, target)))
    n, posts = len(accounts), len(np.unique(at))
    forth, back = ends[: len(source)], ends[len(source) :]
    ties: Ints = np.unique(forth * n + back)
    mutual = int(lookup(ties % max(n, 1) * n + ties // max(n, 1), ties)[1].sum())
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
