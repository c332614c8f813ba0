"""What rules see of one brand at one look: its rows and numbers, each made once however many rules ask.

Numbers are made in a thread, from a snapshot, so that counting what arrives never waits for them.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol, TypeVar

from xxhash import xxh3_128_digest

from config.schema import Brand, Config
from streams.alerting.numbers import READ, VOICE, figure, voice_figure
from streams.views.asked import Asked, Confusion
from streams.views.base import VIEWS
from streams.views.columns import microseconds
from streams.views.components import Figure
from streams.views.frame import Snapshot
from streams.views.rows import Rows
from streams.views.voice import ShareOfVoice
from streams.views.window import Window

MOST_KEPT: Final = 2_000
"""Numbers of earlier windows that are kept for each brand."""
T = TypeVar("T")


class Outside(Protocol):
    """What a brand's columns do not have."""

    async def share(self, brand: str, window: Window) -> ShareOfVoice | None:
        """The brand's share of voice in its group; None while another brand of it cannot be asked."""

    async def about(self, brand: Brand, words: Sequence[str], window: Window) -> Rows:
        """The rows of the posts that hold one of the words. Raises `KeyError` when the brand has moved away."""


class Kept:
    """Numbers of earlier looks. One is good as long as the rows of its window are the same, so what is judged does not
    depend on who looked before. (What a post answers may arrive later than the post; such a window's number may stay as
    it was without that.)"""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[object, ...], tuple[bytes, Any]] = OrderedDict()

    def get(self, key: tuple[object, ...], digest: bytes) -> Any:
        """What was kept of these rows, or None."""
        kept = self._kept.get(key)
        return kept[1] if kept is not None and kept[0] == digest else None

    def put(self, key: tuple[object, ...], digest: bytes, value: Any) -> None:
        """Keep; beyond `MOST_KEPT` the oldest goes."""
        self._kept[key] = digest, value
        self._kept.move_to_end(key)
        if len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)


class Sight:
    """One brand at one look."""

    def __init__(
        self,
        brand: Brand,
        snapshot: Snapshot,
        config: Config,
        confusion: Mapping[str, Confusion],
        outside: Outside,
        kept: Kept,
    ) -> None:
        self.brand, self.snapshot, self.config = brand, snapshot, config
        self.asked = Asked(config.views, confusion)
        self._outside, self._kept = outside, kept
        self._rows: dict[Window, Rows] = {}

    def rows(self, window: Window) -> Rows:
        """The rows of a window."""
        if window not in self._rows:
            self._rows[window] = self.snapshot.rows(window)
        return self._rows[window]

    async def figures(self, number: str, windows: Sequence[Window]) -> list[Figure | None]:
        """A number of several windows; None while another brand that it needs cannot be asked."""
        if number not in VOICE:
            read = READ[number]
            answers = await self.made(read.view, windows, lambda rows: VIEWS[read.view](rows, self.asked))
            return [read.figure(answer) for answer in answers]
        shares = [await self._outside.share(self.brand.name, window) for window in windows]
        return [None if share is None else voice_figure(number, share) for share in shares]

    async def about(self, words: Sequence[str], windows: Sequence[Window]) -> list[Figure | None]:
        """Net sentiment of the posts that hold one of the words, of several windows."""
        parts = [await self.rows_about(words, window) for window in windows]
        return await asyncio.to_thread(lambda: [figure("sentiment", rows, self.asked) for rows in parts])

    async def rows_about(self, words: Sequence[str], window: Window) -> Rows:
        """The rows of the posts that hold one of the words."""
        return await self._outside.about(self.brand, words, window)

    async def made(self, name: str, windows: Sequence[Window], make: Callable[[Rows], T]) -> list[T]:
        """`make` of the rows of each window, in a thread; what was made of the same rows before is taken as it is."""
        return await asyncio.to_thread(self._made, name, windows, make)

    def _made(self, name: str, windows: Sequence[Window], make: Callable[[Rows], T]) -> list[T]:
        found = []
        for window, digest in zip(windows, self._digests(windows), strict=True):
            kept: T | None = self._kept.get((name, window), digest)
            if kept is None:
                kept = make(self.rows(window))
                self._kept.put((name, window), digest, kept)
            found.append(kept)
        return found

    def _digests(self, windows: Sequence[Window]) -> list[bytes]:
        """Of the rows of each window, from one look at all of them."""
        if not windows:
            return []
        whole = self.rows(Window(min(each.start for each in windows), max(each.end for each in windows)))
        starts, ends = (
            whole.time.searchsorted([microseconds(getattr(each, end)) for each in windows]) for end in ("start", "end")
        )
        return [fingerprint(whole, slice(int(a), int(b))) for a, b in zip(starts, ends, strict=True)]


def fingerprint(rows: Rows, part: slice = slice(None)) -> bytes:
    """The same for the same posts, judged alike, of the same accounts."""
    columns = (rows.post, rows.sentiment, rows.own)
    return xxh3_128_digest(b"".join(column[part].tobytes() for column in columns))
