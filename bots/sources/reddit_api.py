"""Requests to Reddit's API (reddit.com/dev/api): the application's token, the allowance, listings.

The application signs in for itself (OAuth 2 client credentials), without any account: it reads what is public. Headers
say how many requests are left and for how long; they are spread over that time.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from importlib.metadata import version
from typing import Any

import msgspec

from bots.http import HttpError, Response
from bots.sources.base import Misconfigured, Tools
from bots.sources.reddit_options import RedditOptions

LIMIT = 100  # things on a page, and ids in a request
MARGIN_S = 120.0  # a token is replaced so long before it ends
LONGEST_PAUSE_S = 600.0
RATE_REST_S = 60.0
CLOSED = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND})


class Listing(msgspec.Struct, frozen=True):
    """A page: things as they are, and the name of the last one where there are more."""

    children: list[Any]
    after: str | None = None


class _Envelope(msgspec.Struct, frozen=True, tag_field="kind", tag="Listing"):
    data: Listing


class _Token(msgspec.Struct, frozen=True):
    access_token: str
    expires_in: float


class _Refusal(msgspec.Struct, frozen=True):
    reason: str = ""


class RedditApi:
    """Every method raises `HttpError`; `Misconfigured` where the application is not let in."""

    def __init__(self, options: RedditOptions, tools: Tools) -> None:
        self._options, self._tools = options, tools
        self._agent = f"python:tertulia:{version('tertulia')} (by /u/{options.username})"
        self._token, self._ends = "", 0.0  # Unix time
        self._free = 0.0  # when the next request is due (the loop's clock)

    async def listing(self, path: str, params: Mapping[str, str]) -> Listing:
        """A page of what `path` lists."""
        found = await self._get(path, {"limit": str(LIMIT), **params})
        try:
            return msgspec.convert(found, _Envelope).data
        except msgspec.ValidationError as error:
            raise HttpError(f"{path} of Reddit is no listing: {error}", HTTPStatus.OK) from error

    async def by_name(self, names: Sequence[str]) -> list[Any]:
        """Those of the things (at most `LIMIT` full names) that there still are."""
        return (await self.listing("api/info", {"id": ",".join(names)})).children

    async def closed(self, subreddit: str) -> str | None:
        """Why a subreddit cannot be read; None: it can."""
        try:
            found = await self._get(f"r/{subreddit}/about", {})
        except HttpError as error:
            if error.status not in CLOSED:
                raise
            return f"Reddit refuses it: {_reason(error)}"
        # Reddit leads requests for what does not exist to a search for subreddits, which finds others or nothing.
        return None if isinstance(found, dict) and found.get("kind") == "t5" else "there is no such subreddit"

    async def _get(self, path: str, params: Mapping[str, str]) -> Any:
        try:
            response = await self._ask(path, params, await self._access())
        except HttpError as error:
            if error.status != HTTPStatus.UNAUTHORIZED:
                raise
            self._token = ""  # withdrawn before its time
            response = await self._ask(path, params, await self._access())
        try:
            return msgspec.json.decode(response.body)
        except (ValueError, RecursionError) as error:
            raise HttpError(f"{path} of Reddit sent no JSON: {error}", response.status) from error

    async def _ask(self, path: str, params: Mapping[str, str], token: str) -> Response:
        await asyncio.sleep(max(0.0, self._free - asyncio.get_running_loop().time()))
        headers = {"Authorization": f"Bearer {token}", "User-Agent": self._agent}
        url, asked = f"{self._options.api_url}/{path}", {"raw_json": "1", **params}
        try:
            response = await self._tools.http.get_bytes(url, params=asked, headers=headers)
        except HttpError as error:
            if error.status == HTTPStatus.TOO_MANY_REQUESTS and error.after is None:
                raise HttpError(str(error), error.status, RATE_REST_S, error.body) from error
            raise
        self._pace({name.lower(): value for name, value in response.headers.items()})
        return response

    def _pace(self, headers: Mapping[str, str]) -> None:
        left, seconds = _number(headers.get("x-ratelimit-remaining")), _number(headers.get("x-ratelimit-reset"))
        if left is not None and seconds is not None:
            self._free = asyncio.get_running_loop().time() + min(LONGEST_PAUSE_S, seconds) / max(1.0, left)

    async def _access(self) -> str:
        """The token, a new one if it ends soon."""
        now = self._tools.now().timestamp()
        if not self._token or now >= self._ends:
            token = await self._new_token()
            self._token, self._ends = token.access_token, now + max(0.0, token.expires_in - MARGIN_S)
        return self._token

    async def _new_token(self) -> _Token:
        secret = self._options.client_secret
        pair = f"{self._options.client_id}:{secret.get_secret_value() if secret else ''}"
        signed = {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}", "User-Agent": self._agent}
        url = f"{self._options.auth_url}/api/v1/access_token"
        try:
            found = await self._tools.http.post_form(url, {"grant_type": "client_credentials"}, headers=signed)
            return msgspec.convert(found, _Token)
        except HttpError as error:
            if error.status != HTTPStatus.UNAUTHORIZED:
                raise
            raise Misconfigured("sources.reddit.client_id, client_secret: Reddit does not accept them") from error
        except msgspec.ValidationError as error:
            said = found.get("error") if isinstance(found, dict) else None
            raise HttpError(f"Reddit gives no access token: {str(said or error)[:100]}", HTTPStatus.OK) from error


def _reason(error: HttpError) -> str:
    """`private`, `quarantined`, `banned`, … as Reddit says it."""
    try:
        said = msgspec.json.decode(error.body, type=_Refusal).reason
    except (ValueError, RecursionError):
        said = ""
    return said[:50] or f"{error.status}, private, quarantined or banned, or it refuses this application altogether"


def _number(text: str | None) -> float | None:
    try:
        return max(0.0, float(text)) if text else None
    except ValueError:
        return None
