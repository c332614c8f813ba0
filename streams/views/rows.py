"""What a question sees: the rows of a window at one moment, and around them the whole brand to look things up in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

import numpy as np

from streams.views.columns import (
    ACCOUNTS,
    NOBODY,
    OWN_AUTHOR,
    OWN_REFERRED,
    OWN_REPLIED,
    REPOST,
    Bools,
    Column,
    Columns,
    Ints,
    identity,
    language,
    lookup,
    microseconds,
    moment,
    time_order,
)
from streams.views.places import HUB_AUTHOR
from streams.views.window import Window


class Part:
    """Columns and those of their rows that live."""

    def __init__(self, columns: Columns, alive: Bools | None) -> None:
        self.columns, self.alive = columns, alive

    def first(self) -> int | None:
        """The earliest time, in microseconds."""
        if not len(self.columns) or (self.alive is not None and not self.alive.any()):
            return None
        return int(self.columns["time"][0 if self.alive is None else self.alive.argmax()])

    def among(self, name: str, values: Ints, start: int, end: int) -> Ints:
        """Row numbers in time order of those where the field has one of the distinct `values`."""
        at = self.columns.rows_of(name, values)
        time = self.columns["time"]
        at = at[at.searchsorted(time.searchsorted(start)) : at.searchsorted(time.searchsorted(end))]
        return at if self.alive is None else at[self.alive[at]]

    def select(self, start: int | None, end: int | None, platform: int | None, lang: int | None) -> Ints:
        """Row numbers in time order."""
        time = self.columns["time"]
        first = 0 if start is None else int(time.searchsorted(start))
        last = len(time) if end is None else int(time.searchsorted(end))
        keep = np.ones(max(0, last - first), dtype=bool) if self.alive is None else self.alive[first:last].copy()
        if platform is not None:
            keep &= self.columns["platform"][first:last] == platform
        if lang is not None:
            keep &= self.columns["lang"][first:last] == lang
        return np.flatnonzero(keep) + first


class Listed(NamedTuple):
    """Hashes of the accounts as the config writes them: the brand's own, and those that are hubs."""

    own: frozenset[int]
    hubs: frozenset[int]


