"""Messages of Discord as posts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec

from bots.sources.discord_forms import (
    CROSSPOST,
    EPHEMERAL,
    FORUMS,
    FORWARD,
    SPOKEN,
    Channel,
    Embed,
    Message,
    Named,
    Words,
)
from bots.sources.markdown import read_markdown
from bots.sources.markup import MOST_LINKS, web_address
from streams.records import Author, Post

PLATFORM = "discord"
MOST_NESTED = 5  # of components within components
_TEXT = 10  # the component that holds words
_TOKEN = re.compile(
    r"<(?:@!?(?P<user>\d+)|@&(?P<role>\d+)|#(?P<channel>\d+)|a?:(?P<emoji>\w+):\d+|/(?P<command>[^:<>]+):\d+"
    r"|t:(?P<time>-?\d{1,11})(?::[A-Za-z])?)>"
)
_SPOILER = re.compile(r"\|\|(.+?)\|\|", re.DOTALL)


class Where(msgspec.Struct, frozen=True):
    """The place of a message: itself, the channel it belongs to (of a thread its parent), and the server's name.

    `starter`: the author of the message that a thread hangs on; None where there is none.
    """

    place: Channel
    room: Channel
    guild: str
    starter: str | None = None

    @property
    def root(self) -> str | None:
        """Of a thread, the id of the message that it hangs on: in a forum its own first one."""
        if self.place.id == self.room.id:
            return None
        home = self.place.id if self.room.type in FORUMS else self.room.id
        return post_id(home, self.place.id)


def post_id(channel: str, message: str) -> str:
    """Messages are named within their channel or thread."""
    return f"{PLATFORM}:{channel}/{message}"


def author_id(number: str) -> str:
    """People, bots and webhooks share one numbering."""
    return f"{PLATFORM}:{number}"


def post_of(message: Message, where: Where, channel_name: Callable[[str], str | None]) -> Post | None:
    """The message as a post; None: the system wrote it, or it says nothing."""
    forwarded = message.message_snapshots[0].message if message.message_snapshots else None
    text, links = read_words(forwarded or message, message, channel_name)
    if message.type not in SPOKEN or message.flags & EPHEMERAL or not text:
        return None
    own, author, reference = post_id(message.channel_id, message.id), message.author, message.message_reference
    named = post_id(reference.channel_id or message.channel_id, reference.message_id or "") if reference else None
    repeats = reference is not None and (reference.type == FORWARD or bool(message.flags & CROSSPOST))
    answers = named if reference is not None and reference.message_id and not repeats else None
    reply_to, answered = answers, message.referenced_message.author.id if message.referenced_message else None
    if reply_to is None and not repeats and where.starter is not None and where.root != own:
        reply_to, answered = where.root, where.starter
    return Post(
        id=own,
        platform=PLATFORM,
        author=Author(
            id=author_id(author.id),
            handle=author.username,
            name=author.global_name or None,
            bot=author.bot or message.webhook_id is not None,
        ),
        text=text,
        created_at=message.timestamp,
        url=f"https://discord.com/channels/{where.place.guild_id}/{message.channel_id}/{message.id}",
        links=links,
        mentions=tuple(dict.fromkeys(author_id(user.id) for user in message.mentions)),
        reply_to=reply_to,
        reply_to_author=author_id(answered) if reply_to and answered else None,
        # Only the parent of an answer in a channel is known; what it stands under is found on the way.
        thread=where.root or (None if reply_to else own),
        repost_of=named if repeats and reference is not None and reference.message_id else None,
        venue=f"{where.guild} #{where.room.name or where.room.id}",
    )


def read_words(words: Words, message: Words, channel_name: Callable[[str], str | None]) -> tuple[str, tuple[str, ...]]:
    """What a person reads, and the links in it; `message` names those who are mentioned."""
    source = words.content or "\n\n".join(
        part
        for part in (*map(_box, words.embeds), *_texts(words.components), _poll(words.poll), *_things(words))
        if part
    )
    text, links = read_markdown(source)
    names = {user.id: user.global_name or user.username for user in (*words.mentions, *message.mentions)}
    text = _TOKEN.sub(lambda found: _plain(found, names, channel_name), text)
    more = (address for embed in words.embeds if embed.url and (address := web_address(embed.url)))
    return _SPOILER.sub(r"\1", text), tuple(dict.fromkeys((*links, *more)))[:MOST_LINKS]


def _plain(found: re.Match[str], names: dict[str, str], channel_name: Callable[[str], str | None]) -> str:
    kind = found.lastgroup or ""
    value = found[kind]
    if kind == "user":
        return f"@{names.get(value) or value}"
    if kind == "channel":
        return f"#{channel_name(value) or value}"
    if kind == "time":
        return datetime.fromtimestamp(int(value), UTC).strftime("%Y-%m-%d %H:%M UTC") if int(value) < 1e11 else value
    return {"role": "@role", "emoji": f":{value}:", "command": f"/{value}"}[kind]


def _box(embed: Embed) -> str:
    fields = (f"{field.name}: {field.value}" for field in embed.fields)
    return "\n".join(part for part in (embed.title, embed.description, *fields) if part)


def _texts(components: Iterable[Any], depth: int = 0) -> list[str]:
    """The words in components, and in those within them."""
    found = list[str]()
    for component in components if depth < MOST_NESTED else ():
        if not isinstance(component, dict):
            continue
        if component.get("type") == _TEXT and isinstance(component.get("content"), str):
            found.append(component["content"])
        inside = component.get("components")
        found += _texts(inside if isinstance(inside, list) else (), depth + 1)
    return found


def _poll(poll: dict[str, Any] | None) -> str:
    if poll is None:
        return ""
    answers = poll.get("answers")
    media = [poll.get("question"), *(answer.get("poll_media") for answer in _dicts(answers))]
    return "\n".join(each["text"] for each in _dicts(media) if isinstance(each.get("text"), str))


def _dicts(given: Any) -> list[dict[str, Any]]:
    return [each for each in given if isinstance(each, dict)] if isinstance(given, list) else []


def _things(words: Words) -> list[str]:
    """Where nothing is written: what pictures show, by their authors, or what there is."""
    stickers = [f"[sticker {sticker.name}]".replace(" ]", "]") for sticker in words.sticker_items]
    return [_attachment(each) for each in words.attachments] + stickers


def _attachment(attachment: Named) -> str:
    return attachment.description or f"[{(attachment.content_type or 'file').partition('/')[0]}]"
