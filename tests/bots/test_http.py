"""The one HTTP client, against a real server that breaks on purpose."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from random import Random

import pytest
from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestServer

from bots.http import Http, HttpError, plain, seconds_of
from bots.sources.base import Retry

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
Serve = Callable[[Answer], Awaitable[str]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Starts a server with one handler; returns its address."""
    servers: list[TestServer] = []

    async def start(answer: Answer) -> str:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", answer)
        server = TestServer(app, host="127.0.0.1")
        await server.start_server()
        servers.append(server)
        return str(server.make_url("/"))

    yield start
    for server in servers:
        await server.close()


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    """Impatient, for tests."""
    async with Http("mailto:me@example.org", random=Random(1), base_s=0.001, timeout_s=2.0) as http:
        yield http


async def test_it_says_who_it_is(http: Http, serve: Serve) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.json_response(request.headers["User-Agent"])

    agent = await http.get_json(await serve(answer))
    assert agent.startswith("tertulia/")
    assert agent.endswith(" (+mailto:me@example.org)")


async def test_a_passing_failure_is_tried_again_and_a_lasting_one_is_not(http: Http, serve: Serve) -> None:
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.path)
        if request.path == "/gone":
            return web.Response(status=404)
        return web.Response(status=503) if len(asked) < 3 else web.json_response([1])

    url = await serve(answer)
    assert await http.get_json(url) == [1]
    assert len(asked) == 3
    with pytest.raises(HttpError) as caught:
        await http.get_bytes(url + "gone")
    assert (caught.value.status, len(asked)) == (404, 4)


async def test_retry_after_is_handed_to_the_runner(http: Http, serve: Serve) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=429, headers={"Retry-After": "77"})

    with pytest.raises(Retry) as caught:
        await http.get_bytes(await serve(answer))
    assert caught.value.after == 77


async def test_a_used_up_allowance_is_not_overdrawn(http: Http, serve: Serve) -> None:
    asked = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.json_response(1, headers={"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "900"})

    url = await serve(answer)
    await http.get_json(url)
    with pytest.raises(HttpError) as caught:
        await http.get_json(url)
    assert len(asked) == 1
    assert caught.value.after is not None
    assert 890 < caught.value.after <= 900


async def test_an_allowance_counted_in_tenths_is_not_overdrawn_either(http: Http, serve: Serve) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.json_response(1, headers={"x-ratelimit-remaining": "0.0", "x-ratelimit-reset": "412"})

    url = await serve(answer)
    await http.get_json(url)
    with pytest.raises(HttpError, match="used up"):
        await http.get_json(url)


async def test_a_form_is_posted_and_sent_again_after_a_passing_failure(http: Http, serve: Serve) -> None:
    asked: list[tuple[str, dict[str, str]]] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append((request.method, {key: str(value) for key, value in (await request.post()).items()}))
        return web.Response(status=503) if len(asked) < 2 else web.json_response({"given": request.headers["X-Who"]})

    found = await http.post_form(await serve(answer), {"a": "b c&d"}, headers={"X-Who": "me"})
    assert (found, asked) == ({"given": "me"}, [("POST", {"a": "b c&d"})] * 2)


async def test_a_refusal_keeps_the_beginning_of_what_it_said(http: Http, serve: Serve) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=403, body=b"because " + b"x" * 100_000)

    with pytest.raises(HttpError) as raised:
        await http.get_bytes(await serve(answer))
    assert raised.value.body.startswith(b"because xxx")
    assert len(raised.value.body) == 16 * 1024


async def test_what_has_not_changed_is_not_sent_again(http: Http, serve: Serve) -> None:
    async def answer(request: web.Request) -> web.Response:
        if request.headers.get("If-None-Match") == '"1"' and request.headers.get("If-Modified-Since") == "then":
            return web.Response(status=304)
        return web.Response(body=b"x", headers={"ETag": '"1"', "Last-Modified": "then"})

    url = await serve(answer)
    first = await http.get_bytes(url)
    assert (first.body, first.unchanged) == (b"x", False)
    again = await http.get_bytes(url, etag=first.etag, last_modified=first.last_modified)
    assert (again.body, again.unchanged) == (b"", True)


async def test_a_body_without_end_is_left(http: Http, serve: Serve) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b"x" * 10_000)

    with pytest.raises(HttpError, match="more than 50000 bytes"):
        await http.get_bytes(await serve(answer), most=50_000)


