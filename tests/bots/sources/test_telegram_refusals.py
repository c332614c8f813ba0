"""What Telegram's refusals mean, and that the token is told to nobody."""

from __future__ import annotations

import logging
import traceback
from collections.abc import AsyncIterator
from random import Random
from typing import Any, cast

import pytest
from aiohttp import web

from bots.http import Http, HttpError, plain
from bots.sources.base import Misconfigured, Retry
from tests.bots.sources.telegram_desk import Desk, bare
from tests.contract.source_server import serving
from tests.contract.worlds.telegram import TOKEN

WEBHOOK = "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
POLLER = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    """The client."""
    async with Http("test@example.org", random=Random(2), base_s=0.0001, timeout_s=2.0, attempts=2) as http:
        yield http


def refusal(code: int, description: str, **extra: Any) -> web.Response:
    """As the Bot API words it."""
    return web.json_response({"ok": False, "error_code": code, "description": description} | extra, status=code)


@pytest.mark.parametrize(
    ("answer", "kind", "told", "after"),
    [
        (refusal(401, "Unauthorized"), Misconfigured, r"sources\.telegram\.token: Telegram does not know it", None),
        (refusal(404, "Not Found"), Misconfigured, r"sources\.telegram\.token", None),
        (refusal(409, WEBHOOK), Misconfigured, r"sources\.telegram\.token: .*webhook", None),
        (refusal(409, POLLER), Retry, "another program", 30.0),
        (refusal(429, "Too Many Requests", parameters={"retry_after": 17}), HttpError, "slower", 17.0),
        (refusal(429, "Too Many Requests"), HttpError, "slower", 30.0),
        (web.Response(status=404, text="<h1>nginx</h1>"), HttpError, "404", None),
        (web.json_response({"ok": False}), HttpError, "gives no updates", None),
        (web.json_response([1]), HttpError, "gives no updates", None),
    ],
)
async def test_a_refusal_says_what_is_to_be_done(
    http: Http, answer: web.Response, kind: type[Exception], told: str, after: float | None
) -> None:
    body, status = cast(bytes, answer.body), answer.status

    async def serve(request: web.Request) -> web.Response:
        return web.Response(body=body, status=status)

    world = bare()
    async with serving(serve) as server:
        world.url = server.url
        with pytest.raises(kind, match=told) as caught:
            await Desk(http, world).read(1)
    assert getattr(caught.value, "after", None) == after


@pytest.mark.parametrize("trouble", ["500", "429", "cut", "garbage", "close", "hang", "loop", "401", "409", "gone"])
async def test_the_token_is_told_to_nobody(trouble: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    world = bare()

    async def serve(request: web.Request) -> web.Response:
        if trouble == "loop":
            raise web.HTTPFound(request.path)
        if trouble in ("401", "409"):
            return refusal(int(trouble), f"said of {request.path}")
        return await world.serve(request)

    async with serving(serve) as server, Http(random=Random(2), base_s=0.0001, timeout_s=0.2, attempts=2) as http:
        world.url = server.url if trouble != "gone" else "http://127.0.0.1:9"
        if trouble in ("500", "429", "cut", "garbage", "close", "hang"):
            server.break_with([cast(Any, trouble)] * 20)
        with pytest.raises((Retry, Misconfigured)) as caught:
            await Desk(http, world).read(1)
    shown = "".join(traceback.format_exception(caught.value)) + str(caught.value) + caplog.text
    shown += repr(getattr(caught.value, "args", ()))
    secret = TOKEN.partition(":")[2]
    ours = "\n".join(line for line in shown.splitlines() if "aiohttp.access" not in line)  # the test server's own
    assert secret not in ours and str(caught.value)


def test_an_address_is_shown_without_the_token() -> None:
    url = f"https://api.telegram.org/bot{TOKEN}/getUpdates?offset=5"
    assert plain(url) == "https://api.telegram.org/bot…/getUpdates"
    assert plain(url.replace(":", "%3A").replace("https%3A", "https:")) == "https://api.telegram.org/bot…/getUpdates"
    assert plain("https://example.org/bots/1:2") == "https://example.org/bots/1:2"
