"""Event loops that are as inexact as uvloop, only more so: it counts milliseconds, and rounds pauses to them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import Context
from typing import TypeVarTuple

Args = TypeVarTuple("Args")


class Coarse(asyncio.SelectorEventLoop):
    """Its clock counts hundredths of a second: much happens at the same time."""

    def time(self) -> float:
        """Seconds."""
        return round(super().time(), 2)


class Early(asyncio.SelectorEventLoop):
    """It wakes everybody two milliseconds before their time."""

    def call_at(
        self,
        when: float,
        callback: Callable[[*Args], object],
        *args: *Args,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Call it, nearly then."""
        return super().call_at(when - 0.002, callback, *args, context=context)