class Snapshot:
    """One brand's entries at one moment; nothing in it changes, so it may be read in another thread."""

    def __init__(
        self, parts: Sequence[Part], listed: Listed, platforms: Sequence[str], languages: Sequence[str]
    ) -> None:
        self.parts, self._listed = parts, listed
        self.platforms, self.languages = platforms, languages

    def rows(self, window: Window | None = None, *, platform: str | None = None, lang: str | None = None) -> Rows:
        """The rows of a window (None: all there are), of one platform or language if asked."""
        start, end = (None, None) if window is None else (microseconds(window.start), microseconds(window.end))
        codes = (
            _code(self.platforms, platform),
            _code(self.languages, None if lang is None else language(lang)),
        )
        selected = [(part.columns, part.select(start, end, *codes)) for part in self.parts]
        return Rows(self, window, platform, lang, selected)

    def among(self, name: str, values: Ints, window: Window) -> Rows:
        """The rows of a window where the field has one of the distinct `values`. It looks at no others, so what it
        costs does not grow with the window."""
        start, end = microseconds(window.start), microseconds(window.end)
        selected = [(part.columns, part.among(name, values, start, end)) for part in self.parts]
        return Rows(self, window, None, None, selected)

    @cached_property
    def own(self) -> Ints:
        """Sorted hashes of the own accounts: those the config names by id, and those seen under a listed handle."""
        found = [np.fromiter(self._listed.own, dtype=np.int64)]
        for part, at in self._flagged(ACCOUNTS):
            columns = part.columns
            for bit, name in ((OWN_AUTHOR, "author"), (OWN_REPLIED, "reply_author"), (OWN_REFERRED, "ref_author")):
                found.append(columns[name][at[(columns["flags"][at] & bit) != 0]])
        return np.unique(np.concatenate(found))

    @cached_property
    def hubs(self) -> Ints:
        """Sorted hashes of the accounts that are hubs: listed by id, or seen under a listed handle."""
        found = [np.fromiter(self._listed.hubs, dtype=np.int64)]
        found += [part.columns["author"][at] for part, at in self._flagged(HUB_AUTHOR)]
        return np.unique(np.concatenate(found))

    def _flagged(self, bits: int) -> Iterator[tuple[Part, Ints]]:
        """Of each part the living rows with one of these bits."""
        for part in self.parts:
            at = np.flatnonzero(part.columns["flags"] & np.uint8(bits))
            yield part, at if part.alive is None else at[part.alive[at]]

    @cached_property
    def since(self) -> datetime | None:
        """The event time of the oldest entry; None: there is none."""
        firsts = [first for part in self.parts if (first := part.first()) is not None]
        return moment(min(firsts)) if firsts else None

    def authors_of(self, posts: Ints) -> Ints:
        """Who wrote each post, by its hash; `NOBODY` where the brand holds no such post."""
        return self._of("author", posts)

    def flags_of(self, posts: Ints) -> Ints:
        """The bits of each post, by its hash; 0 where the brand holds no such post."""
        return self._of("flags", posts)

    def times_of(self, posts: Ints) -> Ints:
        """When each post was said, in microseconds; 0 where the brand holds no such post."""
        return self._of("time", posts)

    def _of(self, name: str, posts: Ints) -> Ints:
        values = np.zeros(len(posts), dtype=np.int64)
        for part in self.parts:
            at, found = part.columns.locate(posts)
            if part.alive is not None and len(part.columns):
                found &= part.alive[at]
            values[found] = part.columns[name][at[found]]
        return values

    def is_own(self, authors: Ints) -> Bools:
        """Which of the authors are the brand's own accounts."""
        return lookup(authors, self.own)[1]

    def is_hub(self, authors: Ints) -> Bools:
        """Which of the authors the config lists as hubs."""
        return lookup(authors, self.hubs)[1]


class Interactions(NamedTuple):
    """Directed, one element each: the row that interacts, and the author hashes of both ends."""

    rows: Ints
    source: Ints
    target: Ints


class Graph(NamedTuple):
    """Interactions as pairs of indices into `accounts`, the sorted hashes of authors and of whom they addressed."""

    accounts: Ints
    source: Ints
    target: Ints


