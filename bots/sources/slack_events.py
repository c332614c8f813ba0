"""What comes live from Slack's Events API, as posts (docs.slack.dev/reference/events/message)."""

from __future__ import annotations

import msgspec

from bots.sources.base import Bad
from bots.sources.lru import Lru
from bots.sources.slack_backlog import Backlog
from bots.sources.slack_pages import Pages
from bots.sources.slack_people import Channels
from bots.sources.slack_posts import SPOKEN
from bots.sources.told import Said, Told
from bots.sources.watching import News
from bots.wire.slack_socket import Envelope


class _Event(msgspec.Struct):
    type: str
    channel: str = ""
    subtype: str = ""
    deleted_ts: str = ""
    message: msgspec.Raw = msgspec.Raw(b"null")
    previous_message: msgspec.Raw = msgspec.Raw(b"null")


class _Payload(msgspec.Struct):
    event_id: str = ""
    event: msgspec.Raw = msgspec.Raw(b"null")


class _Before(msgspec.Struct):
    thread_ts: str | None = None
    ts: str = ""


class Events:
    """Handles events in their order; one that comes again is known. Raises `HttpError` and `SlackError`."""

    def __init__(self, channels: Channels, pages: Pages, backlog: Backlog, told: Told) -> None:
        self._channels, self._pages, self._backlog, self._told = channels, pages, backlog, told
        self._seen: Lru[str, bool] = Lru(2_000)

    async def handle(self, envelope: Envelope, news: News, now: float) -> None:
        """Put what an envelope tells into `news`. `now`: Unix seconds."""
        try:
            if not envelope.kind:
                raise ValueError("no JSON object with a type")
            if envelope.kind != "events_api":
                return  # commands and buttons are for the chat bot
            payload = msgspec.json.decode(envelope.payload, type=_Payload)
            event = msgspec.json.decode(payload.event, type=_Event)
            if event.type != "message" or self._seen.get(payload.event_id):
                return
            if await self._channels.follows(event.channel):
                await self._message(event, bytes(payload.event), news, now)
            if payload.event_id:
                self._seen.put(payload.event_id, True)
        except (ValueError, OverflowError, RecursionError) as error:
            news.bad.append(Bad(envelope.payload, f"not in the form of an event: {error}", envelope.id))

    async def _message(self, event: _Event, raw: bytes, news: News, now: float) -> None:
        channel = event.channel
        if event.subtype == "message_deleted":
            before = msgspec.json.decode(event.previous_message, type=_Before | None) or _Before()
            inside = before.thread_ts if before.thread_ts and before.thread_ts != event.deleted_ts else None
            place = f"{channel}/{inside}" if inside else channel
            since = self._backlog.heard(channel, 0.0, now).since
            news.posts += self._told.gone(place, event.deleted_ts, after=since)
        elif event.subtype == "message_changed":
            await self._changed(channel, bytes(event.message), news, now)
        elif event.subtype in SPOKEN:
            said = await self._read(raw, channel, news)
            if said is not None:
                news.posts += self._told.tell(said, 0.0)
                self._backlog.heard(channel, said.at, now)

    async def _changed(self, channel: str, raw: bytes, news: News, now: float) -> None:
        """An edit, a preview or a reply that was added to a message, or all that is left of a deleted one."""
        said, room = await self._read(raw, channel, news), self._backlog.heard(channel, 0.0, now)
        if said is None:
            return
        about = msgspec.json.decode(raw)
        if about.get("subtype") == "tombstone":  # what stays of a deleted message that was answered
            news.posts += self._told.gone(said.place, said.name, after=room.since)
            return
        if not self._told.knows(said.place, said.name):
            if said.at > room.since and room.tasks:
                return  # it is still to be read, and then as it is now
            if said.at <= room.since and "edited" not in about:
                return
        news.posts += self._told.tell(said, room.since, edit=True)

    async def _read(self, raw: bytes, channel: str, news: News) -> Said | None:
        read = await self._pages.read(msgspec.json.decode(raw), channel)
        if isinstance(read, Bad):
            news.bad.append(read)
            return None
        return read
