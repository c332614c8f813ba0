"""Looks at a Discourse forum: pages of posts, and what became of the posts that are missing on them.

`/posts.json?before=N` gives the 50 highest posts below N; servers older than 2025 give those of the 50 numbers up
to and with N. Either way `before = number + 49` brings every public post of the 49 numbers from `number` on.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import msgspec

from bots.http import Http, HttpError
from bots.sources.lru import Lru
from bots.sources.watching import Watch

WINDOW = 49
CONFIRM = 10  # missing posts that are asked for by number, per look
GONE = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE})


class Look(msgspec.Struct):
    """A page: its records, the numbers it covers, what is missing for certain, and what is still to be settled."""

    records: list[Any]
    low: int
    high: int
    gone: list[int] = []
    open: list[int] = []
    ahead: int | None = None  # where the newest page starts, while there is something to read before it
    recheck: bool = False


class Looks:
    """The requests to one forum."""

    def __init__(self, http: Http, base: str) -> None:
        self._http, self._base = http, base
        self._there: Lru[int, bool] = Lru(1_000)  # off the list but still readable: not asked for at every look

    async def newest(self) -> Look:
        """The newest page. Raises `HttpError`, as all of them do."""
        records = await self._page({})
        numbers = _numbers(records)
        return Look(records, min(numbers, default=0), max(numbers, default=-1) + 1)

    async def window(self, low: int, *, recheck: bool = False) -> Look:
        """Every public post of the `WINDOW` numbers from `low` on, perhaps with some below it."""
        records = await self._page({"before": str(low + WINDOW)})
        return Look(records, low, low + WINDOW, recheck=recheck)

    async def _page(self, params: dict[str, str]) -> list[Any]:
        found = await self._http.get_json(f"{self._base}/posts.json", params=params)
        records = found.get("latest_posts") if isinstance(found, dict) else None
        if not isinstance(records, list):
            raise HttpError(f"{self._base}/posts.json holds no latest_posts: is it a Discourse forum?", HTTPStatus.OK)
        return records

    async def settle(self, look: Look, watch: Watch) -> Look:
        """What was told of and is not on the page is asked for by number: it may only have left the list."""
        there = set(_numbers(look.records))
        missing = [
            number
            for number, known in watch.known.items()
            if look.low <= number < look.high and known.live and number not in there
        ]
        if not look.recheck:
            missing = [number for number in missing if self._there.get(number) is None]
        for number in missing[:CONFIRM]:
            if await self._is_gone(number):
                look.gone.append(number)
            else:
                self._there.put(number, True)
        look.open = missing[CONFIRM:]
        return look

    async def _is_gone(self, number: int) -> bool:
        try:
            record = await self._http.get_json(f"{self._base}/posts/{number}.json")
        except HttpError as error:
            if error.status in GONE:
                return True
            raise
        flags = ("deleted_at", "user_deleted", "hidden")
        return isinstance(record, dict) and any(record.get(flag) for flag in flags)


def _numbers(records: list[Any]) -> list[int]:
    found = [record.get("id") for record in records if isinstance(record, dict)]
    return [number for number in found if isinstance(number, int)]
