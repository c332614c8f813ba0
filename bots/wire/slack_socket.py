"""Slack's Socket Mode: events over a websocket that Slack renews every few hours.

Slack says beforehand when a connection is to end; the next one is opened then, and both are read until the old one is
closed. Each envelope goes to one connection only, whichever: two programs need two apps. An envelope that is not
acknowledged within three seconds comes again: at once, after a minute, after five.
Source: docs.slack.dev/apis/events-api/using-socket-mode.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import msgspec
from aiohttp import ClientError, ClientWebSocketResponse, WSMsgType, WSServerHandshakeError

from bots.http import Http, seconds_of
from bots.sources.base import Retry
from streams.tasks import Tasks

PATIENCE_S = 30.0  # for the greeting
LINGER_S = 60.0  # that a connection is read on after Slack has announced its end
CROWDED_S = 30.0  # to wait when there are too many connections
MOST_WAITING = 1_000  # envelopes that wait to be taken
MOST_FRAME = 4 * 1024 * 1024


class SlackLost(Retry):
    """No connection is left."""


class SlackRefused(Exception):
    """Slack will refuse this for ever; the text is its reason."""


class Envelope(msgspec.Struct, frozen=True):
    """Something that came: `kind` is `events_api`, `slash_commands` or `interactive`, the payload still JSON.

    Without a kind it is a frame that could not be read, and cannot be acknowledged.
    """

    id: str
    kind: str
    payload: bytes
    socket: ClientWebSocketResponse[bool] | None = None


class _Frame(msgspec.Struct):
    type: str
    envelope_id: str = ""
    reason: str = ""
    payload: msgspec.Raw = msgspec.Raw(b"null")


_frame = msgspec.json.Decoder(_Frame)


@asynccontextmanager
async def listening(http: Http, address: Callable[[], Awaitable[str]]) -> AsyncIterator[SlackSockets]:
    """A connection that has been greeted, and those that follow it; `address` gives each its own.

    Raises what `address` raises, `SlackLost` and `SlackRefused`, here and from `take`.
    """
    sockets = SlackSockets(http, address)
    try:
        await sockets.begin()
        yield sockets
    finally:
        await sockets.stop()


class SlackSockets:
    """The connections of one app; open them with `listening`."""

    def __init__(self, http: Http, address: Callable[[], Awaitable[str]]) -> None:
        self._http, self._address = http, address
        self._tasks = Tasks()
        self._waiting: list[Envelope] = []
        self._news, self._greeted = asyncio.Event(), asyncio.Event()
        self._alive = 0
        self._end: Exception | None = None

    async def begin(self) -> None:
        """Open the first connection."""
        self._start()
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                await self._greeted.wait()
        if self._end is not None:
            raise self._end
        if not self._greeted.is_set():
            raise SlackLost("Slack does not greet")

    async def stop(self) -> None:
        """Close all."""
        await self._tasks.stop()

    async def take(self, wait_s: float) -> list[Envelope]:
        """The envelopes that have come, perhaps none after `wait_s` seconds."""
        if not self._waiting and self._end is None:
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._news.wait()
        if not self._waiting and self._end is not None:
            raise self._end
        taken, self._waiting = self._waiting, []
        if self._end is None:
            self._news.clear()
        return taken

    async def ack(self, envelope: Envelope, payload: Any = None) -> None:
        """Say that an envelope is safe; on a connection that is closed that cannot be said, and it comes again."""
        if envelope.socket is None or envelope.socket.closed or not envelope.id:
            return
        said = {"envelope_id": envelope.id, **({} if payload is None else {"payload": payload})}
        with suppress(ClientError, OSError):  # it breaks: whoever reads it finds out
            await envelope.socket.send_str(msgspec.json.encode(said).decode())

    def _start(self) -> None:
        self._alive += 1
        self._tasks.start(self._live(), "slack socket")

    async def _live(self) -> None:
        """One connection, until it ends; the last one to end says why."""
        reason: Exception = SlackLost("Slack ended the connection")
        try:
            async with self._http.websocket(
                await self._address(), max_msg_size=MOST_FRAME, decode_text=False
            ) as socket:
                await self._read(socket)
        except WSServerHandshakeError as error:
            after = seconds_of(error.headers.get("Retry-After")) if error.headers is not None else None
            reason = SlackLost(f"Slack refused the connection: {error.status}", after)
        except (ClientError, OSError) as error:  # OSError: time-outs too
            reason = SlackLost(f"the connection to Slack broke: {type(error).__name__}")
        except Exception as error:  # whatever it is, `take` raises it
            reason = error
        self._alive -= 1
        if not self._alive or isinstance(reason, SlackRefused):
            self._end = self._end or reason
            self._greeted.set()
            self._news.set()

    async def _read(self, socket: ClientWebSocketResponse[bool]) -> None:
        until: float | None = None  # the loop's clock, once its end is announced
        with suppress(TimeoutError):
            while True:
                async with asyncio.timeout_at(until):
                    message = await socket.receive()
                if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                    raise SlackLost(f"Slack closed the connection, code {socket.close_code}")
                if self._handle(message.data, socket) and until is None:
                    until = asyncio.get_running_loop().time() + LINGER_S
                    self._start()

    def _handle(self, data: bytes, socket: ClientWebSocketResponse[bool]) -> bool:
        """One frame; whether it announces the connection's end."""
        try:
            frame = _frame.decode(data)
        except (ValueError, RecursionError):
            self._put(Envelope("", "", data))
            return False
        if frame.type == "hello":
            self._greeted.set()
        elif frame.type == "disconnect":
            return _leaves(frame.reason)
        elif frame.envelope_id:
            self._put(Envelope(frame.envelope_id, frame.type, bytes(frame.payload), socket))
        return False

    def _put(self, envelope: Envelope) -> None:
        if len(self._waiting) >= MOST_WAITING:
            raise SlackLost("more came than could be handled")
        self._waiting.append(envelope)
        self._news.set()


def _leaves(reason: str) -> bool:
    """What Slack's goodbye means: True, another connection may follow. Raises otherwise."""
    if reason == "link_disabled":
        raise SlackRefused("Socket Mode is switched off for the app")
    if reason == "too_many_websockets":
        raise SlackLost("the app has too many connections open", CROWDED_S)
    return True
