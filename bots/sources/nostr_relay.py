"""One Nostr relay (NIP-01): what it has stored, page by page, then what comes live."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from aiohttp import ClientError, ClientWebSocketResponse, WSServerHandshakeError

from bots.http import Http, seconds_of
from bots.sources.base import Bad, Retry
from bots.sources.frames import Frames

log = logging.getLogger(__name__)

MOST_FRAME = 2 * 1024 * 1024
SLOW_DOWN_S = 60.0  # a relay that limits us does not say for how long
STALE_S = 900.0  # so long without an event, ask again: a relay may have dropped the subscription without a word
Filter = Mapping[str, Any]


class Arrival(msgspec.Struct):
    """Events of one relay as they came. `reached`: when these are told, all it had until then has been."""

    relay: str
    events: list[bytes] = []
    bad: list[Bad] = []
    at: int = 0  # Unix seconds
    live: bool = False
    reached: int | None = None
    failure: Retry | None = None


class _Stamp(msgspec.Struct):
    id: str
    created_at: int


class _Walk:
    """Reads one filter's stored events backwards: relays cut long answers off, newest first.

    A page ends anywhere in a second, and `until` takes its own second in or, on some relays (nostr-relay), does not. So
    the last second is asked for in the wider sense, then in the narrower, and left when neither brings anything new.
    """

    def __init__(self, filter_: Filter) -> None:
        self._filter = filter_
        self._oldest: int | None = None
        self._until, self._step, self._new = math.inf, 0, False
        self._ids: set[str] = set()

    def take(self, event: bytes) -> None:
        """An event of the page that is being read."""
        try:
            stamp = msgspec.json.decode(event, type=_Stamp)
        except (ValueError, RecursionError):
            return  # whoever reads the event says what is wrong with it
        if self._filter["since"] <= stamp.created_at <= self._until and stamp.id not in self._ids:
            self._new = True
            self._ids.add(stamp.id)
            self._oldest = min(stamp.created_at, self._oldest or stamp.created_at)

    def following(self) -> Filter | None:
        """The filter of the page after this one; None: that was all."""
        if self._oldest is None:
            return None
        self._step = 1 if self._new else self._step - 1
        self._until, self._new = self._oldest + self._step, False
        return {**self._filter, "until": self._until} if self._step >= -1 else None


class Relay:
    """One connection. `hand_over` waits while the consumer is busy, and so does the relay."""

    def __init__(self, url: str, filters: Sequence[Filter], http: Http, now: Callable[[], datetime], quiet_s: float):
        self.url, self._filters, self._http, self._now, self._quiet_s = url, filters, http, now, quiet_s
        self._walks = {f"live{number}": _Walk(filter_) for number, filter_ in enumerate(filters)}
        """By the subscription whose stored events are being read."""

    async def read(self, queue: asyncio.Queue[Arrival]) -> None:
        """Put what the relay says into the queue until it fails. Raises `Retry`."""
        try:
            async with self._http.websocket(self.url, max_msg_size=MOST_FRAME, decode_text=False) as socket:
                await self._converse(socket, queue)
        except WSServerHandshakeError as error:
            after = seconds_of(error.headers.get("Retry-After")) if error.headers is not None else None
            raise Retry(f"{self.url} refused the connection: {error.status}", after) from error
        except (ClientError, OSError) as error:  # OSError: time-outs too
            raise Retry(f"{self.url}: {type(error).__name__}") from error

    async def _converse(self, socket: ClientWebSocketResponse[bool], queue: asyncio.Queue[Arrival]) -> None:
        asked = self._seconds()
        async with Frames(socket) as frames:
            for number, filter_ in enumerate(self._filters):
                await self._ask(socket, f"live{number}", filter_)
            while True:
                ready = await frames.ready(self._quiet_s if self._walks else STALE_S)
                arrival = Arrival(self.url, events=[], bad=[], at=self._seconds(), live=not self._walks)
                for frame in ready:
                    ended = self._take(frame, arrival)
                    if ended is not None:
                        await self._turn_page(socket, ended)
                if not self._walks and not arrival.live:
                    arrival.reached = asked
                await queue.put(arrival)

    def _take(self, frame: bytes, arrival: Arrival) -> str | None:
        """One frame into the arrival; the name of the subscription whose stored events have ended with it."""
        try:
            kind, *rest = msgspec.json.decode(frame, type=list[msgspec.Raw])
            said, name = _text(kind), _text(rest[0])
        except (ValueError, IndexError, RecursionError) as error:
            arrival.bad.append(Bad(frame, f"not in the form of a relay's message: {error}", self.url))
            return None
        if said == "EVENT" and len(rest) > 1:
            arrival.events.append(bytes(rest[1]))
            walk = self._walks.get(name)
            if walk is not None:
                walk.take(arrival.events[-1])
        elif said == "CLOSED" and (name.startswith("live") or name in self._walks):
            self._closed(_text(rest[-1]))
        elif said == "NOTICE" and name.startswith("rate-limited"):
            self._closed(name)
        elif said == "NOTICE":
            log.info("%s says: %s", self.url, name[:200])
        return name if said == "EOSE" else None

    def _closed(self, reason: str) -> None:
        after = SLOW_DOWN_S if reason.startswith("rate-limited") else None
        raise Retry(f"{self.url} closed the subscription: {reason[:200]}", after)

    async def _turn_page(self, socket: ClientWebSocketResponse[bool], name: str) -> None:
        walk = self._walks.pop(name, None)
        if walk is None:
            return
        following = walk.following()
        if following is not None:
            page = name.replace("live", "page")
            self._walks[page] = walk
            await self._ask(socket, page, following)
        elif name.startswith("page"):
            await socket.send_str(msgspec.json.encode(["CLOSE", name]).decode())

    async def _ask(self, socket: ClientWebSocketResponse[bool], name: str, filter_: Filter) -> None:
        await socket.send_str(msgspec.json.encode(["REQ", name, filter_]).decode())

    def _seconds(self) -> int:
        return int(self._now().timestamp())


def _text(raw: msgspec.Raw) -> str:
    return msgspec.json.decode(raw, type=str)
