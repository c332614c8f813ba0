"""Requests to one list of a Lemmy instance: its newest pages, single things, and what comments answer."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime
from http import HTTPStatus
from typing import Any

import msgspec

from bots.http import Http, HttpError
from bots.sources.base import Bad
from bots.sources.lemmy_posts import Kind, View, number_of, read_thing, read_view
from bots.sources.lru import Lru
from bots.sources.watching import Watch

LIMIT = 50
MOST_PAGES = 40  # that one look goes back
EDGE = 5  # known numbers at the end of a page end the walk; one alone may be misdated
CHECKS = 10  # old posts that are asked for again, per look


class Look(msgspec.Struct):
    """What one look brought: views by number, records without one, numbers that are gone, addresses of parents."""

    views: dict[int, View | Bad] = {}
    nameless: list[Bad] = []
    checked: list[int] = []
    gone: list[int] = []
    parents: dict[int, str] = {}
    torn: bool = False  # the last page still held news: what is before it was not read

    @property
    def oldest(self) -> datetime | None:
        """The earliest date on the pages."""
        things = [view.comment or view.post for view in self.views.values() if isinstance(view, View)]
        return min((thing.at for thing in things), default=None)


class Looks:
    """One list: all posts or comments of an instance, or those of one community."""

    def __init__(self, http: Http, base: str, kind: Kind, params: dict[str, str], pause_s: float) -> None:
        self._http, self._base, self.kind, self._pause_s = http, f"{base}/api/v3", kind, pause_s
        self._params = params | {"sort": "New", "limit": str(LIMIT)}
        self._addresses: Lru[int, str] = Lru(20_000)

    async def look(self, since: int | None, first: int, watch: Watch, due: Iterable[int]) -> Look:
        """The pages back to number `since` (None: so many as `first` needs), and what is due for a re-check."""
        look, seen = Look(), 0
        for page in range(1, MOST_PAGES + 1):
            views = await self._page(page)
            numbers = [number for view in views if (number := self._take(look, view)) is not None]
            seen += len(views)
            if not views or (seen >= first if since is None else all(number < since for number in numbers[-EDGE:])):
                break
            await asyncio.sleep(self._pause_s)
        else:
            look.torn = since is not None
        for number in due:
            look.checked.append(number)
            if number not in look.views:
                await self._again(look, number)
        await self._find_parents(look, watch)
        return look

    def _take(self, look: Look, view: Any) -> int | None:
        number, read = number_of(view, self.kind), read_view(view, self.kind)
        if number is not None:
            look.views[number] = read
        elif isinstance(read, Bad):
            look.nameless.append(read)
        return number

    async def _page(self, page: int) -> list[Any]:
        found = await self._get(f"{self.kind}/list", self._params | {"page": str(page)})
        views = found.get(f"{self.kind}s")
        if not isinstance(views, list):
            raise HttpError(f"{self._base}/{self.kind}/list holds no {self.kind}s: is it Lemmy?", HTTPStatus.OK)
        return views

    async def _again(self, look: Look, number: int) -> None:
        view = await self._one(number)
        if view is None:
            look.gone.append(number)
        else:
            look.views[number] = read_view(view, self.kind)

    async def _one(self, number: int) -> Any:
        """The view of one post or comment; None when it is not there (any more)."""
        try:
            found = await self._get(self.kind, {"id": str(number)})
        except HttpError as error:
            if error.status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
                return None
            raise
        return found.get(f"{self.kind}_view")

    async def _find_parents(self, look: Look, watch: Watch) -> None:
        """A comment names what it answers by the instance's number; the id needs its address."""
        for view in look.views.values():
            if isinstance(view, View) and view.comment is not None:
                self._addresses.put(view.comment.id, view.comment.ap_id)
        for number, view in look.views.items():
            above = view.comment.above if isinstance(view, View) and view.comment is not None else None
            if above is None or above in look.parents or not watch.is_news(read_thing(view, number, {})):
                continue
            if (address := self._addresses.get(above) or await self._address(above)) is not None:
                look.parents[above] = address

    async def _address(self, number: int) -> str | None:
        view = await self._one(number)
        found = read_view(view, self.kind) if view is not None else None
        if not isinstance(found, View) or found.comment is None:
            return None
        self._addresses.put(number, found.comment.ap_id)
        return found.comment.ap_id

    async def _get(self, path: str, params: dict[str, str]) -> dict[str, Any]:
        found = await self._http.get_json(f"{self._base}/{path}", params=params)
        if not isinstance(found, dict):
            raise HttpError(f"{self._base}/{path} sent no object", HTTPStatus.OK)
        return found
