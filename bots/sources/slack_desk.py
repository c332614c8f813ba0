"""The work of the Slack source: what it reads when, and what it tells of that."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Sequence
from http import HTTPStatus

from bots.http import HttpError
from bots.sources.base import Misconfigured, Tools
from bots.sources.slack_backlog import Backlog, Place
from bots.sources.slack_events import Events
from bots.sources.slack_options import SlackOptions
from bots.sources.slack_pages import Pages, Range
from bots.sources.slack_people import Channels, People, team_of
from bots.sources.slack_posts import Team, seconds
from bots.sources.told import Names, Page, Told
from bots.sources.watching import News
from bots.wire.slack_web import SlackError, SlackWeb

log = logging.getLogger(__name__)

CLOSED = frozenset({"not_in_channel", "channel_not_found", "is_archived", "channel_is_archived"})
MOST_PAGES = 10  # of one second look
LOOK_TURN = 3  # every so many-th turn is for second looks, however much there is to read
CONFIRM = 20  # missing messages of a page that are asked for one by one


class Desk:
    """All that one call of `collect` works with; make it with `open_desk`."""

    def __init__(
        self, options: SlackOptions, tools: Tools, place: Place, web: SlackWeb, team: Team, waits_s: Sequence[float]
    ) -> None:
        self._options, self._tools, self.place = options, tools, place
        self.channels = Channels(web, options.channels)
        self.pages = Pages(web, team, People(web), self.channels)
        self.backlog = Backlog(place, options.overlap.total_seconds(), options.threads.total_seconds())
        self.told = Told(place.told, Names(team.post_id, seconds), self._now, waits_s)
        self.events = Events(self.channels, self.pages, self.backlog, self.told)
        self._rest_until = 0.0

    async def prepare(self) -> None:
        """Which channels there are."""
        await self.channels.load()
        self._some()

    def plan(self) -> None:
        """A connection was made: what is to be read first."""
        self.backlog.plan(self.channels.ids, self._now(), self._options.first.total_seconds())

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

    async def _read(self, channel: str, task: str, news: News, now: float) -> None:
        place, wanted = f"{channel}/{task}" if task else channel, self.place.rooms[channel].tasks[task]
        try:
            found = await self.pages.get(place, wanted)
            await self._tell(place, found.page, wanted.tell, news)
        except SlackError as error:
            self._closed(channel, error)
            return
        self.backlog.go_on(channel, task, found.page.more, found.threads, now)

    def _closed(self, channel: str, error: SlackError) -> None:
        """A channel that cannot be read (any more) is left out; what was said there is not taken for deleted."""
        if error.error not in CLOSED:
            raise error
        self.channels.drop(channel, error.error)
        self.backlog.drop(channel)
        self._some()

    def _some(self) -> None:
        if not self.channels.ids:
            raise Misconfigured("sources.slack.channels: the app is a member of none: invite it (/invite @its-name)")

    async def _tell(self, place: str, page: Page, after: float, news: News) -> None:
        """What is new on a page, and which of the messages told before are gone from it."""
        for said in page.said:
            news.posts += self.told.tell(said, after)
        news.bad += page.bad
        for name in self.told.missing(place, page.low, page.high, page.names)[:CONFIRM]:
            if not await self.pages.there(place, name):
                news.posts += self.told.gone(place, name)

    async def _look(self, place: str, names: Sequence[str], news: News) -> None:
        channel = place.partition("/")[0]
        try:
            if await self.channels.follows(channel):
                await self._pages_of(place, Range(names[0], names[-1], math.inf), news)
        except SlackError as error:
            self._closed(channel, error)
        self.told.looked(place, names[0])

    async def _pages_of(self, place: str, wanted: Range, news: News) -> None:
        for _ in range(MOST_PAGES):
            found = await self.pages.get(place, wanted)
            await self._tell(place, found.page, math.inf, news)
            if not found.page.more:
                return
            wanted.page = found.page.more


async def open_desk(options: SlackOptions, tools: Tools, place: Place, waits_s: Sequence[float]) -> Desk:
    """A desk for the workspace that the token belongs to; a resume point of another one is put away."""
    assert options.bot_token is not None, "asked for before"
    web = SlackWeb(tools.http, options.base_url, options.bot_token)
    team = await team_of(web)
    if place.team != team.id:
        place = Place(team.id)
    desk = Desk(options, tools, place, web, team, waits_s)
    await desk.prepare()
    return desk
