"""A server on loopback that breaks on purpose: refuses, fails, cuts bodies, drips bytes, sends garbage."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any, Literal, cast

from aiohttp import web
from aiohttp.test_utils import RawTestServer

Fault = Literal["ok", "500", "429", "cut", "slow", "hang", "garbage", "close"]
FAULTS: tuple[Fault, ...] = ("ok", "500", "429", "cut", "slow", "garbage", "close")
_WRONG: dict[Fault, Callable[[], web.Response]] = {
    "500": lambda: web.Response(status=500, text="on purpose"),
    "429": lambda: web.Response(status=429, headers={"Retry-After": "0"}),
    "garbage": lambda: web.Response(body=b'{"items": [1, 2, \xff\x00'),
}
Handler = Callable[[web.Request], Awaitable[web.Response]]


class SourceServer:
    """Serves `handler` at every path; before each answer the next of `faults` is taken, if there is one."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self.faults: deque[Fault] = deque()
        self.met: list[Fault] = []
        self.requests: list[web.Request] = []
        self.url = ""

    def break_with(self, faults: Iterable[Fault]) -> None:
        """The faults of the next requests."""
        self.faults.extend(faults)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """One request."""
        self.requests.append(request)
        fault = self.faults.popleft() if self.faults else "ok"
        self.met.append(fault)
        if fault in _WRONG:
            return _WRONG[fault]()
        if fault == "close" or (fault == "cut" and "Upgrade" in request.headers):
            assert request.transport is not None
            request.transport.close()
            return web.Response()
        if fault == "hang":
            await asyncio.sleep(3_600)
        response = await self._handler(request)
        if fault not in ("cut", "slow") or not isinstance(response, web.Response):
            return response
        try:
            return await _broken(request, response, cut=fault == "cut")
        except ConnectionError:  # who asked is gone
            return response


async def _broken(request: web.Request, whole: web.Response, *, cut: bool) -> web.StreamResponse:
    body = whole.body or b""
    assert isinstance(body, bytes)
    headers = {**whole.headers, "Content-Length": str(len(body))}
    response = web.StreamResponse(status=whole.status, headers=headers)
    await response.prepare(request)
    middle = len(body) // 2
    await response.write(body[:middle])
    await asyncio.sleep(0.01)
    if cut:
        assert request.transport is not None
        request.transport.close()
        return response
    for byte in body[middle : middle + 20]:
        await response.write(bytes([byte]))
        await asyncio.sleep(0)
    await response.write(body[middle + 20 :])
    return response


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[SourceServer]:
    """The server, started; its address is `url`."""
    server = SourceServer(handler)
    started = RawTestServer(cast(Any, server.answer), host="127.0.0.1")  # no routes: its requests are read alike
    await started.start_server()
    server.url = str(started.make_url("")).rstrip("/")
    try:
        yield server
    finally:
        await started.close()
