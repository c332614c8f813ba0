"""Where the talk of a window came from: the threads with the most interactions."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from streams.views.rows import Rows, distinct

FEWEST: Final = 2  # interactions; one is no conversation


class Driver(NamedTuple):
    """One thread. `post`, `time`: hash and microseconds of its first post, or, if the brand does not hold that, of the
    thread's earliest post in the window."""

    post: int
    time: int
    interactions: int
    authors: int


def drivers(rows: Rows, most: int) -> list[Driver]:
    """The threads with the most interactions (replies, quotes, reposts) of the window; of equal ones by hash."""
    counts = np.bincount(rows.root_number[rows.interactions.rows], minlength=len(rows.roots))
    order = np.argsort(-counts, kind="stable")[:most]
    return [_driver(rows, int(thread), int(counts[thread])) for thread in order if counts[thread] >= FEWEST]


def _driver(rows: Rows, thread: int, interactions: int) -> Driver:
    at = np.flatnonzero(rows.root_number == thread)
    root = rows.roots[thread : thread + 1]
    post, time = int(root[0]), int(rows.snapshot.times_of(root)[0])
    if not time:  # not held; rows are in the order of time
        post, time = int(rows.post[at[0]]), int(rows.time[at[0]])
    return Driver(post, time, interactions, distinct(rows.author_number[at], len(rows.authors)))
