"""The channels and threads of Discord that are followed, as REST and events tell of them."""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import datetime
from http import HTTPStatus
from typing import Any

import msgspec

from bots.http import HttpError
from bots.sources.discord_forms import FORUMS, ROOMS, THREADS, Channel
from bots.sources.discord_posts import Where
from bots.sources.lru import Lru
from bots.wire.discord_rest import DiscordRest

log = logging.getLogger(__name__)

GONE = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND})
MOST_THREADS = 20_000  # that are remembered


class _Guild(msgspec.Struct):
    name: str


class _Threads(msgspec.Struct):
    threads: list[Any]
    has_more: bool = False


class _Starter(msgspec.Struct):
    author: dict[str, Any]


class Rooms:
    """Followed are the channels named in the options, or all of the servers named there, each with its threads."""

    def __init__(self, rest: DiscordRest, guilds: Collection[str], channels: Collection[str]) -> None:
        self._rest, self.guilds, self._wanted = rest, guilds, channels
        self.rooms: dict[str, Channel] = {}
        self._names: dict[str, str] = {}  # of servers
        self._threads: Lru[str, Channel] = Lru(MOST_THREADS)
        self._starters: Lru[str, str] = Lru(MOST_THREADS)  # thread -> who wrote what it hangs on; "": nobody did
        self._closed: Lru[str, int] = Lru(
            MOST_THREADS
        )  # places that are not followed, or cannot be read, and the status

    async def load(self) -> None:
        """All channels, and the threads that are in use. Raises `HttpError`."""
        self.rooms.clear()
        for guild in self.guilds:
            found = await self._rest.get_as(f"guilds/{guild}", _Guild)
            self._names[guild] = found.name
            for channel in _channels(await self._rest.get_as(f"guilds/{guild}/channels", list[Any])):
                self.learn(msgspec.structs.replace(channel, guild_id=guild))

    async def active(self) -> list[Channel]:
        """The followed threads that are in use. Raises `HttpError`."""
        found = list[Channel]()
        for guild in self.guilds:
            threads = await self._rest.get_as(f"guilds/{guild}/threads/active", _Threads)
            found += [thread for thread in _channels(threads.threads) if self.learn(thread)]
        return found

    async def archived(self, room: str, before: str) -> tuple[list[Channel], str | None]:
        """A page of a channel's threads that rest, those that rest longest last, and where the next page begins."""
        params = {"limit": "100", **({"before": before} if before else {})}
        path = f"channels/{room}/threads/archived/public"
        page = await self._rest.get_as(path, _Threads, params)
        found = _channels(page.threads)
        threads = [thread for thread in found if self.learn(thread)]
        rest = [at for thread in found if (at := rests_since(thread)) is not None]
        return threads, min(rest).isoformat() if page.has_more and rest else None

    def learn(self, channel: Channel) -> bool:
        """A channel or thread is there, perhaps under another name; whether it is followed."""
        if channel.type in THREADS:
            if channel.parent_id not in self.rooms:
                return False
            self._threads.put(channel.id, channel)
            return True
        wanted = channel.id in self._wanted if self._wanted else channel.guild_id in self.guilds
        if channel.type in ROOMS and wanted and channel.guild_id in self.guilds:
            self.rooms[channel.id] = channel
            return True
        return False

    def close(self, place: str, reason: str) -> None:
        """A place is gone or cannot be read: it is not followed any more until the next start."""
        if self.rooms.pop(place, None) is not None:
            log.warning("channel %s is not read: %s", place, reason)
        self._closed.put(place, 0)

    def is_gone(self, place: str) -> bool:
        """Whether Discord said that there is no such place (any more)."""
        return self._closed.get(place) == HTTPStatus.NOT_FOUND

    def name_of(self, place: str) -> str | None:
        """A channel's or thread's name."""
        channel = self.rooms.get(place) or self._threads.get(place)
        return channel.name if channel is not None else None

    def room_of(self, place: str) -> str | None:
        """The followed channel that a place is or belongs to, as far as it is known."""
        if place in self.rooms:
            return place
        thread = self._threads.get(place)
        return thread.parent_id if thread is not None and thread.parent_id in self.rooms else None

    async def where(self, place: str) -> Where | None:
        """A followed place; None: it is not followed. Raises `HttpError`."""
        room = self.room_of(place) or await self._find(place)
        if room is None:
            return None
        channel, parent = self.rooms.get(place) or self._threads.get(place), self.rooms[room]
        assert channel is not None, "a room or a thread"
        guild = parent.guild_id
        starter = await self._starter(channel, parent) if place != room else None
        here = msgspec.structs.replace(channel, guild_id=guild)
        return Where(here, parent, self._names.get(guild, guild), starter)

    async def _find(self, place: str) -> str | None:
        """A place that neither lists nor events have named yet: a thread that was woken up, say."""
        if self._closed.get(place) is not None:
            return None
        channel, status = None, 0
        try:
            channel = await self._rest.get_as(f"channels/{place}", Channel)
        except HttpError as error:
            if error.status not in GONE:
                raise
            status = error.status  # not for the bot's eyes, or deleted
        if channel is None or not self.learn(channel):
            self._closed.put(place, status)
            return None
        return self.room_of(place)

    async def _starter(self, thread: Channel, room: Channel) -> str | None:
        """Who wrote the message that a thread hangs on, asked for once."""
        if room.type in FORUMS:
            return thread.owner_id
        known = self._starters.get(thread.id)
        if known is None:
            try:
                path, bucket = f"channels/{room.id}/messages/{thread.id}", f"channels/{room.id}/message"
                found = await self._rest.get_as(path, _Starter, bucket=bucket)
                known = str(found.author.get("id") or "")
            except HttpError as error:
                if error.status not in GONE:
                    raise
                known = ""  # begun without a message, or the message was deleted
            self._starters.put(thread.id, known)
        return known or None


def _channels(found: list[Any]) -> list[Channel]:
    """Those that can be read."""
    channels = list[Channel]()
    for record in found:
        try:
            channels.append(msgspec.convert(record, Channel))
        except msgspec.ValidationError as error:
            log.warning("a channel is not in the form of a channel: %s", error)
    return channels


def rests_since(thread: Channel) -> datetime | None:
    """When a thread was put to rest."""
    return thread.thread_metadata.archive_timestamp if thread.thread_metadata is not None else None
