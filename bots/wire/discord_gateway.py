"""One connection to Discord's Gateway (v10, JSON): hello, heartbeats, identify or resume, and the events that come.

A session outlives its connections: whoever keeps a `Session` beside what it has handled can resume, and is sent what it
missed. So a connection is never closed with 1000 or 1001, which would end the session.

Source: docs.discord.com/developers/events/gateway.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from random import Random
from typing import Any, Final

import msgspec
from aiohttp import ClientError, ClientWebSocketResponse, WSMsgType, WSServerHandshakeError

from bots.http import Http, seconds_of
from bots.wire.discord_frames import Event, Frame, GatewayLost, Hello, Login, Op, Ready, Session, closed, payload
from streams.tasks import Tasks

PATIENCE_S = 30.0  # for the greeting
LEAVING_S = 2.0  # for the server's answer to our close
MOST_WAITING = 2_000  # events that wait to be taken; beyond, the connection is left, and resumed later
MOST_FRAME = 16 * 1024 * 1024  # a whole server with all its channels comes in one frame
KEEP_SESSION: Final = 4_000  # any close code but 1000 and 1001

_frame = msgspec.json.Decoder(Frame)
_BROKEN = (ValueError, RecursionError)


@asynccontextmanager
async def connected(
    http: Http, url: str, login: Login, session: Session | None, random: Random
) -> AsyncIterator[Gateway]:
    """A connection on which a session has begun at `url`, or goes on where `session` says.

    Raises `GatewayLost` and `GatewayRefused`, here and while it lasts.
    """
    async with AsyncExitStack() as stack:
        socket = await _open(stack, http, session.url if session is not None else url)
        stack.push_async_callback(_leave, socket)
        gateway = Gateway(socket, login, session, random)
        tasks = Tasks(on_death=lambda error: gateway.end(GatewayLost(f"reading failed: {error}", resumable=True)))
        stack.push_async_callback(tasks.stop)
        await gateway.begin(tasks)
        yield gateway


async def _open(stack: AsyncExitStack, http: Http, url: str) -> ClientWebSocketResponse[bool]:
    address = f"{url.rstrip('/')}/?v=10&encoding=json"
    try:
        # Discord's own heartbeats find out what pings would.
        opening = http.websocket(address, max_msg_size=MOST_FRAME, decode_text=False, heartbeat=None)
        return await stack.enter_async_context(opening)
    except WSServerHandshakeError as error:
        after = seconds_of(error.headers.get("Retry-After")) if error.headers is not None else None
        raise GatewayLost(f"the Gateway refused the connection: {error.status}", resumable=True, after=after) from error
    except (ClientError, OSError) as error:  # OSError: time-outs too
        raise GatewayLost(f"the Gateway cannot be reached: {type(error).__name__}", resumable=True) from error


async def _leave(socket: ClientWebSocketResponse[bool]) -> None:
    with suppress(TimeoutError):  # a server that does not say goodbye is left without
        async with asyncio.timeout(LEAVING_S):
            await socket.close(code=KEEP_SESSION)


class Gateway:
    """One connection; open it with `connected`."""

    def __init__(
        self, socket: ClientWebSocketResponse[bool], login: Login, session: Session | None, random: Random
    ) -> None:
        self._socket, self._login, self._random = socket, login, random
        self.session = session
        """Resumes behind the events that were taken last; None before a session has begun."""
        self._seq = session.seq if session is not None else 0
        self._waiting: list[Event] = []
        self._hello: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self._news, self._begun = asyncio.Event(), asyncio.Event()
        self._answered = True
        self._end: Exception | None = None

    async def begin(self, tasks: Tasks) -> None:
        """Greet, then identify or resume; returns when the session has begun or goes on."""
        tasks.start(self._read(), "gateway frames")
        try:
            async with asyncio.timeout(PATIENCE_S):
                interval_s = await self._hello
                tasks.start(self._pulse(interval_s), "gateway heartbeat")
                await self._send(Op.IDENTIFY if self.session is None else Op.RESUME, self._credentials())
                await self._begun.wait()
        except TimeoutError as error:
            raise GatewayLost("the Gateway does not begin a session", resumable=True) from error
        if self.session is None or (self._end is not None and not self._waiting):
            raise self._end or GatewayLost("the Gateway began no session", resumable=False)

    async def take(self, wait_s: float) -> list[Event]:
        """The events that have come, perhaps none after `wait_s` seconds; from then on `session` is behind them.

        Raises `GatewayLost` or `GatewayRefused` when the connection is over and all that came has been taken.
        """
        if not self._waiting and self._end is None:
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._news.wait()
        if not self._waiting and self._end is not None:
            raise self._end
        events, self._waiting = self._waiting, []
        self._news.clear()
        if self._end is not None:
            self._news.set()
        assert self.session is not None, "taken before it has begun"
        self.session = msgspec.structs.replace(self.session, seq=self._seq)
        return events

    def end(self, reason: Exception) -> None:
        """The connection is over, for this reason (the first one counts)."""
        self._end = self._end or reason
        self._news.set()
        self._begun.set()
        if not self._hello.done():
            self._hello.set_exception(self._end)

    def _credentials(self) -> dict[str, Any]:
        token = self._login.token.get_secret_value()
        if self.session is not None:
            return {"token": token, "session_id": self.session.id, "seq": self.session.seq}
        about = {"os": "linux", "browser": "tertulia", "device": "tertulia"}
        return {"token": token, "intents": self._login.intents, "properties": about}

    async def _read(self) -> None:
        while self._end is None:
            message = await self._socket.receive()
            if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                self.end(closed(self._socket.close_code))
                return
            await self._handle(message.data)

    async def _handle(self, data: bytes) -> None:
        try:
            frame = _frame.decode(data)
            if frame.op == Op.HELLO and not self._hello.done():
                self._hello.set_result(msgspec.json.decode(frame.d, type=Hello).heartbeat_interval / 1_000)
            elif frame.op == Op.DISPATCH:
                self._dispatch(frame)
        except _BROKEN:
            self._put(Event("", data))
            return
        if frame.op == Op.HEARTBEAT:
            await self._beat()
        elif frame.op == Op.HEARTBEAT_ACK:
            self._answered = True
        elif frame.op == Op.RECONNECT:
            self.end(GatewayLost("Discord asks to connect again", resumable=True))
        elif frame.op == Op.INVALID_SESSION:
            self.end(GatewayLost("the session is not valid any more", resumable=bytes(frame.d) == b"true"))

    def _dispatch(self, frame: Frame) -> None:
        if frame.s is not None:
            self._seq = frame.s
        if frame.t == "READY":
            ready = msgspec.json.decode(frame.d, type=Ready)
            self.session = Session(ready.session_id, ready.resume_gateway_url, self._seq)
        if frame.t is not None and frame.t in self._login.kinds:
            self._put(Event(frame.t, bytes(frame.d)))
        if self.session is not None:
            self._begun.set()

    def _put(self, event: Event) -> None:
        self._waiting.append(event)
        self._news.set()
        if len(self._waiting) >= MOST_WAITING:
            self.end(GatewayLost("more events came than could be handled", resumable=True))

    async def _pulse(self, interval_s: float) -> None:
        """Heartbeats; a connection on which one stays unanswered until the next is dead, whatever TCP believes."""
        await asyncio.sleep(interval_s * self._random.random())
        while self._end is None:
            if not self._answered:
                self.end(GatewayLost("the Gateway does not answer heartbeats", resumable=True))
                return
            self._answered = False
            await self._beat()
            await asyncio.sleep(interval_s)

    async def _beat(self) -> None:
        await self._send(Op.HEARTBEAT, self._seq or None)

    async def _send(self, op: Op, data: Any) -> None:
        try:
            await self._socket.send_str(payload(op, data))
        except (ClientError, OSError) as error:
            self.end(GatewayLost(f"the connection broke: {type(error).__name__}", resumable=True))
