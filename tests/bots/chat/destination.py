"""A destination on loopback: a real HTTP server that keeps what it gets and answers as told."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

from streams.records import Alert

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
# A PNG of one pixel.
PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=")


@dataclass(frozen=True)
class Seen:
    """One request as it came."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """How to answer; `how` is `answer`, `hang` (never), `slow`, `cut` (close without a word), `endless` (a body),
    `broken` (close within the body)."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = "{}"
    how: str = "answer"


class Destination:
    """Requests in `seen`; answers come from `answers` in order, then from `usual`."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.answers: list[Answer] = []
        self.usual = Answer()
        self.arrived = asyncio.Condition()
        self.url = ""

    async def wait_for(self, enough: Callable[[list[Seen]], bool]) -> None:
        """Until the requests suffice."""
        async with self.arrived:
            await self.arrived.wait_for(lambda: enough(self.seen))

    async def handle(self, request: web.Request) -> web.StreamResponse:
        seen = Seen(request.method, request.raw_path, dict(request.headers), await request.read())
        answer = self.answers.pop(0) if self.answers else self.usual
        async with self.arrived:
            self.seen.append(seen)
            self.arrived.notify_all()
        if answer.how == "hang":
            await asyncio.sleep(3_600)
        if answer.how == "slow":
            await asyncio.sleep(0.2)
        if answer.how == "cut":
            assert request.transport is not None
            request.transport.abort()
        if answer.how == "endless":
            return await _endless(request)
        if answer.how == "broken":
            return await _broken(request, answer)
        return web.Response(status=answer.status, headers=answer.headers, text=answer.body)


async def _endless(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b"x" * 65_536)


async def _broken(request: web.Request, answer: Answer) -> web.StreamResponse:
    response = web.StreamResponse(status=answer.status, headers={"Content-Length": "9999"})
    await response.prepare(request)
    await response.write(answer.body.encode())
    await asyncio.sleep(0.05)  # so that the status arrives before the end
    assert request.transport is not None
    request.transport.abort()
    return response


@asynccontextmanager
async def destination(port: int | None = None) -> AsyncIterator[Destination]:
    """Serve until the block ends."""
    found = Destination()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", found.handle)
    server = TestServer(app, port=port)
    await server.start_server(shutdown_timeout=0)
    found.url = str(server.make_url("")).rstrip("/")
    try:
        yield found
    finally:
        await server.close()


@asynccontextmanager
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """A session as the chat role has it."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as found:
        yield found


def alert(
    fingerprint: str = "f00d",
    state: str = "firing",
    started: datetime = NOW,
    at: datetime | None = None,
    text: str = "It does not charge",
) -> Alert:
    """An alert of the brand `acme`."""
    assert state in ("firing", "resolved")
    moment = at or started
    return Alert(
        fingerprint=fingerprint,
        rule="volume-spike",
        brand="acme",
        state="firing" if state == "firing" else "resolved",
        started_at=started,
        at=moment,
        title="Acme: 84 posts in 5m, usually about 12",
        value=84,
        baseline=12.2,
        interval=(4, 24),
        p_value=2.5e-7,
        window="5m",
        evidence=({"id": "demo:1", "url": "https://example.org/1", "text": text, "at": NOW.isoformat()},),
        ended_at=None if state == "firing" else moment + timedelta(minutes=20),
    )
