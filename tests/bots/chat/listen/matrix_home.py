"""A Matrix homeserver with people who ask: /sync, invitations and messages, as far as the bot uses them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from bots.chat.base import Tools
from bots.chat.matrix import Matrix, MatrixOptions
from tests.streams.api.stub import NOW

TOKEN = "syt_made_up"
ME, ANA, EVE, BOSS = "@tertulia:home.example", "@ana:home.example", "@eve:else.example", "@boss:home.example"
ROOM, DIRECT = "!ops:home.example", "!alone:home.example"
AT_MS = int(NOW.timestamp() * 1_000)


class MatrixHome:
    """`log`: (room, event) in order, or (room, None) for an invitation; a batch token is a place in it."""

    def __init__(self) -> None:
        self.log: list[tuple[str, Any]] = []
        self.invites: dict[str, Any] = {}
        self.profile: Any = {"displayname": "Tertulia Bot"}
        self.joined: list[str] = []
        self.sent: list[tuple[str, Any]] = []
        self.since: list[str] = []
        self.members = {DIRECT: {ME, ANA}}
        self.refuse: list[tuple[int, dict[str, Any]]] = []
        self.url = ""
        self._news = asyncio.Event()

    def say(self, body: str, who: str = ANA, room: str = ROOM, *, mention: bool = False) -> str:
        """Somebody writes; the event's id."""
        mentions = {"m.mentions": {"user_ids": [ME]}} if mention else {}
        return self.add({"msgtype": "m.text", "body": body, **mentions}, who, room)

    def add(self, content: Any, who: str = ANA, room: str = ROOM, **more: Any) -> str:
        """Any event of a room."""
        number = f"$event{len(self.log)}"
        event = {"type": "m.room.message", "event_id": number, "sender": who, "origin_server_ts": AT_MS}
        self.log.append((room, {**event, "content": content, **more}))
        self._news.set()
        return number

    def invite(self, room: str, who: str, *forged: str) -> None:
        """Somebody invites the bot; `forged`: who that is according to what their server put before it."""
        self.invites[room] = [*forged, who]
        self.log.append((room, None))
        self._news.set()

    async def serve(self, request: web.Request) -> web.Response:
        """Any request."""
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.json_response({"errcode": "M_UNKNOWN_TOKEN", "error": "Unrecognised"}, status=401)
        if self.refuse:
            status, body = self.refuse.pop(0)
            return web.json_response(body, status=status, headers={"Retry-After": "0"} if status == 429 else {})
        if "/profile/" in request.path and self.profile is None:
            return web.json_response({"errcode": "M_NOT_FOUND", "error": "No row"}, status=404)
        return web.json_response(await self._answer(request))

    async def _answer(self, request: web.Request) -> Any:
        match request.path.removeprefix("/_matrix/client/v3/").split("/"):
            case ["account", "whoami"]:
                return {"user_id": ME}
            case ["profile", name]:
                assert name == ME
                return self.profile
            case ["sync"]:
                return await self._sync(request.query)
            case ["join", room]:
                self.joined.append(room)
                self.invites.pop(room, None)
                return {"room_id": room}
            case ["rooms", room, "joined_members"] if room in self.members:
                return {"joined": {member: {} for member in self.members[room]}}
            case ["rooms", room, "send", "m.room.message", _]:
                self.sent.append((room, await request.json()))
                return {"event_id": f"$sent{len(self.sent)}"}
        raise web.HTTPNotFound

    async def _sync(self, query: Any) -> Any:
        self.since.append(query.get("since", ""))
        start = int(query.get("since", "0"))
        if query.get("since") and start == len(self.log):
            self._news.clear()
            await self._news.wait()
        fresh = self.log[start:]
        rooms: dict[str, Any] = {}
        for room, event in fresh:
            if event is not None:
                rooms.setdefault(room, {"timeline": {"events": [], "limited": False}})["timeline"]["events"].append(
                    event
                )
        return {
            "next_batch": str(len(self.log)),
            "rooms": {"join": rooms, "invite": {room: _stripped(by) for room, by in self.invites.items()}},
        }

    def outlet(self, tools: Tools, **questions: Any) -> Matrix:
        """The outlet, configured."""
        given = {"homeserver": self.url, "room": ROOM, "token": TOKEN, "questions": {"enabled": True, **questions}}
        return Matrix(MatrixOptions.model_validate(given), tools)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[MatrixHome]:
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


def _stripped(by: list[str]) -> Any:
    """Synapse puts the invitation that it has checked behind what the other server says of the room."""
    member = {"type": "m.room.member", "state_key": ME, "content": {"membership": "invite"}}
    events = [{"type": "m.room.name", "state_key": "", "sender": by[0]}, *({**member, "sender": who} for who in by)]
    return {"invite_state": {"events": events}}
