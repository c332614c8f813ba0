"""Slack: channels of one workspace, through an app of one's own in Socket Mode.

The socket is a live signal only: Slack sends an event again for a few minutes at most. An envelope is acknowledged once
the resume point behind it is saved; after each new connection pages of the channels bring what was said meanwhile, and
show which of the messages told lately were edited or deleted.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from typing import Any, ClassVar

import msgspec

from bots.sources.base import LOOKS_S, Batch, Misconfigured, Retry, Source, SourceOptions, Tools
from bots.sources.second_looks import Complaints
from bots.sources.slack_backlog import Place
from bots.sources.slack_desk import Desk, open_desk
from bots.sources.slack_options import SlackOptions
from bots.sources.watching import News
from bots.wire.slack_socket import Envelope, SlackRefused, SlackSockets, listening
from bots.wire.slack_web import SlackError, SlackWeb
from streams.tasks import Tasks

MOST_HELD = 10_000  # envelopes that wait for their resume point; those before them come again


class Slack(Source):
    """One app in one workspace."""

    name: ClassVar[str] = "slack"
    options_type: ClassVar[type[SourceOptions]] = SlackOptions
    beat_s: ClassVar[float] = 30.0  # a sign of life at least so often
    waits_s: ClassVar[Sequence[float]] = LOOKS_S

    def __init__(self, options: SlackOptions, tools: Tools) -> None:
        super().__init__(options, tools)
        self._bad = Complaints()
        self._held: deque[tuple[int, Envelope]] = deque(maxlen=MOST_HELD)
        self._saved, self._news = 0, asyncio.Event()

    def saved(self, cursor: Any) -> None:
        """Envelopes up to here are safe."""
        self._saved = cursor.get("count", 0) if isinstance(cursor, dict) else 0
        self._news.set()

    async def collect(self, cursor: Any) -> AsyncIterator[Batch]:
        """What is said in all channels, its edits and deletions, for ever."""
        options: SlackOptions = self.options
        for key in ("app_token", "bot_token"):
            if getattr(options, key) is None:
                raise Misconfigured(f"sources.slack.{key}: it is missing; docs/sources/slack.md says how to get one")
        place = msgspec.convert(cursor, Place) if cursor is not None else Place()
        try:
            desk = await open_desk(options, self.tools, place, self.waits_s)
        except SlackError as error:
            raise _meaning(error, "sources.slack.bot_token") from error
        tasks = Tasks()
        try:
            async with listening(self.tools.http, self._address) as sockets:
                self._held.clear()
                tasks.start(self._acknowledge(sockets), "slack acknowledgements")
                desk.plan()
                while True:
                    yield self._bad.without_known(await self._turn(desk, sockets))
        except SlackRefused as error:
            raise Misconfigured(f"sources.slack.app_token: {error}; switch it on in the app's settings") from error
        except SlackError as error:
            raise _meaning(error, "sources.slack.bot_token") from error
        finally:
            await tasks.stop()

    async def _address(self) -> str:
        options: SlackOptions = self.options
        assert options.app_token is not None, "asked for before"
        try:
            return await SlackWeb(self.tools.http, options.base_url, options.app_token).socket()
        except SlackError as error:
            raise _meaning(error, "sources.slack.app_token") from error

    async def _turn(self, desk: Desk, sockets: SlackSockets) -> Batch:
        """What has come live, and a piece of what is still to be read."""
        envelopes = await sockets.take(0.0 if desk.busy else self.beat_s)
        news, now = News(), self.tools.now().timestamp()
        for envelope in envelopes:
            await desk.events.handle(envelope, news, now)
        if envelopes:
            desk.place.count += 1
            self._held.extend((desk.place.count, envelope) for envelope in envelopes)
        await desk.work(news, now)
        return Batch(posts=news.posts, bad=news.bad, cursor=msgspec.to_builtins(desk.place))

    async def _acknowledge(self, sockets: SlackSockets) -> None:
        """Tell Slack of the envelopes that are safe, whenever a resume point is saved."""
        while True:
            await self._news.wait()
            self._news.clear()
            while self._held and self._held[0][0] <= self._saved:
                await sockets.ack(self._held.popleft()[1])


def _meaning(error: SlackError, key: str) -> Misconfigured | Retry:
    """A refusal that we do not know may pass; the others only a person can mend."""
    return Misconfigured(error.explain(key)) if error.known else Retry(f"Slack refuses: {error}")
