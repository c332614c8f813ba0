"""How long a thread waits for its first reply."""

from __future__ import annotations

import numpy as np

from streams.views.asked import Answer, Asked
from streams.views.clusters import begun_by
from streams.views.columns import REPLY, Bools, Ints, lookup, unique
from streams.views.rows import Rows
from streams.views.survival import Median, median

_NEVER = np.iinfo(np.int64).max


class Waiting(Answer, frozen=True, kw_only=True):
    """`median_s` in seconds, None while more than half of the threads still wait.

    `posts` and `authors` are the threads' first posts and who wrote them. The upper end of the interval is None where
    the data do not bound it.
    """

    threads: int
    answered: int
    median_s: float | None = None
    interval: tuple[float, float | None] | None = None


class FirstResponse(Waiting, frozen=True, kw_only=True):
    """The first reply by anyone but who began the thread; `by_brand`: by an own account, in threads of others."""

    by_brand: Waiting


def first_response(rows: Rows, asked: Asked) -> FirstResponse:
    """Over threads whose first post is among `rows`; those unanswered at the window's end are censored there. In the
    interval, those that one person began hang together.

    Replies count in whatever language, up to the end of the window; one dated before its thread counts as immediate.
    """
    threads = _Threads(rows)
    anyone = threads.waiting(threads.first_by_others(), np.ones(len(threads.begun), dtype=bool), asked)
    brand = threads.waiting(threads.first_by_brand(), ~threads.own, asked)
    return FirstResponse(**{name: getattr(anyone, name) for name in Waiting.__struct_fields__}, by_brand=brand)


class _Threads:
    """Threads by the hash of their root, and the replies in them."""

    def __init__(self, rows: Rows) -> None:
        first = np.flatnonzero((rows.root == rows.post) & rows.spoken)
        first = first[np.argsort(rows.post[first])]
        self.end, self.begun, self.author, self.own = rows.end, rows.time[first], rows.author[first], rows.own[first]
        self.cluster = begun_by(rows.snapshot, rows.post[first])
        everything = rows.widened()
        thread, begun_here = lookup(everything.roots, rows.post[first])
        reply = begun_here[everything.root_number] & (everything.kind == REPLY)
        self._thread, self._at = thread[everything.root_number[reply]], everything.time[reply]
        self._author, self._own = everything.author[reply], everything.own[reply]

    def first_by_others(self) -> Ints:
        """Per thread: the time of the first reply by someone else; `_NEVER` without one."""
        return self._first(self._author != self.author[self._thread])

    def first_by_brand(self) -> Ints:
        """Per thread: the time of the first reply by an own account."""
        return self._first(self._own)

    def _first(self, counts: Bools) -> Ints:
        first = np.full(len(self.begun), _NEVER)
        np.minimum.at(first, self._thread[counts], self._at[counts])
        return first

    def waiting(self, first: Ints, which: Bools, asked: Asked) -> Waiting:
        """The median over the threads `which`."""
        begun, first, authors = self.begun[which], first[which], len(unique(self.author[which]))
        observed = first != _NEVER
        too_few = asked.too_few(len(begun), authors)
        waited = np.maximum(np.minimum(first, self.end) - begun, 0)
        value, low, high = Median(None, None, None) if too_few else median(waited, observed, self.cluster[which])
        return Waiting(
            posts=len(begun),
            authors=authors,
            insufficient=too_few,
            threads=len(begun),
            answered=int(observed.sum()),
            median_s=_seconds(value),
            interval=None if low is None else (low / 1e6, _seconds(high)),
        )


def _seconds(microseconds: int | None) -> float | None:
    return None if microseconds is None else microseconds / 1e6
