"""Slack with people who ask: `SlackServer`, and what a bot says there."""

from __future__ import annotations

from typing import Any

import msgspec
from aiohttp import web

from bots.chat.base import Tools
from bots.chat.slack import Slack, SlackOptions
from tests.bots.sources.slack_server import APP_TOKEN, BOT_TOKEN, OWN, SlackServer
from tests.streams.api.stub import NOW

ROOM, ANA, EVE, BOSS = "C100", "U100", "U666", "U700"
AT = NOW.timestamp()


class SlackRoom(SlackServer):
    """`posted`: by chat.postMessage; `responded`: to slash commands. `statuses`: of the next answers to those."""

    def __init__(self) -> None:
        super().__init__()
        self.channel(ROOM, "ops")
        self.user(BOSS, "Boss")
        self.posted: list[dict[str, Any]] = []
        self.responded: list[dict[str, Any]] = []
        self.statuses: list[int] = []
        self.commands = 0

    async def serve(self, request: web.Request) -> web.StreamResponse:
        if request.path.startswith("/respond/"):
            if self.statuses:
                return web.Response(status=self.statuses.pop(0), headers={"Retry-After": "0"})
            self.responded.append(await request.json())
            return web.Response(text="ok")
        if request.path == "/api/chat.postMessage":
            if self.statuses:
                return web.Response(status=self.statuses.pop(0), headers={"Retry-After": "0"})
            self.posted.append(dict(await request.post()))
            return web.json_response({"ok": True, "channel": ROOM, "ts": "1.1"})
        return await super().serve(request)

    def slash(self, command: str, text: str, user: str = ANA, channel: str = ROOM, **more: Any) -> dict[str, Any]:
        """Somebody gives a slash command; the envelope, to be sent again."""
        self.commands += 1
        payload = {
            "command": command,
            "text": text,
            "user_id": user,
            "user_name": "boss" if user == BOSS else "ana",
            "channel_id": channel,
            "channel_name": "ops",
            "team_id": "T1",
            "trigger_id": f"13345224609.{self.commands}",
            "response_url": f"{self.url}/respond/{self.commands}",
            **more,
        }
        frame = {
            "type": "slash_commands",
            "envelope_id": f"slash-{self.commands}",
            "payload": payload,
            "accepts_response_payload": True,
        }
        self.send(frame)
        return frame

    def mention(self, text: str, user: str = ANA, channel: str = ROOM, **more: Any) -> dict[str, Any]:
        """Somebody writes to the bot in a channel; the event."""
        self._count += 1
        event = {
            "type": "app_mention",
            "user": user,
            "text": f"<@{OWN}> {text}",
            "ts": f"{AT:.0f}.{self._count:06}",
            "channel": channel,
            **more,
        }
        self.event(event)
        return event

    def direct(self, text: str, user: str = ANA) -> None:
        """Somebody writes to the bot alone."""
        self._count += 1
        event = {
            "type": "message",
            "channel_type": "im",
            "user": user,
            "text": text,
            "ts": f"{AT:.0f}.{self._count:06}",
            "channel": "D77",
        }
        self.event(event)

    def outlet(self, tools: Tools, app_token: str = APP_TOKEN, **questions: Any) -> Slack:
        """The outlet, configured."""
        given = {
            "token": BOT_TOKEN,
            "app_token": app_token or None,
            "channel": ROOM,
            "base_url": f"{self.url}/api",
            "questions": {"enabled": True, **questions},
        }
        return Slack(SlackOptions.model_validate(given), tools)


def words(said: dict[str, Any]) -> str:
    """All text of a message, whatever its blocks."""
    blocks = said["blocks"]
    found = msgspec.json.decode(blocks) if isinstance(blocks, str) else blocks
    return "\n".join(_texts(found))


def _texts(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["text"]] if isinstance(node.get("text"), str) else []
        return own + [text for value in node.values() for text in _texts(value)]
    return [text for each in node for text in _texts(each)] if isinstance(node, list) else []
