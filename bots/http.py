"""The one HTTP client of all collectors: polite, bounded and honest about who it is.

Requests that failed for a passing reason are tried again a few times with jitter; a rate limit is obeyed before the
next request; whatever remains is raised as `HttpError`, a `Retry`: a source without a better idea simply backs off.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from importlib.metadata import version
from random import Random
from types import TracebackType
from typing import Any, Self

import aiohttp
import msgspec
from yarl import URL

from bots.sources.base import HttpError
from bots.sse import ServerEvent, server_events

log = logging.getLogger(__name__)
__all__ = ["Http", "HttpError", "Response", "plain", "seconds_of"]

MOST_BYTES = 16 * 1024 * 1024  # of one body
MOST_COMPLAINT = 16 * 1024  # of the body of a refusal
LONGEST_REST_S = 30.0  # a rate limit that ends sooner is waited for here; a longer one is the runner's business
PASSING = frozenset({408, 425, 500, 502, 503, 504, 520, 521, 522, 523, 524, 598, 599})


class Response(msgspec.Struct, frozen=True):
    """A body, and what makes the next request for it conditional. `status` 304: not modified, no body."""

    status: int
    body: bytes
    etag: str | None
    last_modified: str | None
    headers: Mapping[str, str]
    url: str

    @property
    def unchanged(self) -> bool:
        """Whether the server said that nothing is new."""
        return self.status == HTTPStatus.NOT_MODIFIED


class Http:
    """The client: `async with Http(contact) as http`. Proxies come from the environment."""

    def __init__(
        self,
        contact: str = "",
        *,
        random: Random | None = None,
        attempts: int = 4,
        timeout_s: float = 30.0,
        base_s: float = 0.5,
    ) -> None:
        product = f"tertulia/{version('tertulia')}"
        self.user_agent = f"{product} (+{contact})" if contact else product
        self._random, self._attempts, self._base_s = random or Random(), attempts, base_s
        self._timeout = aiohttp.ClientTimeout(total=4 * timeout_s, connect=timeout_s, sock_read=timeout_s)
        self._resting: dict[str, float] = {}  # host -> monotonic time until which it wants to be left alone
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            headers={"User-Agent": self.user_agent},
            timeout=self._timeout,
            trust_env=True,
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def get_json(
        self,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        most: int = MOST_BYTES,
    ) -> Any:
        """The decoded body. Raises `HttpError`, also when the body is no JSON."""
        response = await self.get_bytes(url, params=params, headers=headers, most=most)
        try:
            return msgspec.json.decode(response.body)
        except ValueError as error:  # msgspec's own, and bytes that are not UTF-8
            raise HttpError(f"{plain(url)} sent no JSON: {error}", response.status) from error

    async def get_bytes(
        self,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        etag: str | None = None,
        last_modified: str | None = None,
        most: int = MOST_BYTES,
    ) -> Response:
        """The body, or a 304 when `etag` or `last_modified` still hold. Raises `HttpError`."""
        asked = dict(headers or {})
        if etag:
            asked["If-None-Match"] = etag
        if last_modified:
            asked["If-Modified-Since"] = last_modified
        for attempt in range(1, self._attempts + 1):
            await self._rest(url)
            try:
                return await self._get(url, params, asked, most)
            except HttpError as error:
                passing = error.status in PASSING or (not error.status and error.after is None)
                if not passing or error.after is not None or attempt == self._attempts:
                    raise
                log.info("%s; try %d of %d", error, attempt, self._attempts)
            await asyncio.sleep(self._random.uniform(0.1, 1) * self._base_s * 2**attempt)
        raise AssertionError("unreachable: the last attempt returns or raises")

    def websocket(
        self,
        url: str,
        *,
        protocols: Sequence[str] = (),
        headers: Mapping[str, str] | None = None,
        max_msg_size: int = MOST_BYTES,
        decode_text: bool = True,
        heartbeat: float | None = 20.0,
    ) -> AbstractAsyncContextManager[aiohttp.ClientWebSocketResponse[bool]]:
        """A websocket, pinged every `heartbeat` seconds. Entering raises `aiohttp.ClientError`, e.g. for a refusal."""
        return self._open.ws_connect(
            url,
            protocols=protocols,
            headers=headers,
            max_msg_size=max_msg_size,
            decode_text=decode_text,
            heartbeat=heartbeat,
        )

    async def events(
        self, url: str, *, headers: Mapping[str, str] | None = None, last_id: str | None = None, quiet_s: float = 90.0
    ) -> AsyncIterator[ServerEvent]:
        """Server-sent events until the server ends the stream. Raises `HttpError`, as after `quiet_s` of nothing."""
        asked = {"Accept": "text/event-stream", **(headers or {})}
        if last_id is not None:
            asked["Last-Event-ID"] = last_id
        timeout = aiohttp.ClientTimeout(total=None, connect=self._timeout.connect, sock_read=quiet_s)
        await self._rest(url)
        async with self._errors(url), self._open.get(url, headers=asked, timeout=timeout) as answer:
            await self._check(url, answer)
            async for event in server_events(answer.content.iter_any()):
                yield event

    async def _get(self, url: str, params: Mapping[str, str] | None, headers: Mapping[str, str], most: int) -> Response:
        async with self._errors(url), self._open.get(url, params=params, headers=headers) as answer:
            self._note_limits(url, answer)
            if answer.status != HTTPStatus.NOT_MODIFIED:
                await self._check(url, answer)
            body = await _body(url, answer, most)
            return Response(
                status=answer.status,
                body=body,
                etag=answer.headers.get("ETag"),
                last_modified=answer.headers.get("Last-Modified"),
                headers=dict(answer.headers),
                url=str(answer.url),
            )

    @asynccontextmanager
    async def _errors(self, url: str) -> AsyncIterator[None]:
        """Every network trouble as `HttpError`; the text never holds a query, where keys may stand."""
        try:
            yield
        except TimeoutError as error:
            raise HttpError(f"{plain(url)} did not answer in time") from error
        except aiohttp.InvalidURL as error:
            raise HttpError(f"{plain(url)} is no usable address", HTTPStatus.BAD_REQUEST) from error
        except aiohttp.ClientConnectorError as error:
            raise HttpError(f"{plain(url)} cannot be reached: {error.os_error}") from error
        except (aiohttp.ClientError, OSError) as error:
            raise HttpError(f"the answer of {plain(url)} broke off: {type(error).__name__}") from error

    async def _check(self, url: str, answer: aiohttp.ClientResponse) -> None:
        if answer.status >= HTTPStatus.BAD_REQUEST:
            after = seconds_of(answer.headers.get("Retry-After"))
            reason = f"{plain(url)} answers {answer.status} {answer.reason or ''}".strip()
            raise HttpError(reason, answer.status, after, await _complaint(answer))
        if answer.status != HTTPStatus.OK:
            raise HttpError(f"{plain(url)} answers {answer.status}, not a body", answer.status)

    def _note_limits(self, url: str, answer: aiohttp.ClientResponse) -> None:
        """Remember when the host says that its allowance is used up, by either common spelling of the headers."""
        for prefix in ("X-RateLimit", "RateLimit"):
            if answer.headers.get(f"{prefix}-Remaining") == "0":
                after = seconds_of(answer.headers.get(f"{prefix}-Reset"), epoch=True)
                if after is not None:
                    self._resting[URL(url).host or ""] = time.monotonic() + after

    async def _rest(self, url: str) -> None:
        left = self._resting.get(URL(url).host or "", 0.0) - time.monotonic()
        if left > LONGEST_REST_S:
            raise HttpError(f"the rate limit of {plain(url)} is used up", HTTPStatus.TOO_MANY_REQUESTS, left)
        if left > 0:
            await asyncio.sleep(left)

    @property
    def _open(self) -> aiohttp.ClientSession:
        assert self._session is not None, "enter the client first: async with Http()"
        return self._session


async def _body(url: str, answer: aiohttp.ClientResponse, most: int) -> bytes:
    chunks, size = [], 0
    async for chunk in answer.content.iter_any():
        size += len(chunk)
        if size > most:
            raise HttpError(f"{plain(url)} sends more than {most} bytes", answer.status)
        chunks.append(chunk)
    return b"".join(chunks)


async def _complaint(answer: aiohttp.ClientResponse) -> bytes:
    """The beginning of a refusal's body, as far as it comes: some networks tell their reasons only there."""
    body = b""
    try:
        while len(body) < MOST_COMPLAINT and (chunk := await answer.content.read(MOST_COMPLAINT - len(body))):
            body += chunk
    except (TimeoutError, aiohttp.ClientError, OSError):  # the status has said enough
        log.debug("the body of a refusal broke off")
    return body


def plain(url: str) -> str:
    """The address without user, query and fragment: secrets may stand there, and what is left may be logged."""
    try:
        return str(URL(url).with_user(None).with_query(None).with_fragment(None))
    except ValueError:
        return "the configured address"


def seconds_of(value: str | None, *, epoch: bool = False) -> float | None:
    """Seconds from now that Retry-After or a limit's reset names: a number, a date, or with `epoch` a Unix time."""
    if not value:
        return None
    try:
        number = float(value)
    except ValueError:
        return _seconds_until(value)
    return max(0.0, number - time.time()) if epoch and number > 1e9 else max(0.0, number)


def _seconds_until(value: str) -> float | None:
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        try:
            at = datetime.fromisoformat(value)  # Mastodon's spelling
        except ValueError:
            return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (at - datetime.now(UTC)).total_seconds())
