"""The live stream: what changed, once a second at most; slow readers cost nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from streams.api import live
from streams.api.live import Client
from streams.metrics import LIVE_DROPPED
from tests.streams.api.conftest import Serve
from tests.streams.api.stub import StubDesk, conversation, entry, make_config


async def events(response: aiohttp.ClientResponse) -> AsyncIterator[tuple[str, Any]]:
    """(kind, data) of every event; comments are skipped."""
    kind = ""
    async for raw in response.content:
        name, _, value = raw.decode().rstrip("\n").partition(": ")
        if name == "event":
            kind = value
        elif name == "data":
            yield kind, json.loads(value)


async def test_everything_at_first_then_only_what_changed(serve: Serve, http: aiohttp.ClientSession) -> None:
    config = make_config()
    desk = StubDesk(config, conversation("fairphone", 12))
    server = await serve(desk, config)
    async with http.get(server.url + "/api/live") as response:
        assert response.content_type == "text/event-stream"
        stream = events(response)
        first = [await anext(stream) for _ in config.brands]
        assert {(kind, data["brand"], data["posts"]) for kind, data in first} == {
            ("pulse", "fairphone", 12),
            ("pulse", "shiftphone", 0),
            ("pulse", "tertulia", 0),
        }
        for number in range(5):
            desk.add(entry("shiftphone", number, sentiment="positive"))
        kind, data = await anext(stream)
        assert (kind, data["brand"], data["net"]) == ("pulse", "shiftphone", 1.0)
        while data["posts"] < 5:  # the first look may have come between two of them
            kind, data = await anext(stream)
            assert data["brand"] == "shiftphone"
        assert data["authors"] == 5


async def test_a_second_reader_gets_the_present_state_at_once(serve: Serve, http: aiohttp.ClientSession) -> None:
    config = make_config()
    server = await serve(StubDesk(config, conversation("fairphone", 3)), config)
    async with http.get(server.url + "/api/live") as one:
        await anext(events(one))
        async with http.get(server.url + "/api/live") as two:
            seen = {data["brand"] async for _, data in first(events(two), 3)}
    assert seen == {"fairphone", "shiftphone", "tertulia"}


async def first(stream: AsyncIterator[tuple[str, Any]], number: int) -> AsyncIterator[tuple[str, Any]]:
    """The first `number` of a stream."""
    for _ in range(number):
        yield await anext(stream)


async def test_unread_pulses_are_replaced_not_queued() -> None:
    client = Client(own_only=False)
    for number in range(10_000):
        client.put("fairphone", b"data: %d\n\n" % number)
        client.put("tertulia", b"data: t%d\n\n" % number)
    assert await client._next() == b"data: 9999\n\ndata: t9999\n\n"


async def test_a_reader_that_takes_nothing_is_dropped(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "PATIENCE_S", 0.2)
    config = make_config()
    server = await serve(StubDesk(config), config)
    _reader, writer = await asyncio.open_connection("127.0.0.1", int(server.url.rpartition(":")[2]), limit=1)
    writer.write(b"GET /api/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
    await writer.drain()
    clients = server._live._clients
    while not clients:
        await asyncio.sleep(0.01)
    (client,) = clients
    while clients:  # fill the buffers of the kernel and of the server, which the reader does not empty
        client.put("fairphone", b"data: " + b"x" * 500_000 + b"\n\n")
        await asyncio.sleep(0.01)
    assert LIVE_DROPPED._value.get() >= 1
    writer.close()


async def test_there_is_a_most_of_streams(
    serve: Serve, http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "MAX_CLIENTS", 1)
    server = await serve()
    async with http.get(server.url + "/api/live") as one:
        assert one.status == 200
        async with http.get(server.url + "/api/live") as two:
            assert (two.status, two.headers["Retry-After"]) == (503, "30")


async def test_nothing_is_computed_while_nobody_listens(serve: Serve, http: aiohttp.ClientSession) -> None:
    server = await serve()
    async with http.get(server.url + "/api/live") as response:
        await anext(events(response))
        assert server._live._pump is not None
    while server._live._clients:
        await asyncio.sleep(0.01)
    assert server._live._pump is None


async def test_a_failure_ends_the_streams_and_the_next_reader_is_served(
    serve: Serve, http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = make_config()
    desk = StubDesk(config)
    server = await serve(desk, config)
    with monkeypatch.context() as broken:
        broken.setattr(desk, "version", lambda _brand: 1 / 0)
        async with http.get(server.url + "/api/live") as response:
            assert b"event: pulse" not in await response.content.read()  # it ends by itself
    async with http.get(server.url + "/api/live") as response:
        assert (await anext(events(response)))[0] == "pulse"


async def test_stop_ends_the_streams(serve: Serve, http: aiohttp.ClientSession) -> None:
    server = await serve()
    async with http.get(server.url + "/api/live") as response:
        await anext(events(response))
        await server.stop()
        rest = await response.content.read()
    assert response.content.at_eof()
    assert rest == b"" or rest.endswith(b"\n\n")
