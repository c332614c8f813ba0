"""Discord with people who ask: `DiscordServer`, its interactions, and what a bot makes of them."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from bots.chat.base import Tools
from bots.chat.discord import Discord, DiscordOptions
from tests.bots.chat.listen.described import as_discord_says, commands_as_discord_says
from tests.bots.sources.discord_server import GUILD, OWN, TOKEN, DiscordServer, user

ROOM, ELSEWHERE, ANA, EVE, BOSS = "700", "701", "101", "666", "107"


class DiscordGuild(DiscordServer):
    """`registered`: bodies by server; `firsts`: first answers by interaction; `told`: what took their place."""

    def __init__(self) -> None:
        super().__init__()
        self.channel(ROOM)
        self.channel(ELSEWHERE)
        self.registered: dict[str, Any] = {}
        self.firsts: dict[str, Any] = {}
        self.told: list[tuple[str, Any]] = []
        self.too_late: set[str] = set()
        self.statuses: list[int] = []
        self.number = 900_000

    async def serve(self, request: web.Request) -> web.StreamResponse:
        match request.path.removeprefix("/api/v10/").split("/"):
            case ["applications", application, "guilds", guild, "commands"] if request.method == "PUT":
                assert application == OWN
                assert request.headers["Authorization"] == f"Bot {TOKEN}"
                self.registered[guild] = await request.json()
                commands_as_discord_says(self.registered[guild])
                return web.json_response([])
            case ["interactions", number, token, "callback"]:
                return self._first(number, token, await request.json())
            case ["webhooks", application, token, "messages", "@original"] if request.method == "PATCH":
                assert application == OWN
                return self._answered(token, await request.json())
        return await super().serve(request)

    def _first(self, number: str, token: str, body: Any) -> web.Response:
        assert token == f"token-{number}"
        if number in self.too_late or number in self.firsts:
            return web.json_response({"message": "Unknown interaction", "code": 10_062}, status=404)
        later = body["type"] == 5
        kind = "CreateMessageInteractionCallbackRequest" if later else "ApplicationCommandAutocompleteCallbackRequest"
        as_discord_says(body, kind)
        self.firsts[number] = body
        return web.Response(status=204)

    def _answered(self, token: str, body: Any) -> web.Response:
        if self.statuses:
            status = self.statuses.pop(0)
            return web.json_response({"retry_after": 0.01, "global": False}, status=status)
        number = token.removeprefix("token-")
        assert self.firsts[number] == {"type": 5}
        as_discord_says(body, "IncomingWebhookUpdateRequestPartial")
        self.told.append((number, body))
        return web.json_response({"id": "1"})

    def give(self, name: str, who: str = ANA, channel: str = ROOM, **more: Any) -> str:
        """Somebody gives a command with these options (`focused`: which is being typed); the interaction's id."""
        self.number += 1
        number, typed = str(self.number), more.pop("focused", None)
        locale, late = more.pop("locale", "en-US"), more.pop("late", False)
        options = [
            {"type": 3, "name": key, "value": value, **({"focused": True} if key == typed else {})}
            for key, value in more.items()
        ]
        if late:
            self.too_late.add(number)
        self.event(
            "INTERACTION_CREATE",
            {
                "id": number,
                "application_id": OWN,
                "type": 2 if typed is None else 4,
                "token": f"token-{number}",
                "version": 1,
                "data": {"id": "1", "name": name, "type": 1, "options": options},
                "guild_id": GUILD,
                "channel_id": channel,
                "member": {"user": user(who), "roles": [], "permissions": "0"},
                "locale": locale,
                "guild_locale": "en-US",
            },
        )
        return number

    def outlet(self, tools: Tools, **questions: Any) -> Discord:
        """The outlet, configured."""
        given = {
            "token": TOKEN,
            "channel": ROOM,
            "base_url": f"{self.url}/api/v10",
            "questions": {"enabled": True, **questions},
        }
        return Discord(DiscordOptions.model_validate(given), tools)


def words(body: Any) -> str:
    """All text of a message."""
    return "\n".join([body["content"], *(embed["description"] for embed in body.get("embeds", ()))])
