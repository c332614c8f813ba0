"""Statuses in the form of Mastodon's API (docs.joinmastodon.org/entities/Status), as far as they are read."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import msgspec

from bots.sources.base import Bad
from bots.sources.markup import read_html

_NO_BOTS = re.compile(r"#(?:nobots?|noindex)\b", re.IGNORECASE)


class Account(msgspec.Struct, frozen=True):
    """Who wrote it. `noindex` is told by the author's own server only; `uri` since Mastodon 4.2."""

    id: str
    acct: str
    display_name: str = ""
    note: str | None = ""
    url: str | None = None
    uri: str | None = None
    bot: bool | None = False
    noindex: bool | None = False
    followers_count: int | None = None


class Named(msgspec.Struct, frozen=True):
    """A mention (`acct`) or a hashtag (`name`)."""

    acct: str = ""
    name: str = ""


class Media(msgspec.Struct, frozen=True):
    """An attachment: its kind, and what a person wrote for those who cannot see it."""

    type: str = "unknown"
    description: str | None = None


class Card(msgspec.Struct, frozen=True):
    """The preview of a link."""

    url: str | None = None


class Linked(msgspec.Struct, frozen=True):
    """A status that is only pointed at."""

    uri: str | None = None


class Quote(msgspec.Struct, frozen=True):
    """What is quoted: Mastodon wraps the status (4.5), other servers give it as it is."""

    state: str = "accepted"
    quoted_status: Linked | None = None
    uri: str | None = None


class Status(msgspec.Struct, frozen=True):
    """A status as the API gives it; `id`, `in_reply_to_id` and `account.id` hold on one server only."""

    id: str
    uri: str
    created_at: datetime
    account: Account
    visibility: str
    content: str | None = ""
    spoiler_text: str | None = ""
    url: str | None = None
    language: str | None = None
    in_reply_to_id: str | None = None
    in_reply_to_account_id: str | None = None
    edited_at: str | None = None
    mentions: tuple[Named, ...] = ()
    tags: tuple[Named, ...] = ()
    media_attachments: tuple[Media, ...] = ()
    card: Card | None = None
    quote: Quote | None = None
    reblog: Status | None = None
    favourites_count: int | None = None
    reblogs_count: int | None = None
    replies_count: int | None = None

    @property
    def version(self) -> str:
        """What grows with each edit; empty when it was never edited."""
        return self.edited_at or ""

    @property
    def tellable(self) -> bool:
        """Public, and by nobody who asks to be left out."""
        note = self.account.note or ""
        asks = self.account.noindex or ("#" in note and _NO_BOTS.search(read_html(note)[0]))
        return self.visibility == "public" and not asks and (self.reblog is None or self.reblog.tellable)


def read_status(record: Any) -> Status | Bad:
    """The status, or why it is none."""
    try:
        status = msgspec.convert(record, Status)
    except msgspec.ValidationError as error:
        return Bad(_bytes(record), f"not in the form of a status: {error}", _id_of(record))
    except RecursionError:
        return Bad(b"", "nested too deeply", _id_of(record))
    if not (status.id and status.uri):
        return Bad(_bytes(record), "it has no id or no uri", status.id)
    return status


def _bytes(record: Any) -> bytes:
    try:
        return msgspec.json.encode(record)
    except (UnicodeEncodeError, RecursionError):
        return repr(record)[:65_536].encode(errors="replace")


def _id_of(record: Any) -> str:
    return str(record.get("id", "")) if isinstance(record, dict) else ""
