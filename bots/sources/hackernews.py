"""Hacker News through its public API (github.com/HackerNews/API): no credentials, no gaps.

New items have dense numbers, so the collector walks from the last number it has to `maxitem`. A number whose item is
not there yet is asked for again. Edits and deletions come from `updates`; after an absence the newest items
are read again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any, ClassVar

import msgspec
from pydantic import Field

from bots.sources.base import Bad, Batch, Source, SourceOptions, Tools
from bots.sources.hackernews_items import Item, Items, fingerprint
from bots.sources.lru import Lru
from config.units import Duration

CHUNK = 50  # items per batch
MISSING_S = 600.0  # how long an item, or what it hangs under, is asked for while it is not there yet
MOST_MISSING = 500
AWAY = timedelta(minutes=2)  # `updates` tells of the last minutes only: after a longer absence read again


class HackerNewsOptions(SourceOptions):
    """Where and how often."""

    base_url: str = Field(default="https://hacker-news.firebaseio.com", description="Address of the API.")
    poll: Duration = Field(default=timedelta(seconds=15), description="Pause between two looks.")
    first: Annotated[int, Field(ge=0)] = Field(default=300, description="At the first start, so many items back.")
    parallel: Annotated[int, Field(ge=1, le=50)] = Field(default=10, description="Requests at the same time.")
    recheck: Annotated[int, Field(ge=0)] = Field(
        default=1_500,
        description="After an absence, so many items (about two hours) are read again for edits and deletions.",
    )


class Place(msgspec.Struct):
    """The resume point: `next` item, the `oldest` ever collected, items `missing` so far and since when, last look."""

    next: int
    oldest: int
    missing: dict[str, float] = {}
    looked: float = 0.0


class HackerNews(Source):
    """All stories, comments, polls and jobs."""

    name: ClassVar[str] = "hackernews"
    options_type: ClassVar[type[SourceOptions]] = HackerNewsOptions
    quiet_s: ClassVar[float] = 300.0

    def __init__(self, options: Any, tools: Tools) -> None:
        super().__init__(options, tools)
        self._items = Items(tools.http, f"{options.base_url.rstrip('/')}/v0", options.parallel)
        self._known: Lru[int, str] = Lru(20_000)  # what an item looked like when it was last published

    async def collect(self, cursor: Any) -> AsyncIterator[Batch]:
        """New items as they come, then edits and deletions, for ever."""
        place = msgspec.convert(cursor, Place) if cursor is not None else await self._begin()
        if self._now() - place.looked > AWAY.total_seconds() and cursor is not None:
            oldest = max(place.oldest, place.next - self.options.recheck)
            async for batch in self._walk(place, range(oldest, place.next), new=False):
                yield batch
        while True:
            newest = await self._items.newest()
            async for batch in self._walk(place, range(place.next, newest + 1), new=True):
                yield batch
            async for batch in self._walk(place, await self._changed(place), new=False):
                yield batch
            async for batch in self._walk(place, [int(number) for number in place.missing], new=True):
                yield batch
            place.looked = self._now()
            yield Batch(cursor=msgspec.to_builtins(place))
            await asyncio.sleep(self.options.poll.total_seconds())

    async def _begin(self) -> Place:
        newest = await self._items.newest()
        start = max(1, newest + 1 - self.options.first)
        return Place(next=start, oldest=start, looked=self._now())

    async def _changed(self, place: Place) -> list[int]:
        return [number for number in await self._items.changed() if place.oldest <= number < place.next]

    async def _walk(self, place: Place, numbers: Sequence[int], *, new: bool) -> AsyncIterator[Batch]:
        for start in range(0, len(numbers), CHUNK):
            chunk = numbers[start : start + CHUNK]
            items = await self._items.get(chunk)
            absent = await self._items.find_roots([item for item in items if isinstance(item, Item)])
            yield self._batch(place, dict(zip(chunk, items, strict=True)), absent, new=new)

    def _batch(self, place: Place, items: Mapping[int, Item | Bad | None], absent: set[int], *, new: bool) -> Batch:
        posts, bad = [], []
        for number, item in items.items():
            place_unknown = isinstance(item, Item) and self._items.top(item) in absent
            if new and (item is None or place_unknown) and self._wait(place, number):
                continue
            place.missing.pop(str(number), None)
            if isinstance(item, Bad):
                bad.append(item)
            elif item is not None and self._news(item, new=new):
                posts.append(self._items.post(item, "create" if new else "update"))
        if new and items:
            place.next = max(place.next, max(items) + 1)
        return Batch(posts=posts, bad=bad, cursor=msgspec.to_builtins(place))

    def _wait(self, place: Place, number: int) -> bool:
        """Whether to look again later for an item, or for what it hangs under; not for ever, nor for too many."""
        if len(place.missing) >= MOST_MISSING:
            return False
        return self._now() - place.missing.setdefault(str(number), self._now()) <= MISSING_S

    def _news(self, item: Item, *, new: bool) -> bool:
        """Whether to tell of it: most of `updates` are only new points and answers."""
        looks = fingerprint(item)
        changed = self._known.get(item.id) != looks
        self._known.put(item.id, looks)
        return new or changed

    def _now(self) -> float:
        return self.tools.now().timestamp()
