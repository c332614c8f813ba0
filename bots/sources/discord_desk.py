"""The work of the Discord source: what it reads when, and what it tells of that."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Sequence
from http import HTTPStatus
from typing import Final

import msgspec

from bots.http import HttpError
from bots.sources.base import Misconfigured, Tools
from bots.sources.discord_backlog import ARCHIVE, Backlog, Place
from bots.sources.discord_events import Events
from bots.sources.discord_forms import snowflake, time_of
from bots.sources.discord_options import DiscordOptions
from bots.sources.discord_pages import Pages
from bots.sources.discord_posts import Where, post_id
from bots.sources.discord_rooms import GONE, Rooms
from bots.sources.told import Names, Page, Told
from bots.sources.watching import News
from bots.wire.discord_rest import DiscordRest, code_of

log = logging.getLogger(__name__)

MAY_READ: Final = 1 << 18 | 1 << 19  # the application's flags for MESSAGE_CONTENT: approved, or not needing approval
MOST_PAGES = 10  # of one second look
MISSING_ACCESS = 50_001  # Discord's code: the bot does not even see the channel
LOOK_TURN = 3  # every so many-th turn is for second looks, however much there is to read
CONFIRM = 20  # missing messages of a page that are asked for by number
INTENT = "the bot may not read messages: switch on the Message Content Intent on its page in the Developer Portal"


class _Application(msgspec.Struct):
    flags: int = 0


class _Me(msgspec.Struct):
    id: str


class Desk:
    """All that one call of `collect` works with."""

    def __init__(self, options: DiscordOptions, tools: Tools, place: Place, waits_s: Sequence[float]) -> None:
        assert options.token is not None, "asked for before"
        self._options, self._tools, self.place = options, tools, place
        self.rest = rest = DiscordRest(tools.http, options.base_url, options.token)
        self.rooms = Rooms(rest, self._options.guilds, self._options.channels)
        self.pages = Pages(rest, self.rooms)
        self.backlog = Backlog(place, self.rooms, self._options.overlap.total_seconds())
        self.told = Told(place.told, Names(post_id, time_of), self._now, waits_s)
        self.events = Events(self.rooms, self.pages, self.backlog, self.told)
        self._rest_until = 0.0

    async def prepare(self) -> None:
        """Who we are, what we may read, and which channels there are."""
        try:
            application = await self.rest.get_as("applications/@me", _Application)
            self.pages.own = (await self.rest.get_as("users/@me", _Me)).id
        except HttpError as error:
            if error.status == HTTPStatus.UNAUTHORIZED:
                raise Misconfigured("sources.discord.token: Discord does not accept it") from error
            raise
        if not application.flags & MAY_READ:
            raise Misconfigured(f"sources.discord.token: {INTENT}")
        try:
            await self.rooms.load()
        except HttpError as error:
            if error.status in GONE:
                raise Misconfigured(f"sources.discord.guilds: the bot is not in one of them ({error})") from error
            raise
        if not self.rooms.rooms:
            raise Misconfigured("sources.discord.channels: none of them is a channel with messages of these servers")

    async def plan(self, *, all_rooms: bool) -> None:
        """What is to be read first: after a lost session everything since, else only rooms that are new. What was told
        before such a session is looked at once more: edits and deletions may have been missed."""
        if all_rooms:
            self.told.look_again()
        if self.backlog.keep() or all_rooms:
            first_s = self._options.first.total_seconds()
            self.backlog.plan(await self.rooms.active(), self._now(), first_s, all_rooms=all_rooms)

    def _now(self) -> float:
        return self._tools.now().timestamp()

    @property
    def busy(self) -> bool:
        """Whether there is something to read now."""
        if asyncio.get_running_loop().time() < self._rest_until:
            return False
        return any(room.tasks for room in self.place.rooms.values()) or self.told.due() is not None

    async def work(self, news: News, now: float) -> None:
        """One page of what is to be read, or one second look."""
        if not self.busy:
            return
        due, self.place.turn = self.told.due(), self.place.turn + 1
        try:
            if due is not None and self.place.turn % LOOK_TURN == 0:
                await self._look(*due, news)
            elif (task := self.backlog.next()) is not None:
                await self._read(*task, news, now)
            elif due is not None:
                await self._look(*due, news)
        except HttpError as error:
            if error.status != HTTPStatus.TOO_MANY_REQUESTS or not error.after:
                raise
            log.info("waiting for %.1f s: %s", error.after, error)  # what comes live is handled all the same
            self._rest_until = asyncio.get_running_loop().time() + error.after

    async def _read(self, name: str, task: str, news: News, now: float) -> None:
        room = self.place.rooms[name]
        try:
            if task == ARCHIVE:
                threads, more = await self.rooms.archived(name, room.tasks[task])
                more = more if self.backlog.found(room, threads) else None
            else:
                where = await self.rooms.where(task)
                if where is None and self.rooms.is_gone(task):
                    self._deleted(task, news)
                page = await self.pages.after(where, room.tasks[task]) if where is not None else Page([], [], 0.0, 0.0)
                await self._tell(task, page, self.backlog.start(room), news)
                more = page.more
        except HttpError as error:
            if error.status not in GONE:
                raise
            more = None
            if task != ARCHIVE or code_of(error) == MISSING_ACCESS:
                self._closed(name, name if task == ARCHIVE else task, error, news)
                if name not in self.rooms.rooms:
                    return
            else:
                log.warning("threads at rest of channel %s are not read: %s", name, error)
        active = await self.rooms.active() if more is None and room.stale and len(room.tasks) == 1 else []
        self.backlog.go_on(name, task, more, now, active)

    def _closed(self, name: str, place: str, error: HttpError, news: News) -> None:
        """A place is not ours to read any more; what was said in one that is gone is gone, too."""
        if error.status == HTTPStatus.NOT_FOUND:
            self._deleted(place, news)
        self.rooms.close(place, str(error))
        if place == name:
            self.backlog.drop(place)
            if not self.rooms.rooms:
                raise Misconfigured("sources.discord.channels: the bot may read none of them") from error

    def _deleted(self, place: str, news: News) -> None:
        for name in self.told.all(place):
            news.posts += self.told.gone(place, name)

    async def _tell(self, place: str, page: Page, after: float, news: News) -> None:
        """What is new on a page, and which of the messages told before are gone from it."""
        for said in page.said:
            news.posts += self.told.tell(said, after)
        news.bad += page.bad
        for name in self.told.missing(place, page.low, page.high, page.names)[:CONFIRM]:
            if await self.pages.one(place, name) is None:
                news.posts += self.told.gone(place, name)

    async def _look(self, place: str, names: Sequence[str], news: News) -> None:
        where = await self.rooms.where(place)
        if where is None and self.rooms.is_gone(place):
            self._deleted(place, news)
        try:
            await self._pages_of(where, names, news)
        except HttpError as error:
            if error.status not in GONE or where is None:
                raise
            self._closed(where.room.id, place, error, news)
        self.told.looked(place, names[0])

    async def _pages_of(self, where: Where | None, names: Sequence[str], news: News) -> None:
        after: str | None = str(snowflake(time_of(names[0])) - 1)
        for _ in range(MOST_PAGES):
            if where is None or after is None or int(after) >= int(names[-1]):
                return
            page = await self.pages.after(where, after)
            await self._tell(where.place.id, page, math.inf, news)
            after = page.more
