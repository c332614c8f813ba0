"""Questions in Discord: slash commands of one's own servers, with completion, over the Gateway.

Commands need no intent: the bot reads nobody's messages. What was asked while it was away Discord has told the askers.
Source: docs.discord.com/developers/interactions/application-commands, …/events/gateway.
"""

from __future__ import annotations

import asyncio
import logging
from http import HTTPStatus
from typing import ClassVar, Final, TypeVar

import msgspec

from bots.chat.base import Delivered
from bots.chat.discord import AGENT, DiscordOptions, retry_after
from bots.chat.listen.discord_forms import command
from bots.chat.listen.discord_interactions import Interactions
from bots.chat.listen.forms import all_forms
from bots.chat.listen.listener import Listener, Parts
from bots.chat.post import attempt
from bots.http import HttpError
from bots.sources.base import Misconfigured, Retry
from bots.wire.discord_frames import GatewayLost, GatewayRefused, Login, Session
from bots.wire.discord_gateway import connected
from bots.wire.discord_rest import DiscordRest

log = logging.getLogger(__name__)
T = TypeVar("T")
BEAT_S: Final = 30.0
NO_INTENTS: Final = 0
MOST_RESUMES: Final = 3  # in a row that came to nothing; then a new session, after growing pauses


class _Application(msgspec.Struct):
    id: str


class _Channel(msgspec.Struct):
    guild_id: str | None = None


class DiscordListener(Listener):
    """One bot."""

    kind: ClassVar[str] = "discord"

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        options: DiscordOptions = parts.outlet.options
        assert options.token is not None, "the options were checked"
        self._options, self._token = options, options.token
        self._rest = DiscordRest(parts.http, options.base_url, options.token)
        self._interactions = Interactions(parts)
        self._session: Session | None = None
        self._in_vain = 0

    async def run(self) -> None:
        """See `Listener`."""
        await self._register()
        try:
            while True:
                await self._session_or_what_follows()
        except GatewayRefused as error:
            raise Misconfigured(f"{self.parts.key}.token: {error}") from error
        finally:
            await self._interactions.stop()

    async def _session_or_what_follows(self) -> None:
        """One connection; returns when the session can go on over another."""
        try:
            await self._listen()
        except GatewayLost as error:
            self._in_vain += 1
            again = error.resumable and error.after is None and self._in_vain <= MOST_RESUMES
            if self._session is None or not again:
                self._session, self._in_vain = None, 0
                raise
            log.info("%s: connecting again: %s", self.parts.name, error)
            await asyncio.sleep(self.parts.random.uniform(0.5, 1.5))

    async def _listen(self) -> None:
        url = await self._rest.gateway() if self._session is None else ""
        login = Login(self._token, NO_INTENTS, ("INTERACTION_CREATE",))
        async with connected(self.parts.http, url, login, self._session, self.parts.random) as gateway:
            log.info("%s: listening for questions", self.parts.name)
            while True:
                for event in await gateway.take(BEAT_S):
                    self._interactions.handle(event)
                self._session, self._in_vain = gateway.session, 0

    async def _register(self) -> None:
        """The commands, in each server that has one of the rooms; what else the app had there is replaced."""
        application = await self._asked("applications/@me", _Application)
        found = [(await self._asked(f"channels/{room}", _Channel)).guild_id for room in sorted(self.parts.door.rooms)]
        data = msgspec.json.encode([command(form) for form in all_forms()])
        for guild in sorted({guild for guild in found if guild}):
            await self._put(f"applications/{application.id}/guilds/{guild}/commands", data, guild)

    async def _put(self, path: str, data: bytes, guild: str) -> None:
        authorization = f"Bot {self._token.get_secret_value()}"
        headers = {"Content-Type": "application/json", "User-Agent": AGENT, "Authorization": authorization}
        url, session = f"{self._options.base_url}/{path}", self.parts.outlet.tools.session
        done = await attempt(session, "PUT", url, data, headers, self._options.timeout, retry_after)
        if isinstance(done, Delivered):
            return
        what = f"{self.parts.key}: the commands cannot be registered in server {guild}: {done.reason}"
        raise Retry(what, getattr(done, "after", None))

    async def _asked(self, path: str, kind: type[T]) -> T:
        try:
            return await self._rest.get_as(path, kind)
        except HttpError as error:
            if error.status == HTTPStatus.UNAUTHORIZED:
                raise Misconfigured(f"{self.parts.key}.token: Discord does not accept it") from error
            if error.status in (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND):
                room = path.removeprefix("channels/")
                raise Misconfigured(
                    f"{self.parts.key}.questions.rooms: the bot does not see {room}; "
                    "invite it to the server with the scopes bot and applications.commands"
                ) from error
            raise
