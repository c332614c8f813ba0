"""On whose ground people talk: the brand's own, a known hub, or one they found themselves."""

from __future__ import annotations

import msgspec
import numpy as np

from streams.views.asked import Answer, Asked, Share
from streams.views.clusters import Clusters, begun_by, independent
from streams.views.columns import NOBODY, Bools, Ints, lookup
from streams.views.places import HOME, HUB
from streams.views.rows import Rows, distinct
from streams.views.shares import share_of

OWN_GROUND, HUB_GROUND, SELF_ORGANISED = range(3)


class Grounds(msgspec.Struct, frozen=True):
    """The three add up to everything."""

    own: Share
    hub: Share
    self_organised: Share


class Venues(Answer, frozen=True, kw_only=True):
    """What people other than the brand said, reposts apart, by the ground of its thread.

    A thread stands on the brand's own ground when an own account began it, or its first post was said in a place that
    is the brand's (a venue or address under `own` or `domains`); else at a hub when one listed under `hubs` began it or
    was its place; all else organised itself. Threads that one person began hang together, and what one person says.
    """

    by_posts: Grounds
    by_threads: Grounds


def venues(rows: Rows, asked: Asked) -> Venues:
    """By posts, and by the threads these stand in."""
    at = np.flatnonzero(rows.spoken & ~rows.own)
    thread, authors = rows.root_number[at], distinct(rows.author_number[at], len(rows.authors))
    ground, begun = _grounds(rows), begun_by(rows.snapshot, rows.roots)
    here = np.flatnonzero(np.bincount(thread, minlength=len(rows.roots)))

    def grounds(ground: Ints, clusters: Clusters) -> Grounds:
        return Grounds(*(share(ground == each, clusters) for each in range(3)))

    def share(hits: Bools, clusters: Clusters) -> Share:
        worth = independent(hits, clusters)
        return share_of(int(hits.sum()), len(hits), len(at), authors, asked, worth)

    by_posts = Clusters.between(rows.authors, rows.author_number[at], begun, thread)
    return Venues(
        posts=len(at),
        authors=authors,
        insufficient=asked.too_few(len(at), authors),
        by_posts=grounds(ground[thread], by_posts),
        by_threads=grounds(ground[here], Clusters.of(begun[here])),
    )


def _grounds(rows: Rows) -> Ints:
    """Of each thread of the rows. Where its first post is not held, its place is that of the earliest post of the
    window, and who began it is known if an answer to it says so."""
    snapshot, roots = rows.snapshot, rows.roots
    began, flags = snapshot.authors_of(roots), snapshot.flags_of(roots)
    absent = began == NOBODY
    if absent.any():
        told, seen = _from_answers(rows.widened(), roots)
        began, flags = np.where(absent, told, began), np.where(absent, seen, flags)
    own = snapshot.is_own(began) | ((flags & HOME) != 0)
    hub = snapshot.is_hub(began) | ((flags & HUB) != 0)
    return np.where(own, OWN_GROUND, np.where(hub, HUB_GROUND, SELF_ORGANISED))


def _from_answers(rows: Rows, roots: Ints) -> tuple[Ints, Ints]:
    """Per thread: whom the earliest answer to its root names, and the bits of its earliest post."""
    at = np.flatnonzero(rows.spoken)[::-1]  # the last assignment stands: the earliest
    thread, inside = lookup(rows.root[at], roots)
    at, thread = at[inside], thread[inside]
    flags, began = np.zeros(len(roots), dtype=np.int64), np.zeros(len(roots), dtype=np.int64)
    flags[thread] = rows.column("flags")[at]
    author = rows.column("reply_author")[at]
    direct = (rows.column("reply_post")[at] == rows.root[at]) & (author != NOBODY)
    began[thread[direct]] = author[direct]
    return began, flags
