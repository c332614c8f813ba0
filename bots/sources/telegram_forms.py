"""What of Telegram's objects is read (core.telegram.org/bots/api#available-types)."""

from __future__ import annotations

from typing import Any, Literal

import msgspec


class Start(msgspec.Struct, frozen=True):
    """What of an update must be readable, whatever else it holds."""

    update_id: int


class User(msgspec.Struct, frozen=True):
    """A person or bot."""

    id: int
    is_bot: bool = False
    first_name: str = ""
    last_name: str = ""
    username: str = ""

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}".strip()


class Chat(msgspec.Struct, frozen=True):
    """A private chat, group, supergroup or channel."""

    id: int
    type: str
    title: str = ""
    username: str = ""
    is_direct_messages: bool = False

    @property
    def public(self) -> bool:
        """Whether more than two can read it: no private chat, and not the letters to a channel."""
        return self.type in ("group", "supergroup", "channel") and not self.is_direct_messages

    @property
    def name(self) -> str:
        """As people know it."""
        return f"@{self.username}" if self.username else self.title or str(self.id)


class Entity(msgspec.Struct, frozen=True):
    """A part of a text; offset and length in UTF-16 code units."""

    type: str
    offset: int
    length: int
    url: str = ""
    user: User | None = None


class Origin(msgspec.Struct, frozen=True):
    """Where a forwarded message comes from; only of a channel's post the number is told."""

    type: Literal["user", "hidden_user", "chat", "channel"]
    date: int
    sender_user: User | None = None
    sender_user_name: str = ""
    sender_chat: Chat | None = None
    chat: Chat | None = None
    message_id: int | None = None


class Option(msgspec.Struct, frozen=True):
    """An answer to choose."""

    text: str


class Poll(msgspec.Struct, frozen=True):
    """A question and its answers."""

    question: str
    options: list[Option] = []


class Elsewhere(msgspec.Struct, frozen=True):
    """A message of another chat that is answered."""

    origin: Origin
    chat: Chat | None = None
    message_id: int | None = None


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """What a message tells of itself even where it is answered."""

    message_id: int
    chat: Chat
    sender: User | None = msgspec.field(default=None, name="from")
    sender_chat: Chat | None = None
    message_thread_id: int | None = None
    is_topic_message: bool = False
    is_automatic_forward: bool = False
    forward_origin: Origin | None = None
    forum_topic_created: Any = None


class Message(Head, frozen=True, kw_only=True):
    """A message or a channel's post."""

    date: int
    reply_to_message: Head | None = None
    external_reply: Elsewhere | None = None
    text: str = ""
    entities: list[Entity] = []
    caption: str = ""
    caption_entities: list[Entity] = []
    poll: Poll | None = None
    rich_message: Any = None
    location: Any = None
    author_signature: str = ""
    migrate_to_chat_id: int | None = None
    migrate_from_chat_id: int | None = None


class Placed(msgspec.Struct, frozen=True):
    """Where a message was written, whatever else it holds."""

    chat: Chat


class Whereabouts(Start, frozen=True):
    """An update before it is known whether it is any business of ours."""

    message: Placed | None = None
    edited_message: Placed | None = None
    channel_post: Placed | None = None
    edited_channel_post: Placed | None = None

    @property
    def chat(self) -> Chat | None:
        """The chat it is of; None for a kind of update that was not asked for."""
        placed = self.message or self.edited_message or self.channel_post or self.edited_channel_post
        return placed.chat if placed is not None else None


class Update(Start, frozen=True):
    """One of the four is there."""

    message: Message | None = None
    edited_message: Message | None = None
    channel_post: Message | None = None
    edited_channel_post: Message | None = None

    @property
    def news(self) -> tuple[Literal["create", "update"], Message] | None:
        """What happened to which message; None for a kind of update that was not asked for."""
        if (written := self.message or self.channel_post) is not None:
            return "create", written
        if (edited := self.edited_message or self.edited_channel_post) is not None:
            return "update", edited
        return None
