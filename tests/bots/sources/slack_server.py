"""Slack on loopback: the Web API and Socket Mode as far as the collector uses them, and faults on demand.

Answers have the form of the official OpenAPI file: 200 with `ok`, errors by name, pages by `next_cursor`.
"""

from __future__ import annotations

import asyncio
import json
from base64 import b64decode, b64encode
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestServer

APP_TOKEN, BOT_TOKEN = "xapp-1-made-up", "xoxb-made-up"
TEAM, OWN, OWN_BOT = "T1", "U900", "B900"
Record = dict[str, Any]


class SlackServer:
    """One workspace. `refuse`: method -> the error it answers. `limits`: method -> how often it answers 429."""

    def __init__(self, page: int = 200) -> None:
        self.channels: dict[str, Record] = {}
        self.messages: dict[str, list[Record]] = {}
        self.users: dict[str, Record] = {}
        self.refuse: dict[str, Record] = {}
        self.limits: dict[str, deque[int]] = {}
        self.asked: list[str] = []
        self.acked: list[str] = []
        self.page, self.url = page, ""
        self.opened = 0
        self._sockets: list[web.WebSocketResponse] = []
        self._count = 0

    # -- what people do ----------------------------------------------------------------------------------------------

    def channel(self, number: str, name: str, **more: Any) -> None:
        """A channel."""
        self.channels[number] = {"id": number, "name": name, "is_member": True, "is_private": False, **more}
        self.messages[number] = []

    def user(self, number: str, display: str = "", **more: Any) -> None:
        """Somebody."""
        profile = {"display_name": display, "real_name": f"Real {number}", "avatar_hash": "x"}
        self.users[number] = {"id": number, "name": f"name.{number.lower()}", "profile": profile, **more}

    def say(self, channel: str, text: str, at: float, user: str | None = "U1", **more: Any) -> Record:
        """Somebody says something; the first of the connections is told."""
        self._count += 1
        record = {"type": "message", "ts": f"{int(at)}.{self._count:06}", "text": text, "team": TEAM, **more}
        if user is not None:
            record["user"] = user
        self.messages[channel].append(record)
        thread = record.get("thread_ts")
        if thread:
            parent = self._find(channel, thread)
            parent |= {
                "thread_ts": thread,
                "latest_reply": record["ts"],
                "reply_count": parent.get("reply_count", 0) + 1,
            }
        self.event({**record, "channel": channel, "channel_type": "channel", "event_ts": record["ts"]})
        return record

    def reply(self, channel: str, parent: Record, text: str, at: float, user: str = "U2", **more: Any) -> Record:
        """An answer in a thread."""
        return self.say(channel, text, at, user, thread_ts=parent["ts"], parent_user_id=parent.get("user"), **more)

    def edit(self, channel: str, record: Record, text: str) -> None:
        """A message is changed."""
        before = dict(record)
        record |= {"text": text, "edited": {"user": record.get("user"), "ts": "1795435000.000000"}}
        self._changed(channel, record, before)

    def delete(self, channel: str, record: Record) -> None:
        """A message is deleted; of one that was answered a tombstone stays."""
        before = dict(record)
        if record.get("reply_count"):
            words = {"subtype": "tombstone", "text": "This message was deleted.", "user": "USLACKBOT", "hidden": True}
            record |= words
            self._changed(channel, record, before)
            return
        self.messages[channel].remove(record)
        named = {"subtype": "message_deleted", "deleted_ts": record["ts"], "previous_message": before}
        self.event({"type": "message", "hidden": True, "channel": channel, "ts": "1795435001.000001", **named})

    def _changed(self, channel: str, record: Record, before: Record) -> None:
        named = {"subtype": "message_changed", "message": dict(record), "previous_message": before}
        self.event({"type": "message", "hidden": True, "channel": channel, "ts": "1795435000.000001", **named})

    def event(self, event: Record, **more: Any) -> str:
        """An envelope for one of the connections; its id."""
        self._count += 1
        payload = {"team_id": TEAM, "api_app_id": "A1", "type": "event_callback", "event_id": f"Ev{self._count}"}
        frame = {
            "type": "events_api",
            "envelope_id": f"envelope-{self._count}",
            "accepts_response_payload": False,
            "retry_attempt": 0,
            "retry_reason": "",
            "payload": {**payload, "event": event, "event_time": 1_795_435_000},
            **more,
        }
        self.send(frame)
        return f"envelope-{self._count}"

    def send(self, frame: Any, which: int = 0) -> None:
        """A frame over one of the connections, if there is one."""
        if len(self._sockets) > which:
            task = asyncio.ensure_future(_send(self._sockets[which], frame))
            _tasks.add(task)
            task.add_done_callback(_tasks.discard)

    async def drop(self, which: int | None = None) -> None:
        """Close one connection, or all."""
        for socket in self._sockets[:] if which is None else [self._sockets[which]]:
            await socket.close(code=1_001)

    @property
    def connections(self) -> int:
        """How many there are now."""
        return len(self._sockets)

    # -- what programs ask for ---------------------------------------------------------------------------------------

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Any request."""
        if request.path == "/link":
            return await self._socket(request)
        method = request.path.removeprefix("/api/")
        self.asked.append(f"{method}?{request.query_string}".rstrip("?"))
        token = APP_TOKEN if method == "apps.connections.open" else BOT_TOKEN
        if self.limits.get(method):
            return web.Response(status=429, headers={"Retry-After": str(self.limits[method].popleft())})
        if request.headers.get("Authorization") != f"Bearer {token}":
            return web.json_response({"ok": False, "error": "invalid_auth"})
        if method in self.refuse:
            return web.json_response({"ok": False, **self.refuse[method]})
        found = self._answer(method, request)
        found = {"ok": True, **found} if "error" not in found else {"ok": False, **found}
        return web.Response(body=json.dumps(found, ensure_ascii=False).encode(), content_type="application/json")

    def _answer(self, method: str, request: web.Request) -> Record:
        query = request.query
        match method:
            case "auth.test":
                about = {"url": "https://fans.slack.com/", "team": "Ñandú fans", "user": "listener"}
                return {**about, "team_id": TEAM, "user_id": OWN, "bot_id": OWN_BOT}
            case "apps.connections.open":
                assert request.method == "POST"
                return {"url": f"{self.url.replace('http', 'ws')}/link?ticket={self.opened}&app_id=A1"}
            case "users.info" | "conversations.info":
                kind, there = ("user", self.users) if method == "users.info" else ("channel", self.channels)
                return {kind: there[query[kind]]} if query[kind] in there else {"error": f"{kind}_not_found"}
            case "users.conversations":
                return {"channels": [each for each in self.channels.values() if each["is_member"]]}
            case "conversations.history" | "conversations.replies":
                return self._messages(method, dict(query))
        return {"error": "unknown_method"}

    def _messages(self, method: str, query: dict[str, str]) -> Record:
        channel, thread = query["channel"], query.get("ts")
        if channel not in self.channels:
            return {"error": "channel_not_found"}
        if not self.channels[channel]["is_member"]:
            return {"error": "not_in_channel"}
        if thread is not None and not any(record["ts"] == thread for record in self.messages[channel]):
            return {"error": "thread_not_found"}
        found = [record for record in self.messages[channel] if _stands(record, thread)]
        within = [each for each in found if float(query["oldest"]) <= _time(each) <= float(query["latest"])]
        within = [each for each in within if each["ts"] != thread]
        within.sort(key=_time, reverse=method == "conversations.history")
        start = int(b64decode(query["cursor"]).decode().removeprefix("next:")) if "cursor" in query else 0
        end = start + min(self.page, int(query["limit"]))
        top = [record for record in found if record["ts"] == thread]
        more = end < len(within)
        cursor = b64encode(f"next:{end}".encode()).decode() if more else ""
        answer: Record = {"messages": top + within[start:end], "has_more": more}
        return answer | ({"response_metadata": {"next_cursor": cursor}} if more else {})

    def _find(self, channel: str, ts: str) -> Record:
        return next(record for record in self.messages[channel] if record["ts"] == ts)

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        assert request.query["ticket"]
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.opened += 1
        self._sockets.append(socket)
        hello = {"type": "hello", "num_connections": len(self._sockets), "connection_info": {"app_id": "A1"}}
        await socket.send_json({**hello, "debug_info": {"host": "applink-1", "approximate_connection_time": 18_060}})
        try:
            async for frame in socket:
                if frame.type is WSMsgType.TEXT:
                    self.acked.append(json.loads(frame.data)["envelope_id"])
        finally:
            self._sockets.remove(socket)
        return socket

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[SlackServer]:
        """Started; `url` is its address, that of the API `url` + "/api"."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self.serve)
        server = TestServer(app, host="127.0.0.1")
        await server.start_server()
        self.url = str(server.make_url("")).rstrip("/")
        try:
            yield self
        finally:
            await self.drop()
            await server.close()


def _time(record: Record) -> float:
    ts = record.get("ts")
    return float(ts) if isinstance(ts, str) and ts.replace(".", "").isdigit() else 1_795_420_000.0


def _stands(record: Record, thread: str | None) -> bool:
    """Whether a message stands in a thread (with its first message), or in the channel itself."""
    inside = record.get("thread_ts", record["ts"]) != record["ts"]
    if thread is not None:
        return bool(record["ts"] == thread or (inside and record["thread_ts"] == thread))
    return bool(not inside or record.get("subtype") == "thread_broadcast")


_tasks: set[asyncio.Task[None]] = set()


async def _send(socket: web.WebSocketResponse, frame: Any) -> None:
    if socket.closed:
        return
    if isinstance(frame, bytes):
        await socket.send_frame(frame, WSMsgType.TEXT)
    else:
        await socket.send_json(frame)
