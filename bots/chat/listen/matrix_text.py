"""Which Matrix messages are meant for the bot, and what they ask (spec: m.mentions, rich replies, edits)."""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

CALL: Final = "!tertulia"
_QUOTED: Final = re.compile(r"\A(?:> [^\n]*\n)+\n?")  # how older programs repeat what they answer


class _Mentions(msgspec.Struct):
    user_ids: list[str] = []


class _Relation(msgspec.Struct):
    rel_type: str = ""


class _Content(msgspec.Struct):
    msgtype: str = ""
    body: str = ""
    mentions: _Mentions = msgspec.field(default_factory=_Mentions, name="m.mentions")
    relates_to: _Relation = msgspec.field(default_factory=_Relation, name="m.relates_to")


def meant_for(me: str, name: str, content: Any) -> str | None:
    """The question, without the bot's name; None where the message is for others, an edit, or of another form.

    `me`: the bot's id, `name`: as rooms show it. `m.text` only: what bots say is `m.notice`.
    """
    try:
        found = msgspec.convert(content, _Content)
    except msgspec.ValidationError:
        return None
    if found.msgtype != "m.text" or found.relates_to.rel_type == "m.replace":
        return None
    text = _QUOTED.sub("", found.body).strip()
    first, *rest = text.split(maxsplit=1) or [""]
    if first.casefold() == CALL:
        return rest[0].strip() if rest else ""
    called = _names(me, name).sub(" ", text, count=1)
    if me in found.mentions.user_ids or re.search(_whole(me), text):
        return " ".join(called.split())
    return None


def _names(me: str, name: str) -> re.Pattern[str]:
    """How programs write a mention: the id, its first part, or the name, perhaps with @ and a colon."""
    names = "|".join(re.escape(each) for each in (name, me[1:].partition(":")[0]) if each)
    return re.compile(rf"(?:{_whole(me)}|(?<!\w)@?(?:{names})(?!\w))[:,]?", re.IGNORECASE)


def _whole(me: str) -> str:
    """`@bot:example.org` is another one than `@bot:example`."""
    return rf"(?<!\w){re.escape(me)}(?!\w|[.:-]\w)"
