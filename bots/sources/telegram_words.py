"""The words of a Telegram message, and the links, hashtags and mentions that Telegram found in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from bots.sources.markup import MOST_LINKS, tidy, web_address
from bots.sources.telegram_forms import Entity, Message

# Where words stand in the blocks of a rich message, in the order in which they are read.
_WORDS = ("label", "summary", "text", "alternative_text", "expression", "items", "cells", "blocks", "caption", "credit")


class Marks(msgspec.Struct):
    """What the entities of a text mark."""

    links: list[str] = []
    hashtags: list[str] = []
    mentions: list[str] = []


def read_words(message: Message) -> tuple[str, Sequence[Entity]]:
    """The text, caption, question with its answers, or rich text, and its entities; "" for what has no words."""
    if message.text:
        return message.text, message.entities
    if message.caption:
        return message.caption, message.caption_entities
    if message.poll is not None:
        return "\n".join((message.poll.question, *(option.text for option in message.poll.options))), ()
    if isinstance(message.rich_message, dict):
        return tidy("\n\n".join(_rich(message.rich_message.get("blocks")))), ()
    return "", ()


def read_marks(text: str, entities: Iterable[Entity]) -> Marks:
    """Links, hashtags and mentions, as found; Telegram counts in UTF-16 code units."""
    units, marks = text.encode("utf-16-le", "surrogatepass"), Marks()
    for entity in entities:
        start = 2 * max(0, entity.offset)
        part = units[start : start + 2 * max(0, entity.length)].decode("utf-16-le", "replace")
        if entity.type in ("url", "text_link"):
            bare = entity.type == "url" and "://" not in part  # people leave https:// out
            link = web_address(f"https://{part}" if bare else entity.url or part)
            if link is not None and len(marks.links) < MOST_LINKS:
                marks.links.append(link)
        elif entity.type == "hashtag":
            marks.hashtags.append(part.lstrip("#").partition("@")[0])
        elif entity.type == "mention":
            marks.mentions.append(part.lstrip("@"))
        elif entity.type == "text_mention" and entity.user is not None:
            marks.mentions.append(f"telegram:{entity.user.id}")
    return marks


def _rich(blocks: Any) -> Iterator[str]:
    for block in blocks if isinstance(blocks, list) else ():
        yield "".join(_inside(block))


def _inside(part: Any) -> Iterator[str]:
    """Words at any depth; what stands in rows and lists is kept apart."""
    if isinstance(part, str):
        yield part
    elif isinstance(part, list):
        for one in part:
            yield from _inside(one)
    elif isinstance(part, dict):
        for name in _WORDS:
            if name in ("items", "cells", "blocks", "caption", "credit") and name in part:
                yield "\n"
            yield from _inside(part.get(name))
        if "is_header" in part or "valign" in part:  # a cell of a table
            yield " "
