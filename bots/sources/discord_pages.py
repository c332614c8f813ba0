"""Reads Discord's messages: pages of a channel or thread, single ones, and those that events bring."""

from __future__ import annotations

import math
from http import HTTPStatus
from typing import Any

import msgspec

from bots.http import HttpError
from bots.sources.base import Bad
from bots.sources.discord_forms import Message, time_of
from bots.sources.discord_posts import Where, post_of
from bots.sources.discord_rooms import GONE, Rooms
from bots.sources.told import Page, Said
from bots.wire.discord_rest import DiscordRest

LIMIT = 100


class Named(msgspec.Struct):
    """What every event on a message tells of it."""

    id: str
    channel_id: str


class Pages:
    """One bot's reading; what it says itself is left out."""

    def __init__(self, rest: DiscordRest, rooms: Rooms) -> None:
        self._rest, self._rooms = rest, rooms
        self.own = ""
        """The bot's own number."""

    async def after(self, where: Where, after: str) -> Page:
        """The next messages of a place behind a number, oldest first. Raises `HttpError`."""
        place = where.place.id
        params = {"limit": str(LIMIT), "after": after}
        found = await self._rest.get(f"channels/{place}/messages", params)
        if not isinstance(found, list):
            raise HttpError(f"Discord sent no list of messages of {place}", HTTPStatus.OK)
        numbers = sorted((number for record in found if (number := _number(record))), key=int)
        more = numbers[-1] if numbers and len(found) >= LIMIT else None
        if len(found) >= LIMIT and (more is None or int(more) <= int(after)):
            raise HttpError(f"Discord sent a page of {place} that leads nowhere", HTTPStatus.OK)
        page = Page([], [], time_of(after) + 0.001, time_of(more) if more else math.inf, more, numbers)
        for record in sorted(found, key=lambda record: int(_number(record) or 0)):
            read = self.read(record, where)
            if isinstance(read, Said):
                page.said.append(read)
            else:
                page.bad.append(read)
        return page

    async def one(self, place: str, number: str) -> Any | None:
        """A message as it is now; None: it is gone. Raises `HttpError`."""
        try:
            path, bucket = f"channels/{place}/messages/{number}", f"channels/{place}/message"
            return await self._rest.get(path, bucket=bucket)
        except HttpError as error:
            if error.status in GONE:
                return None
            raise

    def read(self, record: Any, where: Where) -> Said | Bad:
        """A message, or what is wrong with it."""
        try:
            message = msgspec.convert(record, Message)
            at = time_of(message.id)
            if message.channel_id != where.place.id:
                raise ValueError(f"it belongs to channel {message.channel_id}")
            post = post_of(message, where, self._rooms.name_of) if message.author.id != self.own else None
        except (ValueError, OverflowError, RecursionError) as error:
            record = msgspec.json.encode(record)
            return Bad(record, f"not in the form of a message: {error}", where.place.id)
        return Said(message.channel_id, message.id, at, post)


def _number(record: Any) -> str | None:
    number = record.get("id") if isinstance(record, dict) else None
    return number if isinstance(number, str) and number.isascii() and number.isdecimal() else None
