"""One entry as one row of fixed size, and many rows as numpy columns.

Identities are 64-bit xxh3 hashes, kept as signed integers: numpy compares those with Python's without a detour through
floats. With a million entries the chance that any two of them collide is 3 in 100 million.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
from xxhash import xxh3_64_intdigest

from streams.records import KINDS, SENTIMENTS, Entry
from streams.views.places import Places

Ints: TypeAlias = npt.NDArray[np.int64]
Bools: TypeAlias = npt.NDArray[np.bool_]
Floats: TypeAlias = npt.NDArray[np.float64]
Column: TypeAlias = npt.NDArray[Any]

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
NOBODY: Final = 0  # the hash of an absent id
UNKNOWN_LANGUAGE: Final = "und"  # ISO 639-3 for undetermined
REPOST: Final = KINDS.index("repost")
REPLY: Final = KINDS.index("reply")
OWN_AUTHOR, OWN_REPLIED, OWN_REFERRED = 1, 2, 4  # bits of `flags`: which of the three accounts the config names
ACCOUNTS: Final = OWN_AUTHOR | OWN_REPLIED | OWN_REFERRED  # the other bits are those of `places`

RECORD: Final = np.dtype(
    [
        ("time", "<i8"),  # microseconds since 1970
        ("post", "<i8"),
        ("author", "<i8"),
        ("root", "<i8"),  # of the thread
        ("reply_post", "<i8"),
        ("reply_author", "<i8"),
        ("ref_post", "<i8"),  # what is reposted, else what is quoted
        ("ref_author", "<i8"),
        ("platform", "<u2"),
        ("lang", "<u2"),
        ("kind", "u1"),
        ("sentiment", "i1"),  # index into SENTIMENTS; -1: none
        ("flags", "u1"),
        ("p_negative", "<f4"),
        ("p_neutral", "<f4"),
        ("p_positive", "<f4"),
    ]
)
NAMES: Final = tuple(RECORD.names or ())
_ROW: Final = struct.Struct("<q7Q2HBbB3f")
ROW_BYTES: Final = _ROW.size

_KIND = {kind: code for code, kind in enumerate(KINDS)}
_SENTIMENT = {None: -1} | {name: code for code, name in enumerate(SENTIMENTS)}
_NO_P = (0.0, 0.0, 0.0)
_PRIMARY = re.compile(r"[a-zA-Z]{2,3}(?=$|[-_])")


def microseconds(at: datetime) -> int:
    """Exact event time. Raises `TypeError` for a time without a zone."""
    delta = at - EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def moment(us: int) -> datetime:
    """The inverse of `microseconds`."""
    return EPOCH + timedelta(microseconds=us)


def _digest(text: str) -> int:
    return xxh3_64_intdigest(text.encode())


def identity(text: str) -> int:
    """The signed 64-bit hash of an id."""
    value = _digest(text)
    return value - (1 << 64) if value >= 1 << 63 else value


def language(tag: str | None) -> str:
    """The primary subtag, lower case (`es-MX` -> `es`); what is not BCP 47 is `und`: names stay few."""
    match = _PRIMARY.match(tag) if tag else None
    return match[0].lower() if match else UNKNOWN_LANGUAGE


def account(name: str) -> str:
    """An author id or handle as it is compared: without @, case folded."""
    return name.strip().lstrip("@").casefold()


class Names:
    """A small table of strings that repeat: platforms and languages. Codes depend on arrival, answers only on names."""

    def __init__(self) -> None:
        self.codes: dict[str, int] = {}
        self.names: list[str] = []

    def code(self, name: str) -> int:
        """The code of `name`, new if need be. Raises `OverflowError` beyond 65,536 names."""
        found = self.codes.get(name)
        if found is None:
            if len(self.names) > 0xFFFF:
                raise OverflowError("more than 65,536 different platforms or languages")
            found = self.codes[name] = len(self.names)
            self.names.append(name)
        return found


class Packer:
    """Turns entries into rows, and knows the accounts and places that the config names."""

    def __init__(self, own: Collection[str], places: Places | None = None) -> None:
        self.own = frozenset(account(name) for name in own if account(name))
        self._places = places or Places(own)
        self.platforms, self.languages = Names(), Names()
        self._tags: dict[str | None, int] = {}  # language tag as written -> code; bounded below

    def pack(self, entry: Entry) -> tuple[int, bytes]:
        """(hash of the post id, row). Raises `ValueError` for an entry without author or time."""
        post, author = entry.post, entry.post.author
        if author is None or post.created_at is None:
            raise ValueError(f"an entry without author or time: {post.id[:80]!r}")
        referred = post.repost_of or post.quote_of
        referred_author = post.repost_of_author if post.repost_of else post.quote_of_author
        reply = post.reply_to
        identifier = _digest(post.id)
        row = _ROW.pack(
            microseconds(post.created_at),
            identifier,
            _digest(author.id),
            _digest(post.root),
            _digest(reply) if reply else NOBODY,
            _digest(post.reply_to_author) if reply and post.reply_to_author else NOBODY,
            _digest(referred) if referred else NOBODY,
            _digest(referred_author) if referred and referred_author else NOBODY,
            self.platforms.code(post.platform),
            self._language(post.lang),
            _KIND[post.kind],
            _SENTIMENT[entry.sentiment],
            self._places.flags(post, author)
            | (self._flags(author.id, author.handle, post.reply_to_author, referred_author) if self.own else 0),
            *(entry.p or _NO_P),
        )
        return identifier, row

    def _flags(self, author: str, handle: str, replied: str | None, referred: str | None) -> int:
        own, flags = self.own, 0
        if account(author) in own or (handle and account(handle) in own):
            flags |= OWN_AUTHOR
        if replied and account(replied) in own:
            flags |= OWN_REPLIED
        if referred and account(referred) in own:
            flags |= OWN_REFERRED
        return flags

    def _language(self, tag: str | None) -> int:
        code = self._tags.get(tag)
        if code is None:
            code = self.languages.code(language(tag))
            if len(self._tags) < 10_000:
                self._tags[tag] = code
        return code


class Columns:
    """Rows sorted by (time, post), one contiguous array per field. Never changed after it is made."""

    def __init__(self, make: Callable[[], dict[str, Column]]) -> None:
        self._make: Callable[[], dict[str, Column]] | None = make
        self._made: dict[str, Column] | None = None
        self._indexes: dict[str, tuple[Ints, Column]] = {}  # 12 bytes a row each, made when first asked for

    @classmethod
    def of(cls, rows: bytes | bytearray) -> Columns:
        """From packed rows in any order. They are copied now, and sorted by whoever looks at them first."""
        return cls(partial(_sorted, bytes(rows)))

    @property
    def _arrays(self) -> dict[str, Column]:
        """Two threads at once may sort the same twice. `cached_property` would not do: up to Python 3.11 it has one
        lock for all, so that the event loop would wait while a thread sorts another brand's rows."""
        make = self._make
        if self._made is None and make is not None:
            self._made = make()
            self._make = None  # and with it the packed rows
        assert self._made is not None  # it is set before `_make` is dropped
        return self._made

    def __len__(self) -> int:
        return len(self._arrays["time"])

    def __getitem__(self, name: str) -> Column:
        return self._arrays[name]

    def merge(self, other: Columns, keep: Bools) -> Columns:
        """Those rows of this one that `keep` marks, and all of the other; one column at a time to spare memory."""
        time = np.concatenate((self["time"][keep], other["time"]))
        order = time_order(time, np.concatenate((self["post"][keep], other["post"])))
        arrays = {name: np.concatenate((self[name][keep], other[name]))[order] for name in NAMES}
        return Columns(lambda: arrays)

    def find(self, time: int, post: int) -> int | None:
        """The row of a post, if it is here with exactly this time."""
        times = self["time"]
        first, last = int(times.searchsorted(time)), int(times.searchsorted(time, side="right"))
        at = first + int(self["post"][first:last].searchsorted(post))
        return at if at < last and self["post"][at] == post else None

    def locate(self, posts: Ints) -> tuple[Ints, Bools]:
        """The row of each post id hash, whatever its time, and whether it is here at all."""
        ordered, rows = self._index("post")
        at, found = lookup(posts, ordered)
        return rows[at].astype(np.int64) if len(rows) else at, found

    def rows_of(self, name: str, values: Ints) -> Ints:
        """The rows, ascending, in which the field has one of the distinct `values`."""
        ordered, rows = self._index(name)
        first, last = ordered.searchsorted(values), ordered.searchsorted(values, side="right")
        found: Ints = np.sort(rows[ranges(first, last)]).astype(np.int64)
        return found

    def _index(self, name: str) -> tuple[Ints, Column]:
        """(the field's values in order, the row of each)."""
        if name not in self._indexes:
            order = np.argsort(self[name], kind="stable").astype(np.uint32)
            self._indexes[name] = self[name][order], order
        return self._indexes[name]


