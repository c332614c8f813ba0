"""Reads Slack's messages: pages of a channel or a thread, single ones, and those that events bring."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import msgspec

from bots.http import HttpError
from bots.sources.base import Bad
from bots.sources.slack_people import Channels, People, next_page
from bots.sources.slack_posts import Message, Team, place_of, post_of, seconds
from bots.sources.told import Page, Said
from bots.wire.slack_web import SlackError, SlackWeb

LIMIT = "200"
NO_THREAD = "thread_not_found"


class Range(msgspec.Struct):
    """Messages from `low` to `high`, both included (`ts`), behind `page`; those after `tell` (Unix s) are all news."""

    low: str
    high: str
    tell: float
    page: str = ""


class Found(msgspec.Struct):
    """A page, and the threads with replies that are to be looked for: the `ts` of their first messages."""

    page: Page
    threads: list[str] = []


class Pages:
    """One workspace. Everything raises `HttpError` and `SlackError`."""

    def __init__(self, web: SlackWeb, team: Team, people: People, channels: Channels) -> None:
        self._web, self._team, self._people, self._channels = web, team, people, channels

    async def get(self, place: str, wanted: Range) -> Found:
        """The next page of a place. What it covers is whole only where it is the only page, else between its ends."""
        channel, _, thread = place.partition("/")
        params = {"channel": channel, "oldest": wanted.low, "latest": wanted.high, "inclusive": "true", "limit": LIMIT}
        params |= ({"ts": thread} if thread else {}) | ({"cursor": wanted.page} if wanted.page else {})
        try:
            answer = await self._web.get("conversations.replies" if thread else "conversations.history", params)
        except SlackError as error:
            if error.error == "invalid_cursor" and wanted.page:  # it was kept for too long: from the beginning
                return Found(Page([], [], 0.0, 0.0, more=""))
            if error.error == NO_THREAD:
                return Found(Page([], [], seconds(wanted.low), seconds(wanted.high)))
            raise
        records = answer.get("messages")
        if not isinstance(records, list):
            raise HttpError("Slack sent no list of messages", HTTPStatus.OK)
        return await self._found(place, wanted, records, next_page(answer))

    async def _found(self, place: str, wanted: Range, records: list[Any], more: str) -> Found:
        times = sorted(ts for record in records if (ts := _ts(record)))
        alone = not wanted.page and not more
        inside = [ts for ts in times if ts != place.partition("/")[2]]  # a thread's first message is on every page
        ends = (wanted.low, wanted.high) if alone or not inside else (inside[0], inside[-1])
        page = Page([], [], seconds(ends[0]), seconds(ends[1]), more or None, times)
        if not alone and not inside:
            page.high = page.low = 0.0
        found = Found(page)
        for record in sorted(records, key=lambda record: _ts(record) or ""):
            read = await self.read(record, place.partition("/")[0])
            if isinstance(read, Said):
                page.said.append(read)
            else:
                page.bad.append(read)
            if place.count("/") == 0 and _replied(record) > wanted.tell:
                found.threads.append(_ts(record) or "")
        return found

    async def there(self, place: str, ts: str) -> bool:
        """Whether a message is still there."""
        found = await self.get(place, Range(ts, ts, 0.0))
        return any(said.name == ts and said.post is not None for said in found.page.said)

    async def read(self, record: Any, channel: str) -> Said | Bad:
        """A message, or what is wrong with it."""
        try:
            message = msgspec.convert(record, Message)
            at = seconds(message.ts)
            await self._people.learn(message)
            author, called = self._people.get(message.user), self._people.called
            post = post_of(message, channel, self._team, author, called, self._channels.name_of)
        except (ValueError, OverflowError, RecursionError) as error:
            return Bad(msgspec.json.encode(record), f"not in the form of a message: {error}", channel)
        return Said(place_of(channel, message), message.ts, at, post)


def _ts(record: Any) -> str | None:
    ts = record.get("ts") if isinstance(record, dict) else None
    try:
        seconds(ts if isinstance(ts, str) else "")
    except ValueError:
        return None
    return ts if isinstance(ts, str) else None


def _replied(record: Any) -> float:
    """When (Unix s) a thread had its last reply; 0: there is none."""
    latest = record.get("latest_reply") if isinstance(record, dict) else None
    return seconds(latest) if _ts({"ts": latest}) and latest is not None else 0.0
