"""A Nostr relay on loopback (NIP-01): filters, limits, live events, deletions honoured, and faults on demand."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from aiohttp import WSCloseCode, WSMsgType, web
from aiohttp.test_utils import TestServer

from bots.sources.schnorr import _TAG, N, P, _sum_of_multiples

Signed = dict[str, Any]
_POINT = (
    0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
    0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8,
)


def made(secret: int, content: str, at: int, *tags: list[str], kind: int = 1) -> Signed:
    """An event signed with a secret, as a client makes it."""
    key = public(secret)
    form = json.dumps([0, key, at, kind, list(tags), content], ensure_ascii=False, separators=(",", ":"))
    digest = hashlib.sha256(form.encode()).digest()
    signature = _sign(secret, digest).hex()
    return {
        "id": digest.hex(),
        "pubkey": key,
        "created_at": at,
        "kind": kind,
        "tags": list(tags),
        "content": content,
        "sig": signature,
    }


def public(secret: int) -> str:
    """The public key of a secret."""
    return f"{_times(secret)[0]:064x}"


def _times(secret: int) -> tuple[int, int]:
    x, y, z = _sum_of_multiples(secret, _POINT, 0, _POINT)
    inverse = pow(z, -1, P)
    return x * inverse**2 % P, y * inverse**3 % P


def _sign(secret: int, digest: bytes) -> bytes:
    x, y = _times(secret)
    secret = secret if y % 2 == 0 else N - secret
    nonce = int.from_bytes(hashlib.sha256(secret.to_bytes(32) + digest).digest()) % N
    r, odd = _times(nonce)
    nonce = nonce if odd % 2 == 0 else N - nonce
    challenge = hashlib.sha256(_TAG + _TAG + r.to_bytes(32) + x.to_bytes(32) + digest).digest()
    return r.to_bytes(32) + ((nonce + int.from_bytes(challenge) * secret) % N).to_bytes(32)


@dataclass
class Fault:
    """What goes wrong with one connection: it is refused, or something happens after so many frames."""

    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    after: int = 0
    then: Literal["", "cut", "close", "silence", "limited", "notice", "closed"] = ""


class NostrServer:
    """`url` goes into `relays`. `cap`: so many stored events are the longest answer, the newest ones first.

    `strict`: `until` leaves its own second out, as nostr-relay has it.
    """

    def __init__(
        self, events: Sequence[Signed] = (), *, cap: int = 500, faults: Sequence[Fault] = (), strict: bool = False
    ) -> None:
        self.events, self.cap, self.strict = list(events), cap, strict
        self.raw: list[bytes] = []  # frames that are sent as they are, to who connects first
        self.faults: deque[Fault] = deque(faults)
        self.asked: list[list[Any]] = []
        self.agents: list[str] = []
        self.url = ""
        self._live: dict[web.WebSocketResponse, dict[str, list[dict[str, Any]]]] = {}

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[NostrServer]:
        """The relay, started."""
        app = web.Application()
        app.router.add_get("/", self.serve)
        server = TestServer(app, host="127.0.0.1")
        await server.start_server()
        self.url = str(server.make_url("")).replace("http", "ws").rstrip("/")
        try:
            yield self
        finally:
            for socket in list(self._live):
                await socket.close()
            await server.close()

    async def publish(self, *events: Signed, stored: bool = True) -> None:
        """An event comes in: it is stored, obeyed when it is a deletion, and sent to who asked for such."""
        for event in events:
            if stored:
                self.obey(event)
            for socket, subscriptions in list(self._live.items()):
                for name, filters in subscriptions.items():
                    if any(fits(event, filter_) for filter_ in filters):
                        await socket.send_str(json.dumps(["EVENT", name, event]))

    def obey(self, event: Signed) -> None:
        """Store an event; a deletion takes the author's own away, a vanishing all of the author's until then."""
        own = [item for item in self.events if item["pubkey"] == event["pubkey"] and item["kind"] not in (5, 62)]
        if event["kind"] == 5:
            named = {tag[1] for tag in event["tags"] if tag[0] == "e"}
            own = [item for item in own if item["id"] in named]
        gone = own if event["kind"] in (5, 62) else []
        self.events = [item for item in self.events if item not in gone or item["created_at"] > event["created_at"]]
        self.events.append(event)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """One connection."""
        self.agents.append(request.headers.get("User-Agent", ""))
        fault = self.faults.popleft() if self.faults else Fault()
        if fault.status:
            return web.Response(status=fault.status, headers=fault.headers)
        socket = _Counting(fault, request)
        await socket.prepare(request)
        self._live[socket] = {}
        try:
            while self.raw:
                frame = self.raw.pop(0)
                await socket.send_frame(frame, WSMsgType.TEXT)
            async for message in socket:
                await self._message(socket, json.loads(message.data))
        except ConnectionError:
            pass  # it was cut on purpose
        finally:
            del self._live[socket]
        return socket

    async def _message(self, socket: web.WebSocketResponse, message: list[Any]) -> None:
        self.asked.append(message)
        kind, name, *filters = message
        if self.strict:
            filters = [item | {"until": item["until"] - 1} if "until" in item else item for item in filters]
        if kind == "CLOSE":
            self._live[socket].pop(name, None)
            return
        newest_first = sorted(self.events, key=lambda item: -int(item["created_at"]))
        found = [event for event in newest_first if any(fits(event, filter_) for filter_ in filters)]
        for event in found[: self.cap]:
            await socket.send_str(json.dumps(["EVENT", name, event]))
        await socket.send_str(json.dumps(["EOSE", name]))
        self._live[socket][name] = filters


class _Counting(web.WebSocketResponse):
    """Goes wrong after so many frames."""

    def __init__(self, fault: Fault, request: web.Request) -> None:
        super().__init__(compress=False)
        self._fault, self._asker, self._sent = fault, request, 0

    async def send_str(self, data: str, compress: int | None = None) -> None:
        if self._fault.then and self._sent >= self._fault.after:
            await self._go_wrong(json.loads(data)[1])
        else:
            self._sent += 1
            await super().send_str(data)

    async def _go_wrong(self, name: str) -> None:
        then = self._fault.then
        if then == "silence":
            await asyncio.Event().wait()
        if then in ("limited", "closed"):
            words = "rate-limited: slow down" if then == "limited" else "error: shutting down"
            await super().send_str(json.dumps(["CLOSED", name, words]))
            await asyncio.Event().wait()
        if then == "notice":
            await super().send_str(json.dumps(["NOTICE", "rate-limited: too many requests"]))
            await asyncio.Event().wait()
        if then == "cut":
            await asyncio.sleep(0.01)  # what was sent before may still arrive
            assert self._asker.transport is not None
            self._asker.transport.abort()
            raise ConnectionResetError
        await self.close(code=WSCloseCode.GOING_AWAY, message=b"restart")


def fits(event: Signed, filter_: Mapping[str, Any]) -> bool:
    """Whether a filter of NIP-01 lets an event through."""
    if event["kind"] not in filter_.get("kinds", [event["kind"]]):
        return False
    if not filter_.get("since", 0) <= event["created_at"] <= filter_.get("until", 2**60):
        return False
    for key, wanted in filter_.items():
        if key.startswith("#") and not {tag[1] for tag in event["tags"] if tag[0] == key[1:]} & set(wanted):
            return False
    return True
