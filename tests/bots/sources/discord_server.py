"""Discord on loopback: the REST API and the Gateway (v10) as far as the collector uses them, and faults on demand.

Records have the form of the official OpenAPI file: snowflakes are strings, times have a zone, all required fields are
there.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any

from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestServer

from bots.sources.discord_forms import snowflake, time_of

TOKEN = "MTk4NjIy.made-up.token"
OWN = "900"
GUILD = "500"
MAY_READ = 1 << 18
Record = dict[str, Any]


def user(number: str, **more: Any) -> Record:
    """A partial user, as messages hold it."""
    return {
        "id": number,
        "username": f"user_{number}",
        "global_name": f"User {number}",
        "avatar": None,
        "discriminator": "0",
        "public_flags": 0,
        "flags": 0,
        "primary_guild": None,
        **more,
    }


def message(number: int, place: str, text: str, author: Record, **more: Any) -> Record:
    """A message with all its required fields."""
    at = datetime.fromtimestamp(time_of(str(number)), UTC).isoformat(timespec="microseconds")
    return {
        "type": 0,
        "content": text,
        "mentions": [],
        "mention_roles": [],
        "attachments": [],
        "embeds": [],
        "timestamp": at,
        "edited_timestamp": None,
        "flags": 0,
        "components": [],
        "id": str(number),
        "channel_id": place,
        "author": author,
        "pinned": False,
        "mention_everyone": False,
        "tts": False,
        **more,
    }


class DiscordServer:
    """One server (guild) with channels and threads. `flags` are the application's, `remaining` its sessions today."""

    def __init__(self) -> None:
        self.channels: dict[str, Record] = {}
        self.messages: dict[str, dict[int, Any]] = {}
        self.sessions: dict[str, list[Record]] = {}  # events by session, numbered from 1
        self.asked: list[str] = []
        self.heard: list[Record] = []  # what clients sent over the Gateway
        self.closed: list[int | None] = []  # the codes they closed with
        self.agents: list[str] = []
        self.flags, self.remaining, self.token = MAY_READ, 1_000, TOKEN
        self.forbidden: set[str] = set()
        self.limits: dict[str, deque[Record]] = {}  # path's end -> bodies of the next 429s
        self.interval_ms, self.answers = 45_000.0, True
        self.refuse: deque[int] = deque()  # close codes for those who identify or resume next
        self.url = ""
        self._sockets: dict[web.WebSocketResponse, str] = {}
        self._count = 0

    # -- what people do ----------------------------------------------------------------------------------------------

    def channel(self, number: str, kind: int = 0, **more: Any) -> Record:
        """A channel or thread."""
        record = {
            "id": number,
            "type": kind,
            "guild_id": GUILD,
            "name": f"place-{number}",
            "flags": 0,
            "last_message_id": None,
            **more,
        }
        self.channels[number] = record
        self.messages.setdefault(number, {})
        return record

    def thread(self, number: str, parent: str, **more: Any) -> Record:
        """A public thread; `archived` (Unix s): since when it rests."""
        archived = more.pop("archived", None)
        at = datetime.fromtimestamp(archived or 1_700_000_000, UTC).isoformat(timespec="microseconds")
        data = {
            "archived": archived is not None,
            "archive_timestamp": at,
            "auto_archive_duration": 1_440,
            "locked": False,
        }
        about = {
            "owner_id": "101",
            "thread_metadata": data,
            "message_count": 1,
            "member_count": 1,
            "total_message_sent": 1,
        }
        return self.channel(number, more.pop("kind", 11), parent_id=parent, **{**about, **more})

    def say(self, place: str, text: str, at: float, author: Record | None = None, **more: Any) -> Record:
        """Somebody says something; whoever has a session is told."""
        number = more.pop("number", None)
        while number is None or number in self.messages[place]:
            self._count += 1
            number = snowflake(at) + self._count
        record = message(number, place, text, author or user("101"), **more)
        self.messages[place][number] = record
        last = self.channels[place]["last_message_id"]
        self.channels[place]["last_message_id"] = str(max(number, int(last or 0)))
        self.event("MESSAGE_CREATE", {**record, "guild_id": GUILD, "member": {"roles": []}})
        return record

    def edit(self, record: Record, **changes: Any) -> None:
        """A message is changed."""
        record.update({"edited_timestamp": "2026-11-23T11:58:00.000000+00:00", **changes})
        self.event("MESSAGE_UPDATE", {**record, "guild_id": GUILD})

    def delete(self, *records: Record) -> None:
        """Messages of one place are deleted."""
        place = records[0]["channel_id"]
        for record in records:
            del self.messages[place][int(record["id"])]
        named = {"channel_id": place, "guild_id": GUILD}
        if len(records) == 1:
            self.event("MESSAGE_DELETE", {"id": records[0]["id"], **named})
        else:
            self.event("MESSAGE_DELETE_BULK", {"ids": [record["id"] for record in records], **named})

    def event(self, kind: str, data: Any) -> None:
        """An event for all sessions."""
        for name, events in self.sessions.items():
            frame = {"op": 0, "s": len(events) + 1, "t": kind, "d": data}
            events.append(json.loads(json.dumps(frame)))
            for socket, session in self._sockets.items():
                if session == name:
                    _soon(socket, frame)

    # -- the Gateway -------------------------------------------------------------------------------------------------

    def lose_sessions(self) -> None:
        """As after minutes of absence."""
        self.sessions.clear()

    def order(self, op: int, data: Any = None) -> None:
        """A frame without a number to all that are connected."""
        for socket in self._sockets:
            _soon(socket, {"op": op, "d": data, "s": None, "t": None})

    async def drop(self, code: int) -> None:
        """Close all connections."""
        for socket in list(self._sockets):
            await socket.close(code=code)

    async def _gateway(self, request: web.Request) -> web.StreamResponse:
        assert request.query["v"] == "10"
        assert request.query["encoding"] == "json"
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"op": 10, "d": {"heartbeat_interval": self.interval_ms}, "s": None, "t": None})
        try:
            async for frame in socket:
                if frame.type is WSMsgType.TEXT:
                    await self._heard(socket, json.loads(frame.data))
        finally:
            self._sockets.pop(socket, None)
            self.closed.append(socket.close_code)
        return socket

    async def _heard(self, socket: web.WebSocketResponse, frame: Record) -> None:
        self.heard.append(frame)
        op, data = frame["op"], frame["d"]
        if op == 1 and self.answers:
            await socket.send_json({"op": 11, "d": None, "s": None, "t": None})
        if op not in (2, 6):
            return
        if self.refuse:
            await socket.close(code=self.refuse.popleft())
            return
        if data["token"] != self.token:
            await socket.close(code=4_004)
        elif op == 2 and not self.flags:
            await socket.close(code=4_014)
        elif op == 2:
            await self._ready(socket)
        elif data["session_id"] not in self.sessions:
            await socket.send_json({"op": 9, "d": False, "s": None, "t": None})
        else:
            missed = self.sessions[data["session_id"]][data["seq"] :]
            self._sockets[socket] = data["session_id"]
            for event in missed:
                await socket.send_json(event)
            await socket.send_json({"op": 0, "t": "RESUMED", "s": None, "d": {}})

    async def _ready(self, socket: web.WebSocketResponse) -> None:
        name = f"session-{len(self.heard)}"
        ready = {
            "v": 10,
            "user": user(OWN, bot=True),
            "guilds": [{"id": GUILD, "unavailable": True}],
            "session_id": name,
            "resume_gateway_url": self.url.replace("http", "ws") + "/resume",
            "application": {"id": OWN, "flags": self.flags},
        }
        event = {"op": 0, "s": 1, "t": "READY", "d": ready}
        self.sessions[name] = [event]
        self._sockets[socket] = name
        await socket.send_json(event)

    # -- REST --------------------------------------------------------------------------------------------------------

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Any request."""
        self.agents.append(request.headers.get("User-Agent", ""))
        if request.path in ("/", "/resume/"):
            return await self._gateway(request)
        path = request.path.removeprefix("/api/v10/")
        self.asked.append(f"{path}?{request.query_string}".rstrip("?"))
        if request.headers.get("Authorization") != f"Bot {self.token}":
            return web.json_response({"message": "401: Unauthorized", "code": 0}, status=401)
        for end, bodies in self.limits.items():
            if path.endswith(end) and bodies:
                body = bodies.popleft()
                return web.json_response(body, status=429, headers={"Retry-After": str(int(body["retry_after"]) + 1)})
        return self._answer(path.split("/"), request)

    def _answer(self, parts: list[str], request: web.Request) -> web.Response:
        match parts:
            case [("applications" | "users") as kind, "@me"]:
                me = user(OWN, bot=True) if kind == "users" else {"id": OWN, "name": "Listener", "flags": self.flags}
                return web.json_response(me)
            case ["gateway", "bot"]:
                limit = {"total": 1_000, "remaining": self.remaining, "reset_after": 3_600_000, "max_concurrency": 1}
                url = self.url.replace("http", "ws")
                return web.json_response({"url": url, "shards": 1, "session_start_limit": limit})
            case ["guilds", guild, *rest] if guild == GUILD:
                return self._guild(rest)
            case ["channels", place, *rest] if place in self.channels:
                return self._channel(place, rest, request)
        return web.json_response({"message": "Unknown Channel", "code": 10_003}, status=404)

    def _guild(self, rest: list[str]) -> web.Response:
        threads = [each for each in self.channels.values() if "thread_metadata" in each]
        if rest == ["channels"]:
            return web.json_response([each for each in self.channels.values() if each not in threads])
        if rest == ["threads", "active"]:
            active = [each for each in threads if not each["thread_metadata"]["archived"]]
            return web.json_response({"threads": active, "members": [], "has_more": False})
        return web.json_response({"id": GUILD, "name": "Ñandú fans", "roles": []})

    def _channel(self, place: str, rest: list[str], request: web.Request) -> web.Response:
        if place in self.forbidden:
            return web.json_response({"message": "Missing Access", "code": 50_001}, status=403)
        if rest == ["threads", "archived", "public"]:
            return self._archived(place, request)
        if rest[:1] == ["messages"] and len(rest) == 2:
            found = self.messages[place].get(int(rest[1]))
            missing = {"message": "Unknown Message", "code": 10_008}
            return web.json_response(missing, status=404) if found is None else _json(found)
        if rest == ["messages"]:
            after, limit = int(request.query["after"]), int(request.query["limit"])
            assert 1 <= limit <= 100
            page = [number for number in sorted(self.messages[place]) if number > after][:limit]
            headers = {"X-RateLimit-Limit": "5", "X-RateLimit-Remaining": "4", "X-RateLimit-Reset-After": "1.0"}
            return _json([self.messages[place][number] for number in reversed(page)], headers)
        return web.json_response(self.channels[place])

    def _archived(self, place: str, request: web.Request) -> web.Response:
        resting = [
            each
            for each in self.channels.values()
            if each.get("parent_id") == place and each["thread_metadata"]["archived"]
        ]
        resting.sort(key=lambda each: str(each["thread_metadata"]["archive_timestamp"]), reverse=True)
        before = request.query.get("before", "9")
        left = [each for each in resting if each["thread_metadata"]["archive_timestamp"] < before]
        page = left[:2]
        return web.json_response({"threads": page, "members": [], "has_more": len(left) > 2})

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[DiscordServer]:
        """Started; `url` is its address, that of the API `url` + "/api/v10"."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self.serve)
        server = TestServer(app, host="127.0.0.1")
        await server.start_server()
        self.url = str(server.make_url("")).rstrip("/")
        try:
            yield self
        finally:
            await self.drop(1_001)
            await server.close()


def _json(value: Any, headers: dict[str, str] | None = None) -> web.Response:
    body = json.dumps(value, ensure_ascii=False).encode()
    return web.Response(body=body, content_type="application/json", headers=headers)


_tasks: set[asyncio.Task[None]] = set()


def _soon(socket: web.WebSocketResponse, frame: Record) -> None:
    task = asyncio.ensure_future(_send(socket, frame))
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)


async def _send(socket: web.WebSocketResponse, frame: Record) -> None:
    if not socket.closed:
        with suppress(ConnectionError):  # the client has left
            await socket.send_json(frame)
