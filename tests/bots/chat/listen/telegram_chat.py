"""Telegram with people who ask: one bot, whose queue keeps an update until a later one is asked for."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from bots.chat.base import Tools
from bots.chat.telegram import Telegram, TelegramOptions
from tests.bots.chat.listen.described import as_telegram_says
from tests.streams.api.stub import NOW

TOKEN = "4839574812:AAFD39kkdpWt3ywyRZergyOLMaJhac60qcK"
ROOM, ELSEWHERE = -1001111111111, -4001
ANA, EVE, BOSS = 501, 666, 507
AT = int(NOW.timestamp())


class TelegramChat:
    """`sent`: bodies of sendMessage; `commands`: by language; `offsets`: as they were asked for. As with Telegram
    itself an offset beyond the last update confirms nothing (github.com/nickoala/telepot/issues/353).
    """

    def __init__(self) -> None:
        self.queue: dict[int, Any] = {}
        self.sent: list[dict[str, Any]] = []
        self.commands: dict[str, Any] = {}
        self.offsets: list[int] = []
        self.refuse: list[tuple[int, dict[str, Any]]] = []
        self.url = ""
        self._update, self._message, self._last = 700_000, 10, 0
        self._news = asyncio.Event()

    def say(self, text: str, who: int = ANA, chat: int = ROOM, *, again: int | None = None, **more: Any) -> int:
        """Somebody writes; the update's number. `again`: the number of an update that comes once more."""
        self._update, self._message = self._update + 1, self._message + 1
        kind = "private" if chat > 0 else "supergroup"
        sender = {"id": who, "is_bot": False, "first_name": "Ana", "username": f"user_{who}", "language_code": "es"}
        message = {
            "message_id": self._message,
            "date": AT,
            "chat": {"id": chat, "type": kind},
            "from": sender,
            "text": text,
            **more,
        }
        self.add({"update_id": self._update if again is None else again, "message": message})
        return self._update

    def add(self, update: Any) -> None:
        """Any update."""
        number = update["update_id"] if isinstance(update, dict) and "update_id" in update else -len(self.queue) - 1
        self.queue[number] = update
        self._last = max(self._last, number)
        self._news.set()

    def number_anew(self) -> None:
        """After a week without updates, from below."""
        self._update, self._last = 1_000, 0

    async def serve(self, request: web.Request) -> web.Response:
        """Any request."""
        _, bot, method = request.path.split("/")
        if bot != f"bot{TOKEN}":
            return _refused(401, {"description": "Unauthorized"})
        if self.refuse and method == "getUpdates":
            return _refused(*self.refuse.pop(0))
        match method:
            case "getMe":
                found: Any = {"id": 4839574812, "is_bot": True, "first_name": "Tertulia", "username": "TertuliaBot"}
            case "setMyCommands":
                body = await request.json()
                as_telegram_says(method, body)
                for command in body["commands"]:
                    assert re.fullmatch("[a-z0-9_]{1,32}", command["command"])
                self.commands[body["language_code"]] = body["commands"]
                found = True
            case "getUpdates":
                as_telegram_says(method, request.query, by_query=True)
                found = await self._updates(request.query)
            case "sendMessage":
                body = await request.json()
                as_telegram_says(method, body)
                self.sent.append(body)
                found = {"message_id": 9_000 + len(self.sent), "date": AT, "chat": {"id": ROOM, "type": "supergroup"}}
            case _:
                return _refused(404, {"description": "Not Found"})
        return web.json_response({"ok": True, "result": found})

    async def _updates(self, query: Any) -> list[Any]:
        offset = int(query.get("offset", 0))
        self.offsets.append(offset)
        assert json.loads(query["allowed_updates"]) == ["message"]
        done = offset if offset <= self._last + 1 else 0
        self.queue = {number: update for number, update in self.queue.items() if number >= done or number < 0}
        if not self.queue:
            self._news.clear()
            await self._news.wait()
        found = [self.queue[number] for number in sorted(self.queue)][: int(query["limit"])]
        self.queue = {number: update for number, update in self.queue.items() if number >= 0}
        return found

    def outlet(self, tools: Tools, **questions: Any) -> Telegram:
        """The outlet, configured."""
        given = {"token": TOKEN, "chat": ROOM, "base_url": self.url, "questions": {"enabled": True, **questions}}
        return Telegram(TelegramOptions.model_validate(given), tools)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[TelegramChat]:
        """Started."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self.serve)
        server = TestServer(app, host="127.0.0.1")
        await server.start_server(shutdown_timeout=0)
        self.url = str(server.make_url("")).rstrip("/")
        try:
            yield self
        finally:
            await server.close()


def _refused(status: int, more: dict[str, Any]) -> web.Response:
    return web.json_response({"ok": False, "error_code": status, **more}, status=status)
