"""Messages of Slack as posts."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from bots.sources.slack_text import Name, read_mrkdwn
from streams.records import Author, Post

PLATFORM: Final = "slack"
SPOKEN: Final = frozenset({"", "bot_message", "me_message", "file_share", "thread_broadcast"})
"""Subtypes of what somebody said; the others say that people came and went, or that something was changed."""
MOST_NESTED = 6  # of blocks within blocks
_TS = re.compile(r"\d{1,12}\.\d{6}")


class Attachment(msgspec.Struct, frozen=True):
    """A box below a message; a message that is shared comes as one, with its channel, time and author."""

    text: str | None = None
    title: str | None = None
    pretext: str | None = None
    fallback: str | None = None
    channel_id: str | None = None
    ts: str | float | None = None  # a number where an app dates its own box
    author_id: str | None = None


class File(msgspec.Struct, frozen=True):
    """An upload."""

    title: str | None = None
    name: str | None = None


class Profile(msgspec.Struct, frozen=True):
    """A bot's name."""

    name: str | None = None


class Message(msgspec.Struct, frozen=True):
    """A message, by the Web API or by event."""

    ts: str
    type: str = "message"
    subtype: str = ""
    user: str | None = None
    bot_id: str | None = None
    username: str | None = None
    bot_profile: Profile | None = None
    text: str | None = None
    thread_ts: str | None = None
    parent_user_id: str | None = None
    attachments: list[Attachment] = []
    blocks: list[dict[str, Any]] = []
    files: list[File] = []
    reply_count: int = 0
    latest_reply: str | None = None

    @property
    def parent(self) -> str | None:
        """The message whose thread it stands in; None for what stands in the channel itself."""
        return self.thread_ts if self.thread_ts and self.thread_ts != self.ts else None

    @property
    def source(self) -> str:
        """Its words, with markup: where nothing is written, those of what hangs on it."""
        parts = [self.text or "\n".join(_texts(self.blocks))]
        parts += [] if parts[0].strip() else [_box(each) for each in self.attachments]
        if not any(part.strip() for part in parts):
            parts = [f"[{name}]" for each in self.files if (name := each.title or each.name)]
        return "\n\n".join(part for part in parts if part)


class Person(msgspec.Struct, frozen=True):
    """Somebody, as far as it is known: how they are called, their name, whether it is a machine."""

    handle: str = ""
    name: str | None = None
    bot: bool = False


class Team(msgspec.Struct, frozen=True):
    """The workspace: its id, name, address, and the bot itself."""

    id: str
    name: str
    url: str
    own_user: str
    own_bot: str = ""

    def post_id(self, place: str, ts: str) -> str:
        """A place is a channel, or a channel and a thread; messages are named within their channel."""
        return f"{PLATFORM}:{self.id}/{place.partition('/')[0]}/{ts}"

    def author_id(self, person: str) -> str:
        """People and bots."""
        return f"{PLATFORM}:{self.id}/{person}"

    def owns(self, message: Message) -> bool:
        """Whether we said it ourselves."""
        return message.user == self.own_user or (message.bot_id is not None and message.bot_id == self.own_bot)


def place_of(channel: str, message: Message) -> str:
    """Channel, or channel and thread."""
    return f"{channel}/{message.parent}" if message.parent else channel


def seconds(ts: str) -> float:
    """The time (Unix s) of a message by its `ts`. Raises `ValueError`."""
    if not _TS.fullmatch(ts):
        raise ValueError(f"{ts[:40]!r} is not the time of a message")
    return float(ts)


def stamp(at: float) -> str:
    """A time (Unix s) as a `ts`."""
    return f"{max(0.0, at):.6f}"


def post_of(message: Message, channel: str, team: Team, author: Person, person: Name, named: Name) -> Post | None:
    """The message as a post; None: nobody said it, we did, or it says nothing. `named`: channels' names."""
    who, text = message.user or message.bot_id, read_mrkdwn(message.source, person, named)
    if message.subtype not in SPOKEN or team.owns(message) or not text.plain:
        return None
    if not who:
        raise ValueError("neither `user` nor `bot_id` says who wrote it")
    parent, own = message.parent, team.post_id(channel, message.ts)
    root = team.post_id(channel, parent) if parent else None
    shared = next((each for each in message.attachments if each.channel_id and isinstance(each.ts, str)), None)
    answered = message.parent_user_id if parent else None
    handle = message.username or author.handle or (message.bot_profile.name if message.bot_profile else None)
    return Post(
        id=own,
        platform=PLATFORM,
        author=Author(
            id=team.author_id(who), handle=handle or who, name=author.name, bot=author.bot or bool(message.bot_id)
        ),
        text=text.plain,
        created_at=datetime.fromtimestamp(seconds(message.ts), UTC),
        url=_permalink(team, channel, message.ts, parent),
        links=text.links,
        mentions=tuple(team.author_id(each) for each in text.people),
        reply_to=root,
        reply_to_author=team.author_id(answered) if answered else None,
        thread=root or own,
        quote_of=team.post_id(shared.channel_id or "", str(shared.ts)) if shared else None,
        quote_of_author=team.author_id(shared.author_id) if shared and shared.author_id else None,
        venue=f"{team.name} #{named(channel) or channel}",
        replies=message.reply_count if not parent and message.reply_count else None,
    )


def _permalink(team: Team, channel: str, ts: str, parent: str | None) -> str:
    address = f"{team.url.rstrip('/')}/archives/{channel}/p{ts.replace('.', '')}"
    return f"{address}?thread_ts={parent}&cid={channel}" if parent else address


def _box(attachment: Attachment) -> str:
    parts = [attachment.pretext, attachment.title, attachment.text]
    return "\n".join(part for part in parts if part) or attachment.fallback or ""


def _texts(blocks: Any, depth: int = 0) -> list[str]:
    """The words in blocks, however deep they are in them."""
    if isinstance(blocks, dict):
        inside = blocks.get("text")
        if isinstance(inside, str) and blocks.get("type") in ("mrkdwn", "plain_text", "text"):
            return [inside]
        blocks = [blocks.get(name) for name in ("text", "fields", "elements")]
    if not isinstance(blocks, list) or depth > MOST_NESTED:
        return []
    return [text for each in blocks for text in _texts(each, depth + 1)]
