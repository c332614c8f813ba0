"""How people talk: how many threads, how large and deep they grow, and whether they branch or answer one post."""

from __future__ import annotations

from typing import Final

import msgspec
import numpy as np

from streams.views.asked import Answer, Asked, Estimate, Interval, Share
from streams.views.clusters import Clusters, begun_by, independent
from streams.views.columns import Bools, Column, Ints
from streams.views.intervals import mean_interval, median_interval
from streams.views.rows import Rows, distinct
from streams.views.shares import share_of
from streams.views.thread_trees import ThreadTrees

SIZES: Final = {"1": 1, "2-3": 2, "4-9": 4, "10-29": 10, "30-99": 30, "100+": 100}
"""Name of a class of sizes -> the smallest of it."""


class Middle(msgspec.Struct, frozen=True):
    """The median over threads, and the largest of them."""

    largest: int
    value: float | None = None
    interval: Interval | None = None


class Virality(msgspec.Struct, frozen=True):
    """The mean distance between two posts of a thread, over the `threads` of at least `min_posts` posts."""

    threads: int
    min_posts: int
    mean: Estimate = Estimate()
    median: Estimate = Estimate()


class LargestThread(msgspec.Struct, frozen=True):
    """The thread with the most posts; of several such the most viral."""

    posts: int
    depth: int
    virality: float | None = None


class Threads(Answer, frozen=True, kw_only=True):
    """Of the `threads` in which somebody spoke in the window, each as it stands at the window's end.

    `several`: those of more than one post; `size` (posts) and `depth` (longest chain of replies) are over these.
    `by_size` counts threads by their posts. `cut`: replies whose parent the brand does not hold: they count as answers
    to the thread's first post, so that where there are many of them true chains are longer.
    """

    threads: int
    by_size: dict[str, int]
    cut: int
    several: Share
    size: Middle
    depth: Middle
    virality: Virality
    largest: LargestThread


def threads(rows: Rows, asked: Asked) -> Threads:
    """Reposts do not speak. A platform or language selects threads by any of their posts of the window."""
    trees, spoken = ThreadTrees(rows), rows.spoken
    posts, authors = int(spoken.sum()), distinct(rows.author_number[spoken], len(rows.authors))
    too_few, several = asked.too_few(posts, authors), trees.posts > 1
    begun = begun_by(rows.snapshot, trees.roots)
    worth = independent(several, Clusters.of(begun))
    return Threads(
        posts=posts,
        authors=authors,
        insufficient=too_few,
        threads=len(trees.roots),
        by_size=_by_size(trees.posts),
        cut=trees.cut,
        several=share_of(int(several.sum()), len(trees.roots), posts, authors, asked, worth),
        size=_middle(trees.posts[several], begun[several], asked, too_few),
        depth=_middle(trees.depth[several], begun[several], asked, too_few),
        virality=_virality(trees, begun, asked, too_few),
        largest=_largest(trees, too_few),
    )


def _by_size(posts: Ints) -> dict[str, int]:
    classes = np.searchsorted(list(SIZES.values()), posts, side="right") - 1
    return dict(zip(SIZES, np.bincount(classes, minlength=len(SIZES)).tolist(), strict=True))


def _middle(values: Ints, begun: Ints, asked: Asked, too_few: bool) -> Middle:
    middle = _median(values, begun, asked, too_few)
    return Middle(int(values.max()) if len(values) else 0, middle.value, middle.interval)


def _median(values: Column, begun: Ints, asked: Asked, too_few: bool) -> Estimate:
    """Threads that one person began hang together."""
    if too_few or len(values) < asked.settings.min_threads:
        return Estimate()
    value = float(np.median(values))
    worth = independent(np.asarray(values > value), Clusters.of(begun))
    return Estimate(value, median_interval(values, worth))


def _virality(trees: ThreadTrees, begun: Ints, asked: Asked, too_few: bool) -> Virality:
    floor = asked.settings.min_thread_posts
    large: Bools = trees.posts >= floor
    values, count = trees.virality[large], int(large.sum())
    mean = Estimate()
    if not too_few and count >= asked.settings.min_threads:
        value = float(values.mean())
        mean = Estimate(value, mean_interval(begun[large], values, asked.settings.bootstrap))
    return Virality(count, floor, mean, _median(values, begun[large], asked, too_few))


def _largest(trees: ThreadTrees, too_few: bool) -> LargestThread:
    if not len(trees.roots):
        return LargestThread(0, 0)
    at = int(np.lexsort((trees.depth, trees.virality, trees.posts))[-1])
    value = None if too_few else float(trees.virality[at])
    return LargestThread(int(trees.posts[at]), int(trees.depth[at]), value)
