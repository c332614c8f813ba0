"""The one HTTP client of all collectors: polite, bounded and honest about who it is.

Requests that failed for a passing reason are tried again a few times with jitter; a rate limit is obeyed before the
next request; whatever remains is raised as `HttpError`, a `Retry`: a source without a better idea simply backs off.
"""

from __future__ import annotations

import asyncio
import logging
import re
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
from bots.sse import ServerEvent, lines_of, server_events

log = logging.getLogger(__name__)
__all__ = ["Http", "HttpError", "Response", "plain", "seconds_of"]

MOST_BYTES = 16 * 1024 * 1024  # of one body
MOST_COMPLAINT = 16 * 1024  # of the body of a refusal
LONGEST_REST_S = 30.0  # a rate limit that ends sooner is waited for here; a longer one is the runner's business
MOST_RESTS = 1_000  # remembered; beyond, those that are over are forgotten
_BOT_TOKEN = re.compile(r"/bot\d+(?::|%3A)[^/]*", re.IGNORECASE)  # Telegram wants it in the path
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


class _Request(msgspec.Struct, frozen=True):
    method: str
    url: str
    params: Mapping[str, str] | None
    headers: Mapping[str, str]
    most: int
    bucket: str = ""
    form: Mapping[str, str] | None = None
    json: Any = None


class Http:
    """The client: `async with Http(contact) as http`. Proxies come from the `environment`, which aiohttp looks up in a
    thread for each request: not for servers of one's own.
    """

    def __init__(
        self,
        contact: str = "",
        *,
        random: Random | None = None,
        attempts: int = 4,
        timeout_s: float = 30.0,
        base_s: float = 0.5,
        environment: bool = True,
    ) -> None:
        product = f"tertulia/{version('tertulia')}"
        self.user_agent = f"{product} (+{contact})" if contact else product
        self._random, self._attempts, self._base_s = random or Random(), attempts, base_s
        self._environment = environment
        self._timeout = aiohttp.ClientTimeout(total=4 * timeout_s, connect=timeout_s, sock_read=timeout_s)
        self._resting: dict[str, float] = {}  # host, bucket -> monotonic time until which it wants to be left alone
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            headers={"User-Agent": self.user_agent},
            timeout=self._timeout,
            trust_env=self._environment,
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
        return _decoded(url, await self.get_bytes(url, params=params, headers=headers, most=most))

    async def post_form(
        self, url: str, form: Mapping[str, str], *, headers: Mapping[str, str] | None = None, most: int = MOST_BYTES
    ) -> Any:
        """The decoded answer to a form. As with all requests a passing failure is tried again: only for what may be
        sent twice, such as a request for a token. Raises as `get_json`.
        """
        return _decoded(url, await self._ask(_Request("POST", url, None, headers or {}, most, form=form)))

    async def post_json(self, url: str, *, body: Any = None, headers: Mapping[str, str] | None = None) -> Any:
        """The decoded answer to JSON (None: to nothing), which may be sent twice, as with `post_form`."""
        return _decoded(url, await self._ask(_Request("POST", url, None, headers or {}, MOST_BYTES, json=body)))

    async def get_bytes(
        self,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        etag: str | None = None,
        last_modified: str | None = None,
        most: int = MOST_BYTES,
        bucket: str = "",
    ) -> Response:
        """The body, or a 304 when `etag` or `last_modified` still hold. Raises `HttpError`.

        `bucket` names the part of the host that a rate limit in the answer's headers is for; empty: all of it.
        """
        asked = dict(headers or {})
        if etag:
            asked["If-None-Match"] = etag
        if last_modified:
            asked["If-Modified-Since"] = last_modified
        return await self._ask(_Request("GET", url, params, asked, most, bucket))

    async def _ask(self, request: _Request) -> Response:
        for attempt in range(1, self._attempts + 1):
            await self._rest(request.url, request.bucket)
            try:
                return await self._once(request)
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

    async def lines(
        self,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        quiet_s: float = 90.0,
    ) -> AsyncIterator[bytes]:
        """The lines of an answer without end, blank ones too: signs of life. The first, blank, says that it has begun.

        Raises `HttpError`, as after `quiet_s` of nothing.
        """
        timeout = aiohttp.ClientTimeout(total=None, connect=self._timeout.connect, sock_read=quiet_s)
        await self._rest(url)
        async with self._errors(url), self._open.get(url, params=params, headers=headers, timeout=timeout) as answer:
            await self._check(url, answer)
            yield b""
            async for line in lines_of(answer.content.iter_any()):
                yield line

    async def _once(self, request: _Request) -> Response:
        url = request.url
        asking = self._open.request(
            request.method, url, params=request.params, headers=request.headers, data=request.form, json=request.json
        )
        async with self._errors(url), asking as answer:
            self._note_limits(url, answer, request.bucket)
            if answer.status != HTTPStatus.NOT_MODIFIED:
                await self._check(url, answer)
            body = await _body(url, answer, request.most)
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
            if after is None and answer.status == HTTPStatus.TOO_MANY_REQUESTS:  # X's way to say it
                after = seconds_of(answer.headers.get("X-Rate-Limit-Reset"), epoch=True)
            reason = f"{plain(url)} answers {answer.status} {answer.reason or ''}".strip()
            raise HttpError(reason, answer.status, after, await _complaint(answer))
        if answer.status not in (HTTPStatus.OK, HTTPStatus.CREATED):
            raise HttpError(f"{plain(url)} answers {answer.status}, not a body", answer.status)

    def _note_limits(self, url: str, answer: aiohttp.ClientResponse, bucket: str) -> None:
        """Remember when the host says that its allowance is used up, by either common spelling of the headers."""
        for prefix in ("X-RateLimit", "RateLimit"):
            if answer.headers.get(f"{prefix}-Remaining") in ("0", "0.0"):  # Reddit counts in tenths
                # Where a host also says in how many seconds, that spares us the difference between its clock and ours.
                after = seconds_of(answer.headers.get(f"{prefix}-Reset-After"))
                if after is None:
                    after = seconds_of(answer.headers.get(f"{prefix}-Reset"), epoch=True)
                if after is not None:
                    self._set_rest(f"{URL(url).host or ''} {bucket}", time.monotonic() + after)

    def _set_rest(self, place: str, until: float) -> None:
        if place not in self._resting and len(self._resting) >= MOST_RESTS:
            now = time.monotonic()
            self._resting = {other: end for other, end in self._resting.items() if end > now}
        self._resting[place] = until

    async def _rest(self, url: str, bucket: str = "") -> None:
        left = self._resting.get(f"{URL(url).host or ''} {bucket}", 0.0) - time.monotonic()
        if left > LONGEST_REST_S:
            raise HttpError(f"the rate limit of {plain(url)} is used up", HTTPStatus.TOO_MANY_REQUESTS, left)
        if left > 0:
            await asyncio.sleep(left)

    @property
    def _open(self) -> aiohttp.ClientSession:
        assert self._session is not None, "enter the client first: async with Http()"
        return self._session


def _decoded(url: str, response: Response) -> Any:
    try:
        return msgspec.json.decode(response.body)
    except ValueError as error:  # msgspec's own, and bytes that are not UTF-8
        raise HttpError(f"{plain(url)} sent no JSON: {error}", response.status) from error


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
    """The address without user, query, fragment and bot token: secrets stand there, and what is left may be logged."""
    try:
        return _BOT_TOKEN.sub("/bot…", str(URL(url).with_user(None).with_query(None).with_fragment(None)))
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