async def test_no_reason_tells_a_secret(serve: Serve) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=403)

    url = (await serve(answer)).replace("//", "//user:s3cret@")
    async with Http(attempts=1, base_s=0.001) as http:
        for address in (f"{url}?key=s3cret#s3cret", "http://user:s3cret@127.0.0.1:9/?key=s3cret", "nonsense://s3cret"):
            with pytest.raises(HttpError) as caught:
                await http.get_bytes(address, params={"token": "s3cret"})
            if "nonsense" not in address:
                assert "s3cret" not in str(caught.value)


async def test_events_of_a_stream_in_pieces(http: Http, serve: Serve) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        asked = request.headers.get("Last-Event-ID", "")
        body = f": hello\r\nevent: add\r\nid: 7\r\ndata: one {asked}\r\ndata: two é\r\n\r\ndata: last\n\ndata: cut off"
        for byte in body.encode():
            await response.write(bytes([byte]))
        return response

    async with aclosing(http.events(await serve(answer), last_id="6")) as stream:  # type: ignore[type-var]
        found = [(event.kind, event.data.decode(), event.id) async for event in stream]
    assert found == [("add", "one 6\ntwo é", "7"), ("message", "last", "7")]


async def test_a_stream_that_says_nothing_is_left(http: Http, serve: Serve) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await asyncio.sleep(3_600)
        return response

    with pytest.raises(HttpError, match="did not answer in time"):
        async for _ in http.events(await serve(answer), quiet_s=0.1):
            pytest.fail("nothing was sent")


async def test_a_websocket(http: Http, serve: Serve) -> None:
    async def answer(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(protocols=("b",))
        await socket.prepare(request)
        await socket.send_str(request.headers["User-Agent"])
        return socket

    url = (await serve(answer)).replace("http", "ws")
    async with http.websocket(url, protocols=("a", "b")) as socket:
        message = await socket.receive()
    assert (message.type, socket.protocol) == (WSMsgType.TEXT, "b")
    assert message.data == http.user_agent


def test_the_spellings_of_a_pause() -> None:
    later = datetime.now(UTC) + timedelta(seconds=100)
    for text in (format_datetime(later, usegmt=True), later.isoformat()):
        seconds = seconds_of(text)
        assert seconds is not None
        assert 90 < seconds <= 100
    epoch = seconds_of(str(later.timestamp()), epoch=True)
    assert epoch is not None
    assert 90 < epoch <= 100
    assert (seconds_of("17"), seconds_of("-4"), seconds_of(""), seconds_of("soon")) == (17, 0, None, None)


def test_an_address_without_its_secrets() -> None:
    assert plain("https://u:p@example.org:8443/a/b?key=1#x") == "https://example.org:8443/a/b"


async def test_a_bucket_that_is_used_up_leaves_the_others_alone(http: Http, serve: Serve) -> None:
    """And seconds to wait are believed before a date, for which our clock would have to be right."""

    async def answer(request: web.Request) -> web.Response:
        headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "4102444800", "X-RateLimit-Reset-After": "100.5"}
        return web.json_response(1, headers=headers if request.path == "/a" else {})

    url = await serve(answer)
    await http.get_bytes(url + "a", bucket="a")
    assert (await http.get_bytes(url + "b", bucket="b")).body == b"1"
    with pytest.raises(HttpError, match="used up") as rest:
        await http.get_bytes(url + "c", bucket="a")
    assert rest.value.after is not None
    assert 90 < rest.value.after <= 100.5
