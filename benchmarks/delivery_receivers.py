"""Receivers on loopback for `benchmarks.delivery`: they refuse, fail, hang and cut connections, by a seed."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random
from typing import Final

from aiohttp import web

ASKED_S: Final = 1
"""What a 429 asks for."""
FAULTS: Final = {"500": 0.01, "429": 0.003, "time-out": 0.003, "cut": 0.005}
"""Shares of all requests."""
HANG_S: Final = 30.0


class Receiver:
    """Keeps what it took, in order.

    `knows_keys`: it takes each key once, as the protocol says; such a one may also fail after it has taken a message,
    which is what keys are for. The other fails only before.
    """

    def __init__(self, name: str, *, knows_keys: bool, seed: int) -> None:
        self.name, self.knows_keys = name, knows_keys
        self.taken: list[str] = []
        self.keys: set[str] = set()
        self.faults: Counter[str] = Counter()
        self.requests = self.repeated = self.early = 0
        self._random = Random(seed)
        self._not_before = 0.0

    async def handle(self, request: web.Request) -> web.Response:
        """One attempt of the courier."""
        message = json.loads(await request.read())["data"]
        fault = self._fault()
        self.faults[fault] += 1
        self.early += time.monotonic() < self._not_before
        if not fault or (self.knows_keys and fault in ("time-out", "cut") and self._random.random() < 0.5):
            self._take(message["key"], [alert["rule"] for alert in message["alerts"]])
        self.requests += 1
        return await self._answer(request, fault)

    def _take(self, key: str, alerts: list[str]) -> None:
        if key in self.keys:
            self.repeated += 1
            if self.knows_keys:
                return
        self.keys.add(key)
        self.taken += alerts

    def _fault(self) -> str:
        drawn = self._random.random()
        for name, share in FAULTS.items():
            if drawn < share:
                return name
            drawn -= share
        return ""

    async def _answer(self, request: web.Request, fault: str) -> web.Response:
        if fault == "time-out":
            await asyncio.sleep(HANG_S)
        if fault == "cut" and request.transport is not None:
            request.transport.abort()
        if fault == "429":
            self._not_before = time.monotonic() + ASKED_S
            return web.Response(status=429, headers={"Retry-After": str(ASKED_S)})
        return web.Response(status=500 if fault == "500" else 200)


@asynccontextmanager
async def listening(receivers: list[Receiver]) -> AsyncIterator[str]:
    """Serve them at /<name> until the block ends."""
    app = web.Application()
    for receiver in receivers:
        app.router.add_post(f"/{receiver.name}", receiver.handle)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
