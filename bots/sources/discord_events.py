"""What comes live from Discord's Gateway, as posts."""

from __future__ import annotations

from typing import Any

import msgspec

from bots.sources.base import Bad
from bots.sources.discord_backlog import Backlog
from bots.sources.discord_forms import Channel
from bots.sources.discord_pages import Pages
from bots.sources.discord_rooms import Rooms
from bots.sources.told import Said, Told
from bots.sources.watching import News
from bots.wire.discord_frames import Event

MESSAGES = ("MESSAGE_CREATE", "MESSAGE_UPDATE", "MESSAGE_DELETE", "MESSAGE_DELETE_BULK")
CHANNELS = ("CHANNEL_CREATE", "CHANNEL_UPDATE", "THREAD_CREATE", "THREAD_UPDATE")
GONE = ("CHANNEL_DELETE", "THREAD_DELETE")
KINDS = frozenset({*MESSAGES, *CHANNELS, *GONE, "THREAD_LIST_SYNC"})


class _Named(msgspec.Struct):
    channel_id: str
    guild_id: str = ""
    id: str = ""
    ids: list[str] = []


class _Gone(msgspec.Struct):
    id: str


class _Threads(msgspec.Struct):
    threads: list[Channel]


class Events:
    """Handles events in their order. All of it raises `HttpError`."""

    def __init__(self, rooms: Rooms, pages: Pages, backlog: Backlog, told: Told) -> None:
        self._rooms, self._pages, self._backlog, self._told = rooms, pages, backlog, told

    async def handle(self, event: Event, news: News, now: float) -> None:
        """Put what an event tells into `news`. `now`: Unix seconds."""
        try:
            if event.kind in CHANNELS:
                self._rooms.learn(msgspec.json.decode(event.data, type=Channel))
            elif event.kind == "THREAD_LIST_SYNC":
                for thread in msgspec.json.decode(event.data, type=_Threads).threads:
                    self._rooms.learn(thread)
            elif event.kind in GONE:
                self._left(msgspec.json.decode(event.data, type=_Gone).id, news)
            elif event.kind in MESSAGES:
                await self._message(event, msgspec.json.decode(event.data, type=_Named), news, now)
            else:
                news.bad.append(Bad(event.data, "a frame that cannot be read"))
        except (ValueError, OverflowError, RecursionError) as error:
            news.bad.append(Bad(event.data, f"not in the form of {event.kind}: {error}"))

    def _left(self, place: str, news: News) -> None:
        """A channel or thread is deleted, and all that was said there with it."""
        for name in self._told.all(place):
            news.posts += self._told.gone(place, name)
        self._rooms.close(place, "it was deleted")
        self._backlog.drop(place)

    async def _message(self, event: Event, named: _Named, news: News, now: float) -> None:
        if named.guild_id and named.guild_id not in self._rooms.guilds:
            return  # of a server that is not asked for
        where = await self._rooms.where(named.channel_id)
        if where is None:
            return
        if event.kind.startswith("MESSAGE_DELETE"):
            since = self._backlog.heard(where.room.id, 0.0, now).since
            for name in named.ids or [named.id]:
                news.posts += self._told.gone(named.channel_id, name, after=since)
            return
        record: Any = msgspec.json.decode(event.data)
        if event.kind == "MESSAGE_UPDATE" and "author" not in record:  # only what changed
            record = await self._pages.one(named.channel_id, named.id)
            if record is None:
                return  # its deletion comes, too
        read = self._pages.read(record, where)
        if isinstance(read, Bad):
            news.bad.append(read)
        elif event.kind == "MESSAGE_UPDATE":
            news.posts += self._edited(read, where.room.id, record, now)
        else:
            news.posts += self._told.tell(read, 0.0)
            self._backlog.heard(where.room.id, read.at, now)

    def _edited(self, said: Said, name: str, record: Any, now: float) -> list[Any]:
        """An edit, or merely a preview, a pin or a thread that were added to a message."""
        room = self._backlog.heard(name, 0.0, now)
        if not self._told.knows(said.place, said.name):
            if said.at > room.since and room.tasks:
                return []  # it is still to be read, and then as it is now
            if said.at <= room.since and not record.get("edited_timestamp"):
                return []
        return self._told.tell(said, room.since, edit=True)
