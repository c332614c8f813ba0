"""Discord's REST API (v10): requests as the bot, at the pace of its buckets.

Source: docs.discord.com/developers/reference and topics/rate-limits there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from importlib.metadata import version
from typing import Any, TypeVar

import msgspec
from pydantic import SecretStr

from bots.http import Http, HttpError

T = TypeVar("T")
FEWEST_STARTS = 20  # sessions that are left for others, and for people, of the 1,000 a day


class _Limit(msgspec.Struct):
    retry_after: float | None = None
    is_global: bool = msgspec.field(name="global", default=False)


class _Complaint(msgspec.Struct):
    code: int = 0


class _Starts(msgspec.Struct):
    remaining: int
    reset_after: float


class _Gateway(msgspec.Struct):
    url: str
    session_start_limit: _Starts


class DiscordRest:
    """One bot. All requests raise `HttpError`; one that met a rate limit says in `after` how long it lasts."""

    def __init__(self, http: Http, base_url: str, token: SecretStr) -> None:
        self._http, self._base, self._token = http, base_url, token
        self._free = 0.0  # when the limit for everything is over (the loop's clock)
        # Discord turns away clients that do not introduce themselves in this form.
        self._agent = f"DiscordBot (tertulia, {version('tertulia')}) {http.user_agent}"

    async def get(self, path: str, params: Mapping[str, str] | None = None, *, bucket: str = "") -> Any:
        """The decoded body. `bucket`: the route with its channel or server, which is what Discord's limits are for."""
        left = self._free - asyncio.get_running_loop().time()
        if left > 0:
            raise HttpError("Discord's limit for all requests is used up", HTTPStatus.TOO_MANY_REQUESTS, left)
        headers = {"Authorization": f"Bot {self._token.get_secret_value()}", "User-Agent": self._agent}
        url = f"{self._base}/{path}"
        try:
            answer = await self._http.get_bytes(url, params=params, headers=headers, bucket=bucket or path)
        except HttpError as error:
            raise self._limited(error) from error
        try:
            return msgspec.json.decode(answer.body)
        except (ValueError, RecursionError) as error:
            raise HttpError(f"Discord sent no JSON: {error}", answer.status) from error

    async def get_as(self, path: str, kind: type[T], params: Mapping[str, str] | None = None, *, bucket: str = "") -> T:
        """The body in this form; another one is an `HttpError`, too."""
        try:
            return msgspec.convert(await self.get(path, params, bucket=bucket), kind)
        except msgspec.ValidationError as error:
            raise HttpError(f"Discord's answer for {path} has another form: {error}", HTTPStatus.OK) from error

    async def gateway(self) -> str:
        """Where to begin a session. Raises `HttpError` when today's allowance of sessions is used up.

        Whoever goes beyond the 1,000 a day loses the token.
        """
        found = await self.get_as("gateway/bot", _Gateway)
        starts = found.session_start_limit
        if starts.remaining <= FEWEST_STARTS:
            after = max(1.0, starts.reset_after / 1_000)
            raise HttpError("the day's sessions at the Gateway are used up", HTTPStatus.TOO_MANY_REQUESTS, after)
        return found.url

    def _limited(self, error: HttpError) -> HttpError:
        """A 429's body is more exact than its header, and says whether the limit is for everything."""
        if error.status != HTTPStatus.TOO_MANY_REQUESTS:
            return error
        try:
            limit = msgspec.json.decode(error.body, type=_Limit)
        except (ValueError, RecursionError):  # a proxy's page: the header has to do
            return error
        after = limit.retry_after if limit.retry_after is not None else error.after
        if limit.is_global and after is not None:
            self._free = asyncio.get_running_loop().time() + after
        return HttpError(str(error), error.status, after, error.body)


def code_of(error: HttpError) -> int:
    """Discord's own number for what is wrong, such as 10008, an unknown message; 0: none was given."""
    try:
        return msgspec.json.decode(error.body, type=_Complaint).code
    except (ValueError, RecursionError):
        return 0
