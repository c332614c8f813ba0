"""Answers that the service has to work out first: it says 503 until they are there, and is asked again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from bots.commands.client import AskFailed

T = TypeVar("T")

TIMES: Final = 30  # each waits up to ten seconds at the service
PAUSE_S: Final = 1.0
NOT_NOW: Final = 503


async def patiently(ask: Callable[[], Awaitable[T]]) -> T:
    """What `ask` answers, once it is no 503 any more. Raises `AskFailed`."""
    for _ in range(TIMES - 1):
        try:
            return await ask()
        except AskFailed as error:
            if error.data.get("status") != NOT_NOW:
                raise
        await asyncio.sleep(PAUSE_S)
    return await ask()
