"""A Jetstream server on loopback: both wire versions, their cursor rules, and faults on demand.

It follows internal/subscribe/{handler,cursor,encoder}.go of bluesky-social/jetstream, except for compression.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, Self

from aiohttp import WSCloseCode, WSMsgType, web

from streams.tasks import Tasks

V2_PATH = "/xrpc/network.bsky.jetstream.subscribeEvents"
TYPE = "network.bsky.jetstream.subscribeEvents#"
THRESHOLD = 10**15  # smaller cursors are seqs
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass
class Stored:
    """One event in the server's archive; `raw` frames are sent as they are."""

    seq: int
    time_us: int
    did: str = ""
    kind: str = "commit"
    body: Mapping[str, Any] = field(default_factory=dict)
    raw: bytes | None = None


@dataclass
class Fault:
    """What goes wrong with one connection: it is refused, or something happens after so many frames."""

    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    after: int = 0
    then: Literal["", "cut", "close", "error", "silence"] = ""
    drip_s: float = 0.0
    together: int = 1  # frames between two pauses of `drip_s`


def made(seq: int, time_us: int, did: str, rkey: str, **more: Any) -> Stored:
    """A stored post, plain unless `more` says otherwise (operation, collection, record)."""
    record = {"$type": "app.bsky.feed.post", "text": f"post {rkey}", "createdAt": text_of(time_us), "langs": ["en"]}
    body = {"rev": "3kaaa", "operation": "create", "collection": "app.bsky.feed.post", "rkey": rkey, "record": record}
    return Stored(seq, time_us, did, "commit", body | more)


def text_of(time_us: int) -> str:
    """Unix microseconds as the wire writes them."""
    return (EPOCH + timedelta(microseconds=time_us)).isoformat(timespec="microseconds").replace("+00:00", "Z")


