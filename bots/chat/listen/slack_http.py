"""Slack's requests to an address of one's own, for those who do not want Socket Mode: each is signed, and checked.

Slack wants an answer within three seconds: it gets an empty one at once, and the real answer follows as always.
Source: docs.slack.dev/apis/events-api/using-http-request-urls.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec
from aiohttp import web

from bots.chat.listen.slack_asked import Callback, SlackAsked, Slash
from bots.chat.listen.slack_signature import is_slacks

log = logging.getLogger(__name__)
PATH: Final = "/slack"
MOST_BODY: Final = 64 * 1024


class _Kind(msgspec.Struct):
    type: str = ""
    challenge: str = ""


class SlackHttp:
    """The handler of one app. `name`: of the outlet, for the log."""

    def __init__(self, name: str, secret: str, asked: SlackAsked, now: Callable[[], datetime]) -> None:
        self._name, self._secret, self._asked, self._now = name, secret, asked, now

    async def handle(self, request: web.Request) -> web.Response:
        """Any request to the path."""
        body = await request.read()
        stamp, signature = (request.headers.get(f"X-Slack-{name}", "") for name in ("Request-Timestamp", "Signature"))
        if not is_slacks(self._secret, stamp, signature, body, self._now().timestamp()):
            log.warning("%s: a request that Slack did not sign, or not lately, was turned away", self._name)
            return web.Response(status=HTTPStatus.UNAUTHORIZED)
        try:
            return self._take(request.content_type, body)
        except (ValueError, OverflowError, RecursionError) as error:
            log.warning("%s: Slack sent something in another form: %s", self._name, error)
            return web.Response(status=HTTPStatus.BAD_REQUEST)

    def _take(self, content_type: str, body: bytes) -> web.Response:
        if content_type == "application/x-www-form-urlencoded":
            fields: Any = dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=100))
            self._asked.command(msgspec.convert(fields, Slash))
            return web.Response()
        kind = msgspec.json.decode(body, type=_Kind)
        if kind.type == "url_verification":
            return web.json_response({"challenge": kind.challenge})
        if kind.type == "event_callback":
            self._asked.event(msgspec.json.decode(body, type=Callback).event)
        return web.Response()


@asynccontextmanager
async def serving(host: str, port: int, http: SlackHttp) -> AsyncIterator[int]:
    """The port it listens on. Raises `OSError` when it cannot be had."""
    app = web.Application(client_max_size=MOST_BODY)
    app.router.add_post(PATH, http.handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
