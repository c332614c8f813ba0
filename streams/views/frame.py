"""One brand's entries as numpy columns: the stored form behind every number.

Any window can be cut out exactly, and an entry that was added and removed leaves no trace: what is held is the rows
themselves, and every number is a pure function over a slice of them (docs/decisions/0004-views-as-columns.md).

New rows gather, unsorted, in a tail that is small beside the rest; when it has grown it is merged into the sorted
columns. Removed rows are marked dead, and dropped by the next merge.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

import numpy as np

from config.schema import Brand
from streams.records import Entry
from streams.views.columns import ROW_BYTES, Columns, Ints, Packer
from streams.views.places import Places
from streams.views.rows import Listed, Part, Rows, Snapshot, configured
from streams.views.window import Window

__all__ = ["Frame", "Rows", "Snapshot", "Window"]

SMALLEST_TAIL: Final = 8_192
TAIL_SHARE: Final = 16  # the tail may grow to a sixteenth of the whole: merging then costs a constant per entry
DEAD_SHARE: Final = 8


class Frame:
    """One brand. Not for several threads at once; `snapshot()` is."""

    def __init__(self, own: Collection[str], places: Places | None = None) -> None:
        """`own`: the brand's accounts as in the config, author ids or handles, with or without @, in any case.

        `places` tell own ground and hubs; None: only the `own` accounts name a place.
        """
        places = places or Places(own)
        self._packer = Packer(own, places)
        self._own = configured(frozenset(name.strip() for name in own) | self._packer.own)
        self._hubs = configured(places.hubs)
        self._sorted = Columns.of(b"")
        self._alive = np.zeros(0, dtype=bool)
        self._dead = 0
        self._tail = bytearray()
        self._places: dict[int, int] = {}  # of the tail: hash of the post -> number of its row
        self._limit = SMALLEST_TAIL
        self._snapshot: Snapshot | None = None

    @classmethod
    def of(cls, brand: Brand) -> Frame:
        """An empty frame with the accounts and places of a brand's config."""
        return cls(brand.own, Places(brand.own, brand.domains, brand.hubs))

    def __len__(self) -> int:
        return len(self._sorted) - self._dead + len(self._places)

    def add(self, entry: Entry) -> None:
        """Count an entry. Its post must not be counted already: remove the earlier form first.

        Raises `ValueError` for an entry without author or time, and, where that is cheap to notice, one that is there.
        """
        self.add_many((entry,))

    def add_many(self, entries: Iterable[Entry]) -> None:
        """Count many; the same rules as for `add`."""
        self._snapshot = None
        pack = self._packer.pack
        for entry in entries:
            post, row = pack(entry)
            if post in self._places:
                raise ValueError(f"the post is counted already: {entry.post.id[:80]!r}")
            self._places[post] = len(self._places)
            self._tail += row
            if len(self._places) >= self._limit:
                self._merge()

    def remove(self, entry: Entry) -> None:
        """Forget an entry: the very one that was added, with the same time and ids. Raises `KeyError`."""
        digest, row = self._packer.pack(entry)
        time, post = (int(value) for value in np.frombuffer(row, dtype="<i8", count=2))
        if not (self._remove_from_tail(digest, row) or self._remove_from_sorted(time, post)):
            raise KeyError(entry.post.id)
        self._snapshot = None

    def _remove_from_tail(self, post: int, row: bytes) -> bool:
        """The last row takes the place of the removed one, so that the tail has no holes."""
        place = self._places.get(post)
        if place is None or self._tail[place * ROW_BYTES : place * ROW_BYTES + 8] != row[:8]:
            return False
        del self._places[post]
        last = bytes(self._tail[-ROW_BYTES:])
        del self._tail[-ROW_BYTES:]
        if place < len(self._places):
            self._tail[place * ROW_BYTES : (place + 1) * ROW_BYTES] = last
            self._places[int.from_bytes(last[8:16], "little")] = place  # the field `post`
        return True

    def _remove_from_sorted(self, time: int, post: int) -> bool:
        at = self._sorted.find(time, post)
        if at is None or not self._alive[at]:
            return False
        self._alive[at] = False
        self._dead += 1
        if self._dead > max(SMALLEST_TAIL, len(self._sorted) // DEAD_SHARE):
            self._merge()
        return True

    def rows(self, window: Window | None = None, *, platform: str | None = None, lang: str | None = None) -> Rows:
        """The rows of a window as of now (None: all), of one platform or language if asked."""
        return self.snapshot().rows(window, platform=platform, lang=lang)

    def snapshot(self) -> Snapshot:
        """The entries as of now; later changes of the frame do not reach it, so it may go to another thread."""
        if self._snapshot is None:
            parts = [Part(self._sorted, self._alive.copy() if self._dead else None)]
            if self._places:
                parts.append(Part(Columns.of(self._tail), None))
            platforms, languages = self._packer.platforms, self._packer.languages
            listed = Listed(self._own, self._hubs)
            self._snapshot = Snapshot(parts, listed, tuple(platforms.names), tuple(languages.names))
        return self._snapshot

    def times(self) -> Ints:
        """Event times of all entries in ms since 1970, ascending."""
        return self.rows().time // 1_000

    def _merge(self) -> None:
        self._snapshot = None
        self._sorted = self._sorted.merge(Columns.of(self._tail), self._alive)
        self._alive = np.ones(len(self._sorted), dtype=bool)
        self._dead = 0
        self._tail.clear()
        self._places.clear()
        self._limit = max(SMALLEST_TAIL, len(self._sorted) // TAIL_SHARE)
