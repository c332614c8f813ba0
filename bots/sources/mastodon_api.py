"""Mastodon's REST and streaming API (docs.joinmastodon.org/methods), as far as it is needed, of one server."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, unquote

import msgspec

from bots.http import Http, HttpError, Response, plain
from bots.sse import ServerEvent

LIMIT = 40  # the most that a timeline gives at once
LOWEST = "0"  # below every id
_PREVIOUS = re.compile(r'<[^>]*[?&]min_id=([^&>]+)[^>]*>;\s*rel="prev"')
_GONE = {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}
REFUSED = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.UNPROCESSABLE_ENTITY}


class Page(msgspec.Struct, frozen=True):
    """One page of a timeline, oldest first, and the id to go on after; `newest` None: the page is empty."""

    records: list[Any]
    newest: str | None


class Api:
    """One server, with the token if there is one."""

    def __init__(self, http: Http, base: str, token: str | None, streaming: str) -> None:
        self.base, self._streaming = base, streaming
        self._http = http
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    async def page(self, timeline: str, after: str | None) -> Page:
        """What comes next after an id; None: the newest. Raises `HttpError`."""
        path, params = _rest(timeline)
        params["limit"] = str(LIMIT)
        if after is not None:
            params["min_id"] = after
        answer, records = await self._get(f"timelines/{path}", params)
        if not isinstance(records, list):
            raise HttpError(f"{plain(answer.url)} sent no list", answer.status)
        if not records:
            return Page([], None)
        newest = max(_ids(records, answer), key=order, default="")
        if not newest or (after is not None and order(newest) <= order(after)):
            raise HttpError(f"{plain(answer.url)} sent a page that leads nowhere", answer.status)
        return Page(sorted(records, key=lambda record: order(_id(record))), newest)

    async def status(self, number: str) -> Any | None:
        """A status as it is now; None: it is gone. Raises `HttpError`."""
        try:
            return (await self._get(f"statuses/{quote(number, safe='')}", {}))[1]
        except HttpError as error:
            if error.status in _GONE:
                return None
            raise

    async def ancestors(self, number: str) -> list[Any]:
        """What a status answers, and what that answers, root first; nothing where the server does not tell."""
        try:
            _, found = await self._get(f"statuses/{quote(number, safe='')}/context", {})
        except HttpError as error:
            if error.status in _GONE | REFUSED:
                return []
            raise
        above = found.get("ancestors") if isinstance(found, dict) else None
        return above if isinstance(above, list) else []

    def events(self, timeline: str) -> AsyncIterator[ServerEvent]:
        """The stream of a timeline, until the server ends it. Raises `HttpError`."""
        return self._http.events(f"{self._streaming}/api/v1/streaming/{_stream(timeline)}", headers=self._headers)

    async def _get(self, path: str, params: dict[str, str]) -> tuple[Response, Any]:
        answer = await self._http.get_bytes(f"{self.base}/api/v1/{path}", params=params, headers=self._headers)
        try:
            return answer, msgspec.json.decode(answer.body)
        except (ValueError, RecursionError) as error:
            raise HttpError(f"{plain(answer.url)} sent no JSON: {error}", answer.status) from error


def order(number: str) -> tuple[int, str]:
    """Ids grow: numbers on Mastodon, texts of one length on others."""
    return len(number), number


def earlier(number: str, seconds: float) -> str:
    """The id of some seconds before: Mastodon's ids are milliseconds times 2^16; others are left as they are."""
    if not number.isdecimal() or len(number) < 15:
        return number
    return str(max(0, int(number) - (int(seconds * 1_000) << 16)))


def told_at(number: str) -> float | None:
    """The Unix time in an id; None for those that are not Mastodon's own."""
    return (int(number) >> 16) / 1_000 if number.isdecimal() and len(number) >= 15 else None


def _rest(timeline: str) -> tuple[str, dict[str, str]]:
    if timeline.startswith("#"):
        return f"tag/{quote(timeline[1:], safe='')}", {}
    return "public", {"local": "true"} if timeline == "local" else {}


def _stream(timeline: str) -> str:
    if timeline.startswith("#"):
        return f"hashtag?tag={quote(timeline[1:], safe='')}"
    return "public/local" if timeline == "local" else "public"


def _ids(records: Iterable[Any], answer: Response) -> list[str]:
    link = next((value for name, value in answer.headers.items() if name.lower() == "link"), "")
    found = _PREVIOUS.search(link)
    return [number for record in records if (number := _id(record))] + ([unquote(found[1])] if found else [])


def _id(record: Any) -> str:
    number = record.get("id") if isinstance(record, dict) else None
    return number if isinstance(number, str) else ""