def _sorted(rows: bytes) -> dict[str, Column]:
    table = np.frombuffer(rows, dtype=RECORD)
    order = time_order(table["time"], table["post"])
    return {name: table[name][order] for name in NAMES}


def ranges(first: Ints, last: Ints) -> Ints:
    """All numbers of the ranges [first, last), one range after the other."""
    count = last - first
    ends = np.cumsum(count)
    numbers: Ints = np.arange(int(count.sum())) + np.repeat(first - (ends - count), count)
    return numbers


def time_order(time: Column, post: Column) -> Ints:
    """The order by (time, post). Nearly sorted input is cheap: a stable sort by time, then only ties are looked at."""
    order = np.argsort(time, kind="stable")
    ordered = time[order]
    same = ordered[1:] == ordered[:-1]
    if same.any():
        tied = np.flatnonzero(np.concatenate((same, [False])) | np.concatenate(([False], same)))
        order[tied] = order[tied][np.lexsort((post[order[tied]], ordered[tied]))]
    return order


def lookup(values: Ints, ordered: Ints) -> tuple[Ints, Bools]:
    """Where each value stands in a sorted array (0 where it does not), and whether it does."""
    if not len(ordered):
        return np.zeros(len(values), dtype=np.int64), np.zeros(len(values), dtype=bool)
    at = ordered.searchsorted(values)
    at[at == len(ordered)] = 0
    return at, ordered[at] == values


def unique(values: Ints) -> Ints:
    """Distinct values, ascending. By sorting, which is several times as fast here as the hashing of `np.unique`."""
    ordered = np.sort(values)
    first = np.ones(len(ordered), dtype=bool)
    first[1:] = ordered[1:] != ordered[:-1]
    return ordered[first]
