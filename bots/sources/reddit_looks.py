"""Looks at one of Reddit's lists: its newest pages, and things that are asked for by name.

`before=` would bring only what is newer, but once that one thing is removed the answer is an empty page for ever. So a
list is read from its newest end back to numbers that are known: no single thing has to be there still.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from bots.sources.base import Bad
from bots.sources.lru import Lru
from bots.sources.reddit_api import LIMIT, Listing, RedditApi
from bots.sources.reddit_posts import Kind, Thing, name_of, number_of, read_thing
from bots.sources.watching import Watch

MOST_PAGES = 10  # a list shows no more than 1,000 things
EDGE = 5  # known numbers at the end of a page end the walk; one alone may be out of order, or have been held back
ANCHORS = 3  # the last things of a page, of which one should still be there when the next page is asked for


class Look(msgspec.Struct):
    """What one look brought: things by number, records without one, numbers that are gone or were checked."""

    things: dict[int, Thing | Bad] = {}
    nameless: list[Bad] = []
    checked: list[int] = []
    gone: list[int] = []
    torn: bool = False  # the list ended before a number that was known: what is between was not read
    oldest: datetime | None = None  # the earliest date on the pages


class Looks:
    """One list. `whole`: it shows everything from its newest end on, so what is missing there may be gone."""

    def __init__(self, api: RedditApi, path: str, params: Mapping[str, str], kind: Kind, *, whole: bool) -> None:
        self._api, self._path, self._params, self.kind, self._whole = api, path, params, kind, whole
        self._there: Lru[int, bool] = Lru(1_000)  # off the list, but there: not asked for at every look

    async def look(self, since: int | None, first: int, watch: Watch, due: Sequence[int]) -> Look:
        """The pages back to number `since` (None: so many as `first` needs), and what is due for another look."""
        look, seen, page = Look(), 0, await self._page(None, 0)
        for turn in range(1, MOST_PAGES + 1):
            numbers = [number for child in page.children if (number := self._take(look, child)) is not None]
            seen += len(page.children)
            edge = numbers[-EDGE:]
            if seen >= first if since is None else bool(edge) and all(number < since for number in edge):
                break
            following = await self._next(page, seen) if turn < MOST_PAGES else Listing([])
            if not following.children:
                known = since is None or any(number < since for number in edge)
                look.torn = not known and seen >= LIMIT  # a shorter list is complete
                break
            page = following
        look.oldest = min((thing.at for thing in look.things.values() if isinstance(thing, Thing)), default=None)
        low = min(numbers[-1:], default=None)
        await self._settle(look, watch, due, low if self._whole else None)
        return look

    async def _next(self, page: Listing, seen: int) -> Listing:
        """The page behind; empty at the end of the list. A page is asked for by the last thing before it, which may
        have been removed in the meantime: then by one of those before that.
        """
        if page.after is None:
            return Listing([])
        names = [child["data"]["name"] for child in page.children if number_of(child, self.kind) is not None]
        for anchor in dict.fromkeys((page.after, *reversed(names[-ANCHORS:]))):
            following = await self._page(anchor, seen)
            if following.children:
                return following
        return Listing([])

    async def _page(self, after: str | None, seen: int) -> Listing:
        asked = {"after": after, "count": str(seen)} if after else {}
        return await self._api.listing(self._path, {**self._params, **asked})

    def _take(self, look: Look, child: Any) -> int | None:
        number, thing = number_of(child, self.kind), read_thing(child, self.kind)
        if number is not None:
            look.things[number] = thing
        elif isinstance(thing, Bad):
            look.nameless.append(thing)
        else:
            look.nameless.append(Bad(msgspec.json.encode(child), f"no {self.kind}"))
        return number

    async def _settle(self, look: Look, watch: Watch, due: Sequence[int], low: int | None) -> None:
        """Ask by name for what is due, and for what was told of and is missing on the pages down to `low`."""
        look.checked += [number for number in due if number in look.things]
        missing = [
            number
            for number, known in watch.known.items()
            if low is not None and number > low and known.live and self._there.get(number) is None
        ]
        wanted = [number for number in dict.fromkeys((*due, *missing)) if number not in look.things][:LIMIT]
        for _ in range(2):  # twice: one odd answer must not delete anything
            if absent := [name_of(number, self.kind) for number in wanted if number not in look.things]:
                for child in await self._api.by_name(absent):
                    self._take(look, child)
        look.gone = [number for number in wanted if number not in look.things]
        look.checked += [number for number in due if number in wanted]
        for number in wanted:
            self._there.put(number, True)
