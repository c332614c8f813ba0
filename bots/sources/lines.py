"""Reads the lines of an answer without end ahead, bounded, and hands out at once all that have arrived."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from types import TracebackType
from typing import Self

from bots.sources.base import Misconfigured, Retry
from streams.tasks import Tasks

AHEAD = 2_000  # lines held for a busy consumer; beyond, the answer is not read and TCP slows the server


class Lines:
    """Use it with `async with`."""

    def __init__(self, lines: AsyncGenerator[bytes, None], ahead: int = AHEAD) -> None:
        self._source, self._ahead = lines, ahead
        self._lines: list[bytes] = []
        self._arrived, self._room = asyncio.Event(), asyncio.Event()
        self._end: Retry | Misconfigured | None = None
        self._tasks = Tasks(on_death=lambda error: self._over(Retry(f"reading failed: {type(error).__name__}")))

    async def __aenter__(self) -> Self:
        self._tasks.start(self._read(), name="lines of a stream")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._tasks.stop()

    async def ready(self, until: float | None) -> list[bytes]:
        """All lines that have arrived, blank ones too; none when it is `until` on the loop's clock (None: no limit).

        Raises what ended the stream, once all its lines have been handed out.
        """
        if not self._lines and self._end is None:
            try:
                async with asyncio.timeout_at(until):
                    await self._arrived.wait()
            except TimeoutError:
                return []
        if not self._lines and self._end is not None:
            raise self._end
        lines, self._lines = self._lines, []
        if self._end is None:
            self._arrived.clear()
        self._room.set()
        return lines

    async def _read(self) -> None:
        try:
            async with aclosing(self._source) as lines:
                async for line in lines:
                    self._lines.append(line)
                    self._arrived.set()
                    if len(self._lines) >= self._ahead:
                        self._room.clear()
                        await self._room.wait()
            self._over(Retry("the server ended the stream"))
        except (Retry, Misconfigured) as error:
            self._over(error)

    def _over(self, why: Retry | Misconfigured) -> None:
        self._end = why
        self._arrived.set()
