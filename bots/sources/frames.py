"""Reads a websocket ahead, bounded, and hands out at once all that has arrived: batches grow with the load."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self

from aiohttp import ClientWebSocketResponse, WSMessage, WSMsgType
from aiohttp.http_websocket import WSMessageTextBytes

from bots.sources.base import Retry
from streams.tasks import Tasks

AHEAD = 2_000  # frames held for a busy consumer; beyond, the socket is not read and TCP slows the server


class Frames:
    """The data frames of one websocket that does not decode text (`decode_text=False`). Use it with `async with`."""

    def __init__(self, socket: ClientWebSocketResponse[bool], ahead: int = AHEAD) -> None:
        self._socket, self._ahead = socket, ahead
        self._frames: list[bytes] = []
        self._arrived, self._room = asyncio.Event(), asyncio.Event()
        self._end: str | None = None
        self._nudged = False
        self._tasks = Tasks(on_death=lambda error: self._over(f"reading failed: {error}"))

    async def __aenter__(self) -> Self:
        self._tasks.start(self._read(), name="websocket frames")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._tasks.stop()

    async def ready(self, silence: float) -> list[bytes]:
        """All frames that have arrived, at least one, or none after a `nudge`.

        Raises `Retry` after `silence` seconds without, or at the end.
        """
        if not self._frames and self._end is None and not self._nudged:
            try:
                async with asyncio.timeout(silence):
                    await self._arrived.wait()
            except TimeoutError:
                raise Retry(f"no data for {silence:g} s") from None
        if not self._frames and not self._nudged:
            raise Retry(self._end or "the stream ended")
        self._nudged = False
        frames, self._frames = self._frames, []
        self._arrived.clear()
        self._room.set()
        return frames

    def nudge(self) -> None:
        """Let `ready` return, also with nothing: there is something else to do."""
        self._nudged = True
        self._arrived.set()

    async def _read(self) -> None:
        while True:
            message = await self._socket.receive()
            if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                return self._over(_why(message, self._socket))
            self._frames.append(message.data)
            self._arrived.set()
            if len(self._frames) >= self._ahead:
                self._room.clear()
                await self._room.wait()

    def _over(self, reason: str) -> None:
        self._end = reason
        self._arrived.set()


def _why(message: WSMessage | WSMessageTextBytes, socket: ClientWebSocketResponse[bool]) -> str:
    if message.type is WSMsgType.ERROR:
        return f"the stream broke: {message.data}"
    words = f" ({message.extra})" if message.extra else ""
    return f"the server closed the stream, code {socket.close_code}{words}"
