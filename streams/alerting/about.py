"""The posts that hold given words: read from the ledger, because columns have no texts."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from typing import Final

import regex

from config.naming import fold
from config.schema import Brand
from streams.alerting.sight import MOST_KEPT, fingerprint
from streams.desk import Desk
from streams.records import Post
from streams.views.frame import Frame
from streams.views.rows import Rows
from streams.views.window import Window

MOST_READ: Final = 5_000
"""Newest entries of a window that are looked at."""
AT_ONCE: Final = 20  # entries read before others have a turn: a millisecond or two


class About:
    """Finds them, once as long as a window's rows are the same."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._kept: dict[tuple[object, ...], tuple[bytes, Rows]] = {}

    async def about(self, brand: Brand, words: Sequence[str], window: Window) -> Rows:
        """The rows of the posts that hold one of the words. Raises `KeyError` when the brand has moved away."""
        key, digest = (brand.name, tuple(words), window), fingerprint(self._desk.frame(brand.name).rows(window))
        kept = self._kept.get(key)
        if kept is None or kept[0] != digest:
            kept = self._kept[key] = digest, await self._read(brand, Words(words), window)
            if len(self._kept) > MOST_KEPT:
                del self._kept[next(iter(self._kept))]
        return kept[1]

    def forget_all_but(self, brands: Collection[str]) -> None:
        """Other workers look after the brands that have moved away."""
        self._kept = {key: kept for key, kept in self._kept.items() if key[0] in brands}

    async def _read(self, brand: Brand, words: Words, window: Window) -> Rows:
        frame, after, read = Frame.of(brand), None, 0
        known: set[str] = set()
        while read < MOST_READ:
            page = self._desk.entries(brand.name, window.start, window.end, after, AT_ONCE)
            read += len(page.entries)
            fresh = [entry for entry in page.entries if words.are_in(entry.post) and entry.post.id not in known]
            known.update(entry.post.id for entry in fresh)
            frame.add_many(fresh)
            after = page.after
            if after is None:
                break
            await asyncio.sleep(0)
        return frame.rows(window)


class Words:
    """Words, phrases and hashtags; case and accents do not matter, and only whole words count."""

    def __init__(self, words: Sequence[str]) -> None:
        plain = sorted(fold(word) for word in words if not word.strip().startswith("#"))
        self._tags = {fold(word.strip().lstrip("#")) for word in words if word.strip().startswith("#")}
        each = "|".join(regex.escape(word) for word in plain)
        self._pattern = regex.compile(rf"(?<!\w)(?:{each})(?!\w)") if plain else None

    def are_in(self, post: Post) -> bool:
        """Whether a post holds one of them; a word is looked for among the hashtags as well."""
        tags = {fold(tag.lstrip("#")) for tag in post.hashtags}
        if self._tags & tags:
            return True
        text = fold(" ".join((post.text, *tags)))
        return self._pattern is not None and self._pattern.search(text) is not None
