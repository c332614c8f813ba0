"""`/api/live`: server-sent events, one short pulse per brand at most twice a second, and only when it changed.

A reader has one slot per brand, and a newer pulse replaces an unread one: a slow reader sees fewer of them, costs no
memory, and is dropped when it takes nothing at all. Nothing is computed while nobody listens.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol, TypeAlias

import msgspec
from aiohttp import web

from streams.api.answers import LivePulse
from streams.api.live_peers import Follower
from streams.api.peers import HOP
from streams.api.problems import unavailable
from streams.desk import Desk
from streams.metrics import LIVE_CLIENTS, LIVE_DROPPED
from streams.tasks import Tasks

MAX_CLIENTS = 200
HEARTBEAT_S = 15.0
PATIENCE_S = 20.0  # a reader that takes nothing for so long is dropped
PAUSE_S = 0.5
SHARE = 4  # of a core, at most one part in so many goes into live pulses


class Made(Protocol):
    """Pulses of those brands that are still here, and the seconds of a core that they took."""

    @property
    def pulses(self) -> Sequence[LivePulse]: ...

    @property
    def cost_s(self) -> float: ...


Shorts: TypeAlias = Callable[[Sequence[str]], Awaitable[Made]]


class Client:
    """One open stream. `own_only`: it is another worker, which wants only what is held here."""

    def __init__(self, own_only: bool) -> None:
        self.own_only = own_only
        self._pending: dict[str, bytes] = {}
        self._wake = asyncio.Event()
        self._open = True

    def put(self, slot: str, event: bytes) -> None:
        """Give it an event; one that it has not read yet in the same slot is replaced."""
        self._pending[slot] = event
        self._wake.set()

    def close(self) -> None:
        """End the stream."""
        self._open = False
        self._wake.set()

    async def write_to(self, response: web.StreamResponse) -> None:
        """Write until closed. Raises `TimeoutError` when the reader takes nothing."""
        await response.write(b"retry: 2000\n\n")
        while self._open:
            chunk = await self._next()
            async with asyncio.timeout(PATIENCE_S):
                await response.write(chunk)

    async def _next(self) -> bytes:
        try:
            async with asyncio.timeout(HEARTBEAT_S):
                await self._wake.wait()
        except TimeoutError:
            return b": still here\n\n"
        self._wake.clear()
        chunk = b"".join(self._pending.values())
        self._pending.clear()
        return chunk or b": bye\n\n"


class Live:
    """The streams of one worker. `shorts` makes brands' short pulses, `follower` reads the other workers."""

    def __init__(self, desk: Desk, shorts: Shorts, follower: Follower) -> None:
        self._desk, self._shorts = desk, shorts
        self._clients: set[Client] = set()
        self._latest: dict[str, bytes] = {}
        self._tasks = Tasks(self._died)
        self._follower = follower
        self._pump: asyncio.Task[Any] | None = None

    def handlers(self) -> dict[str, Callable[[web.Request], Any]]:
        """Operation -> handler."""
        return {"live": self.live}

    async def stop(self) -> None:
        """End all streams."""
        for client in self._clients:
            client.close()
        await self._follower.stop()
        await self._tasks.stop()

    async def live(self, request: web.Request) -> web.StreamResponse:
        """One stream, until the reader goes."""
        if len(self._clients) >= MAX_CLIENTS:
            raise unavailable(f"{MAX_CLIENTS} live streams are open already", retry_after=30)
        headers = {"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        response = web.StreamResponse(headers=headers)
        await response.prepare(request)
        client = Client(own_only=HOP in request.headers)
        self._join(client, request.headers.get("Authorization"))
        try:
            await client.write_to(response)
        except TimeoutError:
            LIVE_DROPPED.inc()
            if request.transport is not None:
                request.transport.abort()
        finally:
            await self._leave(client)
        return response

    def _join(self, client: Client, authorization: str | None) -> None:
        self._clients.add(client)
        LIVE_CLIENTS.inc()
        for slot, event in self._latest.items():
            client.put(slot, event)
        if self._pump is None:
            self._pump = self._tasks.start(self._watch(), "live pulses")
        if not client.own_only:
            self._follower.start(self._from_peer, authorization)
            for slot, event in self._follower.latest.items():
                client.put(slot, event)

    async def _leave(self, client: Client) -> None:
        self._clients.discard(client)
        LIVE_CLIENTS.dec()
        if all(other.own_only for other in self._clients):
            await self._follower.stop()
        if not self._clients and self._pump is not None:
            self._pump.cancel()
            self._pump = None
            self._latest.clear()

    async def _watch(self) -> None:
        seen: dict[str, int] = {}
        while True:
            # Subscribed before looking, so that a change while the pulses are made is not missed.
            changed = self._tasks.start(self._desk.changed(), "wait for a change")
            try:
                brands = [b for b in self._desk.brands() if seen.get(b) != self._desk.version(b)]
                seen.update((brand, self._desk.version(brand)) for brand in brands)
                made = await self._shorts(brands)
                self._tell(brands, made.pulses)
                await asyncio.sleep(max(PAUSE_S, (SHARE - 1) * made.cost_s))
                await changed
            finally:
                changed.cancel()

    def _tell(self, brands: Sequence[str], pulses: Sequence[LivePulse]) -> None:
        for brand in set(brands) - {pulse.brand for pulse in pulses}:  # moved on; the new holder tells it
            self._latest.pop(brand, None)
        for pulse in pulses:
            event = b"event: pulse\ndata: " + msgspec.json.encode(pulse) + b"\n\n"
            self._latest[pulse.brand] = event
            for client in self._clients:
                client.put(pulse.brand, event)

    def _died(self, _error: BaseException) -> None:
        """No pulse will come any more (the error is logged): end the streams, so that the readers notice and return."""
        self._pump = None
        for client in self._clients:
            client.close()

    def _from_peer(self, slot: str, event: bytes) -> None:
        if slot in self._desk.brands():  # it has moved here; a farewell from its old holder says nothing
            return
        for client in self._clients:
            if not client.own_only:
                client.put(slot, event)
