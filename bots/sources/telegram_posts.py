"""Telegram's messages, turned into posts; and what has to be known of earlier ones for that.

A message names what it answers, and in supergroups the message that the thread began with. In groups, channels and
forum topics the beginning is found by what was answered before, so answers are remembered with their thread.
"""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import xxhash

from bots.sources.telegram_forms import Chat, Head, Message, Origin, User
from bots.sources.telegram_words import read_marks, read_words
from streams.records import Author, Post

PLATFORM = "telegram"
MOST_ROOTS = 1_000
MOST_MOVED = 200


class Memory(msgspec.Struct):
    """Part of the resume point, bounded. Messages are named `<chat>/<number>`.

    `roots`: of an answer its thread, of a channel's post as its discussion group shows it that post; `moved`: of a
    group the supergroup that it became.
    """

    roots: dict[str, str] = {}
    moved: dict[str, str] = {}

    def move(self, message: Message) -> None:
        """Note that a group has become a supergroup, which both of them tell."""
        if message.migrate_to_chat_id is not None:
            _put(self.moved, str(message.chat.id), str(message.migrate_to_chat_id), MOST_MOVED)
        if message.migrate_from_chat_id is not None:
            _put(self.moved, str(message.migrate_from_chat_id), str(message.chat.id), MOST_MOVED)

    def place(self, message: Message) -> tuple[Head | None, str]:
        """What a message answers, and the message that its thread began with."""
        key, own = _key(message), native(message)
        if own != key:
            _put(self.roots, key, own, MOST_ROOTS)
        above = _answered(message)
        if above is None:
            return None, own
        if key in self.roots:
            return above, self.roots[key]
        top = None if message.is_topic_message else message.message_thread_id
        if top is not None and top != above.message_id:
            began = f"{message.chat.id}/{top}"
            return above, self.roots.get(began, began)
        root = self.roots.get(_key(above), native(above))
        if top is None:
            _put(self.roots, key, root, MOST_ROOTS)
        return above, root


def native(message: Head) -> str:
    """Its own id. What a discussion group shows of its channel is the channel's post itself."""
    origin = message.forward_origin
    if message.is_automatic_forward and origin is not None and origin.chat is not None and origin.message_id:
        return f"{origin.chat.id}/{origin.message_id}"
    return _key(message)


def read_message(message: Message, memory: Memory) -> Post | None:
    """The post; None where there are no words. Raises `ValueError`, `OverflowError` for a date that is none."""
    above, root = memory.place(message)
    text, entities = read_words(message)
    if not text.strip() or not message.message_id:  # 0: to be sent later, under another number
        return None
    marks, own, origin = read_marks(text, entities), native(message), message.forward_origin
    home, at, forwarded = message.chat, message.date, origin
    if own != _key(message) and origin is not None and origin.chat is not None:
        home, at, forwarded = origin.chat, origin.date, None
    elsewhere = message.external_reply
    quoted = None
    if elsewhere is not None and elsewhere.chat is not None and elsewhere.message_id:
        quoted = f"{elsewhere.chat.id}/{elsewhere.message_id}"
    return Post(
        id=_id(own),
        platform=PLATFORM,
        author=_author(message),
        text=text.strip(),
        created_at=datetime.fromtimestamp(at, UTC),
        url=_url(home, own.rpartition("/")[2]),
        links=tuple(dict.fromkeys(marks.links)),
        hashtags=tuple(dict.fromkeys(marks.hashtags)),
        mentions=tuple(dict.fromkeys(marks.mentions)),
        reply_to=_id(native(above)) if above is not None else None,
        thread=_id(root),
        repost_of=_id(_forwarded(forwarded)) if forwarded is not None else None,
        quote_of=_id(quoted) if quoted else None,
        reply_to_author=_author(above).id if above is not None else None,
        repost_of_author=_sender(forwarded) if forwarded is not None else None,
        quote_of_author=_sender(elsewhere.origin) if quoted and elsewhere is not None else None,
        venue=home.name,
    )


def deletion(message: Message) -> Post:
    """That a message has no words any more."""
    return Post(id=_id(native(message)), op="delete", platform=PLATFORM)


def _answered(message: Message) -> Head | None:
    """In a topic, what answers nothing is said to answer the notice that the topic was opened."""
    above = message.reply_to_message
    if above is None or above.forum_topic_created is not None:
        return None
    opening = message.is_topic_message and above.message_id == message.message_thread_id
    return None if opening or _key(above) == _key(message) else above


def _forwarded(origin: Origin) -> str:
    """What is repeated. Only a channel's post has a number; anything else is known by who wrote it and when."""
    if origin.chat is not None and origin.message_id:
        return f"{origin.chat.id}/{origin.message_id}"
    known = origin.sender_user or origin.sender_chat or origin.chat
    who = known.id if known else xxhash.xxh3_64_hexdigest(origin.sender_user_name.encode(errors="replace"))
    return f"forwarded/{who}/{origin.date}"


def _sender(origin: Origin) -> str | None:
    known = origin.sender_user or origin.sender_chat or origin.chat
    return _id(str(known.id)) if known else None


def _author(message: Head) -> Author:
    """Who signs it: a person, a channel, or a group whose administrator stays unnamed."""
    signed: User | Chat = message.sender_chat or message.sender or message.chat
    own = signed.id == message.chat.id and message.chat.type != "channel"
    return Author(
        id=_id(str(signed.id)),
        handle=signed.username,
        name=(signed.name if isinstance(signed, User) else signed.title) or None,
        bot=isinstance(signed, User) and signed.is_bot,
        role="admin" if own else None,
    )


def _url(chat: Chat, number: str) -> str | None:
    """Groups that are no supergroups have no addresses."""
    if chat.username:
        return f"https://t.me/{chat.username}/{number}"
    bare = str(chat.id)
    return f"https://t.me/c/{bare.removeprefix('-100')}/{number}" if bare.startswith("-100") else None


def _key(message: Head) -> str:
    return f"{message.chat.id}/{message.message_id}"


def _id(name: str) -> str:
    return f"{PLATFORM}:{name}"


def _put(memory: dict[str, str], key: str, value: str, most: int) -> None:
    memory.pop(key, None)
    memory[key] = value
    if len(memory) > most:
        del memory[next(iter(memory))]