class Rows:
    """The rows of one question, sorted by (time, post). Columns are gathered when first asked for, then kept."""

    def __init__(
        self,
        snapshot: Snapshot,
        window: Window | None,
        platform: str | None,
        lang: str | None,
        selected: Sequence[tuple[Columns, Ints]],
    ) -> None:
        """`selected`: of each part of the snapshot, its columns and the numbers of the rows, in time order."""
        self.snapshot, self.window, self.platform, self.lang = snapshot, window, platform, lang
        self._selected = selected
        self._order = self._time_order() if sum(len(at) > 0 for _, at in self._selected) > 1 else None
        self._gathered: dict[str, Column] = {}

    def __len__(self) -> int:
        return sum(len(at) for _, at in self._selected)

    def column(self, name: str) -> Column:
        """One field of `columns.RECORD`."""
        if name not in self._gathered:
            values = self._together(name)
            self._gathered[name] = values if self._order is None else values[self._order]
        return self._gathered[name]

    def _together(self, name: str) -> Column:
        return np.concatenate([columns[name][at] for columns, at in self._selected])

    def _time_order(self) -> Ints:
        return time_order(self._together("time"), self._together("post"))

    def widened(self) -> Rows:
        """The same window without the restriction to a platform or language."""
        return self if self.platform is None and self.lang is None else self.snapshot.rows(self.window)

    # -- columns by name ---------------------------------------------------------------------------------------------

    @property
    def time(self) -> Ints:
        """Event time in microseconds since 1970."""
        return self.column("time")

    @property
    def post(self) -> Ints:
        """Hash of the post id."""
        return self.column("post")

    @property
    def author(self) -> Ints:
        """Hash of the author id."""
        return self.column("author")

    @property
    def root(self) -> Ints:
        """Hash of the thread's root id."""
        return self.column("root")

    @property
    def kind(self) -> Column:
        """Index into `records.KINDS`."""
        return self.column("kind")

    @property
    def sentiment(self) -> Column:
        """Index into `records.SENTIMENTS`, -1 where none is due."""
        return self.column("sentiment")

    @cached_property
    def own(self) -> Bools:
        """Whether one of the brand's own accounts wrote it."""
        return self.snapshot.is_own(self.author)

    @cached_property
    def spoken(self) -> Bools:
        """Whether it says something itself: all but reposts."""
        return np.asarray(self.kind != REPOST)

    @cached_property
    def judged(self) -> Bools:
        """Whether it counts in sentiment: it has one, is no repost and not the brand's own."""
        return (self.sentiment >= 0) & self.spoken & ~self.own

    @cached_property
    def authors(self) -> Ints:
        """Distinct authors, sorted by hash."""
        return self._factorised[0]

    @cached_property
    def author_number(self) -> Ints:
        """Each row's author as an index into `authors`."""
        return self._factorised[1]

    @cached_property
    def _factorised(self) -> tuple[Ints, Ints]:
        return factorise(self.author)

    @cached_property
    def roots(self) -> Ints:
        """Distinct threads, sorted by hash."""
        return self._factorised_roots[0]

    @cached_property
    def root_number(self) -> Ints:
        """Each row's thread as an index into `roots`."""
        return self._factorised_roots[1]

    @cached_property
    def _factorised_roots(self) -> tuple[Ints, Ints]:
        return factorise(self.root)

    @cached_property
    def start(self) -> int:
        """Where the window begins, in microseconds; without a window, at the first row."""
        if self.window is not None:
            return microseconds(self.window.start)
        return int(self.time[0]) if len(self) else 0

    @cached_property
    def end(self) -> int:
        """Where the window ends (exclusive), in microseconds; without a window, behind the last row."""
        if self.window is not None:
            return microseconds(self.window.end)
        return int(self.time[-1]) + 1 if len(self) else 0

    # -- interactions ------------------------------------------------------------------------------------------------

    @cached_property
    def interactions(self) -> Interactions:
        """Each reply, quote and repost between two known, different accounts.

        An answer that also quotes is two interactions. Where the network does not name the other end, it is who wrote
        the post, if the brand holds it.
        """
        replies = self._ends("reply_post", "reply_author")
        references = self._ends("ref_post", "ref_author")
        rows, targets = (np.concatenate(both) for both in zip(replies, references, strict=True))
        return Interactions(rows, self.author[rows], targets)

    @cached_property
    def graph(self) -> Graph:
        """Those interactions among all who wrote or were addressed in these rows."""
        rows, _, target = self.interactions
        accounts, number = factorise(np.concatenate((self.authors, target)))
        return Graph(accounts, number[self.author_number[rows]], number[len(self.authors) :])

    def _ends(self, post: str, author: str) -> tuple[Ints, Ints]:
        posts, target = self.column(post), self.column(author).copy()
        missing = np.flatnonzero((target == NOBODY) & (posts != NOBODY))
        if len(missing):
            target[missing] = self.snapshot.authors_of(posts[missing])
        known = np.flatnonzero((target != NOBODY) & (target != self.author))
        return known, target[known]


def factorise(values: Ints) -> tuple[Ints, Ints]:
    """(distinct values in order, each value's index into them)."""
    distinct, number = np.unique(values, return_inverse=True)
    return distinct, number


def distinct(numbers: Ints, size: int) -> int:
    """How many different numbers there are, all below `size`."""
    seen = np.zeros(size, dtype=bool)
    seen[numbers] = True
    return int(seen.sum())


def _code(names: Sequence[str], name: str | None) -> int | None:
    """The code of a name; -1, which no row has, when it was never seen."""
    if name is None:
        return None
    return names.index(name) if name in names else -1


def configured(own: frozenset[str]) -> frozenset[int]:
    """Hashes of the accounts as the config writes them."""
    return frozenset(identity(name) for name in own)
