"""Items of Hacker News: reading them, finding the story they hang under, and turning them into posts."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Literal

import msgspec
import xxhash

from bots.http import Http, HttpError
from bots.sources.base import Bad, Retry
from bots.sources.lru import Lru
from bots.sources.markup import read_html, web_address
from streams.records import Author, Post

MOST_BYTES = 4 * 1024 * 1024  # a story with many thousand direct answers is half a MB
DEEPEST = 1_000  # answers to answers; beyond, the item reached stands for the root
_PLATFORM = "hackernews"


class Item(msgspec.Struct, frozen=True):
    """An item as the API gives it; deleted ones have no author and no text."""

    id: int
    type: str = ""
    by: str = ""
    time: int = 0
    text: str = ""
    title: str = ""
    url: str = ""
    parent: int | None = None
    poll: int | None = None
    score: int | None = None
    descendants: int | None = None
    deleted: bool = False
    dead: bool = False

    @property
    def above(self) -> int | None:
        """What it hangs under: a comment under what it answers, a poll's option under the poll."""
        return self.parent if self.parent is not None else self.poll


class Items:
    """The API, with at most `parallel` requests at a time, and a memory of who hangs under whom."""

    def __init__(self, http: Http, base: str, parallel: int) -> None:
        self._http, self._base = http, base
        self._slots = asyncio.Semaphore(parallel)
        self._above: Lru[int, tuple[int | None, str]] = Lru(200_000)  # item -> (what it hangs under, author)

    async def newest(self) -> int:
        """The highest number so far. Raises `Retry`."""
        newest = await self._http.get_json(f"{self._base}/maxitem.json")
        if not isinstance(newest, int):
            raise Retry(f"maxitem is no number: {str(newest)[:80]}")
        return newest

    async def changed(self) -> list[int]:
        """Items that changed lately. Raises `Retry`."""
        found = await self._http.get_json(f"{self._base}/updates.json")
        items = found.get("items") if isinstance(found, dict) else None
        if not isinstance(items, list):
            raise Retry("updates holds no items")
        return sorted({number for number in items if isinstance(number, int)})

    async def get(self, numbers: Iterable[int]) -> list[Item | Bad | None]:
        """The items in the same order; None: not there (yet). Raises `Retry` when one could not be had."""
        found = await asyncio.gather(*(self._get(number) for number in numbers), return_exceptions=True)
        items: list[Item | Bad | None] = []
        for item in found:
            if isinstance(item, BaseException):
                raise item
            items.append(item)
        return items

    async def _get(self, number: int) -> Item | Bad | None:
        async with self._slots:
            body = (await self._http.get_bytes(f"{self._base}/item/{number}.json", most=MOST_BYTES)).body
        try:
            item = msgspec.json.decode(body, type=Item | None)
        except msgspec.ValidationError as error:
            return Bad(body, f"not in the form of an item: {error}", str(number))
        except ValueError as error:
            raise HttpError(f"item {number} is no JSON: {error}") from error
        if item is None:
            return None
        if item.id != number:
            return Bad(body, f"asked for item {number}, got {item.id}", str(number))
        if not (item.deleted or item.dead) and not (item.by and item.time):
            return Bad(body, "neither deleted nor signed and dated", str(number))
        self._above.put(item.id, (item.above, item.by))
        return item

    async def find_roots(self, items: Sequence[Item]) -> set[int]:
        """Fetch what is missing between the items and their stories, level by level, all of a level at once.

        Returns the items above whose place nothing is known, because the site does not give them (yet).
        """
        absent = set[int]()
        for _ in range(DEEPEST):
            unknown = sorted({top for item in items if self._above.get(top := self.top(item)) is None} - absent)
            if not unknown:
                break
            for number, found in zip(unknown, await self.get(unknown), strict=True):
                if isinstance(found, Bad):  # it will not get better: as far as anyone can climb
                    self._above.put(number, (None, ""))
                elif found is None:
                    absent.add(number)
        return absent

    def top(self, item: Item) -> int:
        """The highest item above this one that is known of; `find_roots` has made it the story, if that can be had."""
        return self._climb(item.id)

    def _climb(self, number: int) -> int:
        """The highest known item above `number`, or the first unknown one."""
        seen = {number}
        for _ in range(DEEPEST):
            above = self._above.get(number)
            if above is None or above[0] is None or above[0] in seen:
                return min(seen) if above and above[0] in seen else number
            number = above[0]
            seen.add(number)
        return number

    def post(self, item: Item, op: Literal["create", "update"]) -> Post:
        """The item as a post; a deleted or dead one as its deletion."""
        thread = _id(self._climb(item.id))
        if item.deleted or item.dead:
            return Post(id=_id(item.id), op="delete", platform=_PLATFORM, thread=thread)
        text, links = read_html(item.text)
        title, _ = read_html(item.title)
        above = self._above.get(item.above) if item.above is not None else None
        story = web_address(item.url) if item.url else None
        return Post(
            id=_id(item.id),
            op=op,
            platform=_PLATFORM,
            author=Author(id=f"{_PLATFORM}:{item.by}", handle=item.by),
            text="\n\n".join(part for part in (title, text) if part),
            created_at=datetime.fromtimestamp(item.time, UTC),
            url=f"https://news.ycombinator.com/item?id={item.id}",
            links=(story, *links) if story else links,
            reply_to=_id(item.above) if item.above is not None else None,
            reply_to_author=f"{_PLATFORM}:{above[1]}" if above and above[1] else None,
            thread=thread,
            venue="Hacker News",
            likes=item.score,
            replies=item.descendants,
        )


def fingerprint(item: Item) -> str:
    """What changes when the words change, not when points or answers are added."""
    parts = (item.title, item.text, item.url, item.by, str(item.deleted or item.dead))
    return xxhash.xxh3_64_hexdigest("\x00".join(parts).encode(errors="replace"))


def _id(number: int) -> str:
    return f"{_PLATFORM}:{number}"
