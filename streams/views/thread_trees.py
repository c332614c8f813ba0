"""The reply trees of the threads in which somebody spoke in a window, as they stand at its end."""

from __future__ import annotations

import numpy as np

from streams.views.columns import REPLY, Bools, Floats, Ints, lookup, moment
from streams.views.rows import Rows
from streams.views.trees import NONE, shape, virality, wiener, without_cycles
from streams.views.window import Window


class ThreadTrees:
    """One element per thread, by the hash of its root.

    A tree has the thread's posts (no reposts) up to the window's end and its root, whether or not the brand holds it.
    What says to stand in a thread but not what it answers, and what answers a post that is not held or stands in
    another thread, hangs from the root. Of posts that answer each other in a circle the earliest one does.
    """

    roots: Ints  # sorted hashes
    posts: Ints  # held, the root too if it is
    depth: Ints  # the longest chain of replies
    virality: Floats  # structural virality
    cut: int  # replies whose parent was not found

    def __init__(self, rows: Rows) -> None:
        spoken_in = np.zeros(len(rows.roots), dtype=bool)
        spoken_in[rows.root_number[rows.spoken]] = True
        self.roots = rows.roots[spoken_in]
        everything = _up_to_the_end(rows, self.roots)
        at = np.flatnonzero(everything.spoken)
        thread, post = self.roots.searchsorted(everything.root[at]), everything.post[at]
        answered = np.where(everything.kind[at] == REPLY, everything.column("reply_post")[at], post)
        self.posts = np.bincount(thread, minlength=len(self.roots))
        self._measure(thread, post, answered)

    def _measure(self, thread: Ints, post: Ints, answered: Ints) -> None:
        """`answered` is the post itself for what answers none."""
        root = post == self.roots[thread]
        parent = without_cycles(_parents(thread, post, answered, ~root & (answered != post)))
        loose = (parent == NONE) & ~root
        self.cut = int((loose & (answered != post) & (answered != self.roots[thread])).sum())
        place, tree = self._places(thread, np.flatnonzero(root))
        parent[loose] = place[thread[loose]]
        parent = np.concatenate((parent, np.full(len(tree) - len(parent), NONE)))
        found, nodes = shape(parent), np.bincount(tree, minlength=len(self.roots))
        self.depth = np.zeros(len(self.roots), dtype=np.int64)
        np.maximum.at(self.depth, tree, found.depth)
        self.virality = virality(wiener(parent, found.size, tree, nodes), nodes)

    def _places(self, thread: Ints, root: Ints) -> tuple[Ints, Ints]:
        """Where each thread's root stands among the nodes, and each node's thread; a root not held is put behind."""
        place = np.full(len(self.roots), NONE)
        place[thread[root]] = root
        absent = np.flatnonzero(place == NONE)
        place[absent] = len(thread) + np.arange(len(absent))
        return place, np.concatenate((thread, absent))


def _up_to_the_end(rows: Rows, roots: Ints) -> Rows:
    """All of these threads before the window's end: they may have begun before it, and in another language."""
    end = (rows if rows.window is not None else rows.widened()).end
    since = rows.snapshot.since or moment(end)
    return rows.snapshot.among("root", roots, Window(min(since, moment(end)), moment(end)))


def _parents(thread: Ints, post: Ints, answered: Ints, replies: Bools) -> Ints:
    """The index of what each of the `replies` answers, if it is in the same thread; else `NONE`."""
    reply, order = np.flatnonzero(replies), np.argsort(post)
    at, found = lookup(answered[reply], post[order])
    at = order[at]
    found &= thread[at] == thread[reply]
    parent = np.full(len(post), NONE)
    parent[reply[found]] = at[found]
    return parent
