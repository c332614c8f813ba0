"""Discord: channels, threads and forums of the servers that a bot was invited to.

The Gateway brings what happens while its session lives, and after a short absence what was missed. Where the session is
lost, pages of messages bring the rest (REST), and show which of those told lately were edited or deleted.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from typing import Any, ClassVar

import msgspec

from bots.sources.base import LOOKS_S, Batch, Misconfigured, Source, SourceOptions, Tools
from bots.sources.discord_backlog import Place
from bots.sources.discord_desk import INTENT, Desk
from bots.sources.discord_events import KINDS
from bots.sources.discord_options import DiscordOptions
from bots.sources.second_looks import Complaints
from bots.sources.watching import News
from bots.wire.discord_frames import GatewayLost, GatewayRefused, Login
from bots.wire.discord_gateway import Gateway, connected

log = logging.getLogger(__name__)

GUILDS, GUILD_MESSAGES, MESSAGE_CONTENT = 1 << 0, 1 << 9, 1 << 15  # intents
MOST_VAIN = 3  # short connections in a row; then a new session


class Discord(Source):
    """One bot; its servers and channels stand or fall together, but one that cannot be read is left out."""

    name: ClassVar[str] = "discord"
    options_type: ClassVar[type[SourceOptions]] = DiscordOptions
    names_root: ClassVar[bool] = False  # of an answer in a channel only what it answers is named
    beat_s: ClassVar[float] = 30.0  # a sign of life at least so often
    steady_s: ClassVar[float] = 10.0  # a connection that ended sooner was in vain
    calm_s: ClassVar[tuple[float, float]] = (1.0, 5.0)  # after a lost session, before the next one
    waits_s: ClassVar[Sequence[float]] = LOOKS_S

    def __init__(self, options: DiscordOptions, tools: Tools) -> None:
        super().__init__(options, tools)
        self._vain = 0
        self._bad = Complaints()

    async def collect(self, cursor: Any) -> AsyncIterator[Batch]:
        """What is said in all channels, its edits and deletions, for ever."""
        options: DiscordOptions = self.options
        if options.token is None:
            raise Misconfigured("sources.discord.token: it is missing; docs/sources/discord.md says how to get one")
        if not options.guilds:
            raise Misconfigured("sources.discord.guilds: name at least one server by its id, or disable the source")
        place = msgspec.convert(cursor, Place) if cursor is not None else Place()
        desk = Desk(options, self.tools, place, self.waits_s)
        await desk.prepare()
        login = Login(options.token, GUILDS | GUILD_MESSAGES | MESSAGE_CONTENT, KINDS)
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            try:
                async with aclosing(self._session(desk, login)) as batches:
                    async for batch in batches:
                        yield self._bad.without_known(batch)
            except GatewayLost as error:
                await self._again(place, error, lived=loop.time() - began > self.steady_s)
            except GatewayRefused as error:
                raise _misconfigured(error) from error

    async def _again(self, place: Place, error: GatewayLost, *, lived: bool) -> None:
        """Returns when it is time to connect again. Raises `error` where it says when, or no session is left."""
        self._vain = 0 if lived else self._vain + 1
        if place.session is None or error.after is not None:
            raise error
        log.info("connecting again: %s", error)
        if not error.resumable or self._vain > MOST_VAIN:
            place.session, self._vain = None, 0
        elif self._vain <= 1:
            return
        await asyncio.sleep(self.tools.random.uniform(*self.calm_s))

    async def _session(self, desk: Desk, login: Login) -> AsyncGenerator[Batch, None]:
        """One connection, with a session that goes on or begins."""
        place, tools = desk.place, self.tools
        url = await desk.rest.gateway() if place.session is None else ""
        async with connected(tools.http, url, login, place.session, tools.random) as gateway:
            await desk.plan(all_rooms=place.session is None)
            place.session = gateway.session
            while True:
                yield await self._turn(desk, gateway)

    async def _turn(self, desk: Desk, gateway: Gateway) -> Batch:
        """What has come live, and a piece of what is still to be read."""
        events = await gateway.take(0.0 if desk.busy else self.beat_s)
        news, now = News(), self.tools.now().timestamp()
        for event in events:
            await desk.events.handle(event, news, now)
        desk.place.session = gateway.session
        await desk.work(news, now)
        return Batch(posts=news.posts, bad=news.bad, cursor=msgspec.to_builtins(desk.place))


def _misconfigured(error: GatewayRefused) -> Misconfigured:
    reasons = {4_004: "Discord does not accept it", 4_014: INTENT}
    return Misconfigured(f"sources.discord.token: {reasons.get(error.code, str(error))}")
