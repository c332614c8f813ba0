"""Messages and channels in the form of Discord's API (v10), as far as they are read.

Source: docs.discord.com/developers/resources/message and /channel.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import msgspec

EPOCH_MS: Final = 1_420_070_400_000
SPOKEN: Final = frozenset({0, 19, 20, 23})  # messages that somebody wrote: plain, replies, results of commands
STARTER: Final = 21  # repeats at the top of a thread the message that it hangs on
FORWARD: Final = 1
CROSSPOST: Final = 1 << 1  # flags of messages
EPHEMERAL: Final = 1 << 6
FORUMS: Final = frozenset({15, 16})  # channels that hold threads only
THREADS: Final = frozenset({10, 11})  # of news channels, and public ones; private threads (12) are not read
THREADED: Final = frozenset({0, 5, 15, 16})  # channels that have threads; those for voice have none
ROOMS: Final = frozenset({0, 2, 5, 13, 15, 16})


class User(msgspec.Struct, frozen=True):
    """Who wrote, or is named; for a webhook its own id and the name it took."""

    id: str
    username: str = ""
    global_name: str | None = None
    bot: bool = False


class Reference(msgspec.Struct, frozen=True):
    """The message that is answered or forwarded."""

    type: int = 0
    message_id: str | None = None
    channel_id: str | None = None


class Field(msgspec.Struct, frozen=True):
    """A part of an embed."""

    name: str = ""
    value: str = ""


class Embed(msgspec.Struct, frozen=True):
    """A box: of a bot's own making, or the preview of a link."""

    title: str | None = None
    description: str | None = None
    url: str | None = None
    fields: list[Field] = []


class Named(msgspec.Struct, frozen=True):
    """An attachment (`description` is what its author wrote for those who cannot see it), or a sticker (`name`)."""

    name: str = ""
    description: str | None = None
    content_type: str | None = None


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """What a message says; a forwarded one is given as this much."""

    content: str = ""
    embeds: list[Embed] = []
    attachments: list[Named] = []
    sticker_items: list[Named] = []
    components: list[dict[str, Any]] = []
    poll: dict[str, Any] | None = None
    mentions: list[User] = []


class Snapshot(msgspec.Struct, frozen=True):
    """What was forwarded."""

    message: Words


class Answered(msgspec.Struct, frozen=True):
    """The message that is answered, of which we need its author."""

    author: User


class Message(Words, frozen=True, kw_only=True):
    """A message, by REST or by event."""

    id: str
    channel_id: str
    author: User
    timestamp: datetime
    edited_timestamp: datetime | None = None
    type: int = 0
    flags: int = 0
    webhook_id: str | None = None
    message_reference: Reference | None = None
    message_snapshots: list[Snapshot] = []
    referenced_message: Answered | None = None


class Archive(msgspec.Struct, frozen=True):
    """Since when a thread rests, if it does."""

    archive_timestamp: datetime | None = None


class Channel(msgspec.Struct, frozen=True):
    """A channel or a thread; `owner_id` is who began a thread."""

    id: str
    type: int
    guild_id: str = ""
    name: str | None = None
    parent_id: str | None = None
    last_message_id: str | None = None
    owner_id: str | None = None
    thread_metadata: Archive | None = None


def snowflake(at: float) -> int:
    """The lowest id that a message of this time (Unix s) can have."""
    return max(0, int(at * 1_000) - EPOCH_MS) << 22


def time_of(number: str) -> float:
    """When (Unix s) an id was given. Raises `ValueError`."""
    return ((int(number) >> 22) + EPOCH_MS) / 1_000