class JetstreamServer:
    """Use it with `async with`; `url` is what goes into `hosts`."""

    def __init__(
        self,
        events: Sequence[Stored] = (),
        *,
        versions: Sequence[str] = ("v1", "v2"),
        floor: int = 0,
        faults: Sequence[Fault] = (),
    ) -> None:
        self.events, self.versions, self.floor = list(events), versions, floor
        self.faults: deque[Fault] = deque(faults)
        self.requests: list[tuple[str, dict[str, list[str]]]] = []
        self.agents: list[str] = []
        self.url = ""
        self._more = asyncio.Condition()
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/subscribe", self._v1)
        app.router.add_get(V2_PATH, self._v2)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"ws://{host}:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    async def append(self, *events: Stored) -> None:
        """Let something happen now."""
        async with self._more:
            self.events.extend(events)
            self._more.notify_all()

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """A request that another server took in."""
        return await (self._v2(request) if request.path == V2_PATH else self._v1(request))

    async def _v1(self, request: web.BaseRequest) -> web.StreamResponse:
        if "v1" not in self.versions:
            return web.Response(status=404)
        start, _ = self._start(request)
        return await self._serve(request, "v1", start, None, request.query.getall("wantedCollections", []))

    async def _v2(self, request: web.BaseRequest) -> web.StreamResponse:
        if "v2" not in self.versions:
            return web.Response(status=404)
        if any(name.startswith("wanted") for name in request.query):
            return _refusal("InvalidRequest", "legacy parameter")
        cursor = int(request.query.get("cursor", "-1"))
        if 0 <= cursor < THRESHOLD and cursor < self.floor:
            return _refusal(
                "CursorTooOld", f"subscribe: cursor too old: cursor {cursor} below lookback floor {self.floor}"
            )
        start, info = self._start(request)
        return await self._serve(request, "v2", start, info, request.query.getall("collections", []))

    def _start(self, request: web.BaseRequest) -> tuple[int, tuple[str, str] | None]:
        """The first seq to send, and the notice that says so where it is not what was asked for."""
        following = self.events[-1].seq + 1 if self.events else 1
        if "cursor" not in request.query:
            return following, None
        cursor = int(request.query["cursor"])
        if cursor < THRESHOLD:
            if cursor >= following:
                return following, ("FutureCursor", f"requested seq cursor {cursor} is beyond this archive's next seq")
            return max(cursor, self.floor), None
        start = next((event.seq for event in self.events if event.time_us >= cursor), following)
        held = [event for event in self.events if event.seq >= self.floor]
        if held and cursor < held[0].time_us and (self.floor or cursor < self.events[0].time_us):
            start = max(start, self.floor)
            return start, (
                "OutdatedCursor",
                f"requested timestamp cursor below retention floor; starting at seq {start}",
            )
        return max(start, self.floor), None

    async def _serve(
        self, request: web.BaseRequest, version: str, start: int, info: tuple[str, str] | None, wanted: Sequence[str]
    ) -> web.StreamResponse:
        self.requests.append((request.path, {name: request.query.getall(name) for name in request.query}))
        self.agents.append(request.headers.get("User-Agent", ""))
        fault = self.faults.popleft() if self.faults else Fault()
        if fault.status:
            return web.Response(status=fault.status, headers=fault.headers)
        socket = web.WebSocketResponse(protocols=("xrpc.v1.json",) if version == "v2" else (), compress=False)
        await socket.prepare(request)
        if info is not None and version == "v2":
            await socket.send_str(_v2_frame({"$type": TYPE + "info", "name": info[0], "message": info[1]}))
        tasks = Tasks()
        tasks.start(self._send(socket, request, version, start, wanted, fault), "frames")
        try:
            async for _ in socket:  # clients say nothing but that they leave, which wants an answer
                pass
        finally:
            await tasks.stop()
        return socket

    async def _send(
        self,
        socket: web.WebSocketResponse,
        request: web.BaseRequest,
        version: str,
        start: int,
        wanted: Sequence[str],
        fault: Fault,
    ) -> None:
        sent = index = 0
        while True:
            if fault.then and sent >= fault.after:
                return await self._go_wrong(socket, request, version, fault)
            if index == len(self.events):
                async with self._more:
                    await self._more.wait_for(lambda known=index: len(self.events) > known)  # type: ignore[misc]
            event = self.events[index]
            index += 1
            if event.seq < start or not _wants(wanted, event) or (version == "v1" and event.kind == "sync"):
                continue
            frame = event.raw if event.raw is not None else _frame(version, event).encode()
            try:
                await socket.send_frame(frame, WSMsgType.TEXT)  # a text frame, whatever its bytes
            except ConnectionError:  # the client has left
                return None
            sent += 1
            if sent % fault.together == 0:
                await asyncio.sleep(fault.drip_s)

    async def _go_wrong(
        self, socket: web.WebSocketResponse, request: web.BaseRequest, version: str, fault: Fault
    ) -> None:
        if fault.then == "silence":
            await asyncio.Event().wait()
        if fault.then == "cut":
            assert request.transport is not None
            await asyncio.sleep(0.01)  # what was sent before may still arrive
            request.transport.abort()
        if fault.then == "error" and version == "v2":
            await socket.send_str(json.dumps({"$type": "error", "error": "ConsumerTooSlow", "message": "too slow"}))
        if not socket.closed:
            await socket.close(code=WSCloseCode.GOING_AWAY, message=b"restart")


def _wants(wanted: Sequence[str], event: Stored) -> bool:
    return event.kind != "commit" or not wanted or event.raw is not None or event.body.get("collection") in wanted


def _frame(version: str, event: Stored) -> str:
    if version == "v1":
        return json.dumps({"did": event.did, "time_us": event.time_us, "kind": event.kind, event.kind: event.body})
    body: dict[str, Any] = dict(event.body) if event.kind == "commit" else {event.kind: event.body}
    when = text_of(event.time_us)
    head: dict[str, Any] = {
        "$type": TYPE + event.kind,
        "seq": event.seq,
        "did": event.did,
        "time": when,
        "witnessedAt": when,
    }
    return _v2_frame(head | body)


def _v2_frame(payload: Mapping[str, Any]) -> str:
    return json.dumps({"$type": "message", "payload": payload})


def _refusal(error: str, message: str) -> web.Response:
    return web.json_response({"error": error, "message": message}, status=400)
