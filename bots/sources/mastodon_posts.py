"""Statuses of Mastodon's API (docs.joinmastodon.org/entities/Status): reading them, and turning them into posts."""

from __future__ import annotations

import re
from datetime import datetime
from html import unescape
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec

from bots.sources.base import Bad
from bots.sources.markup import read_html, web_address
from streams.records import Author, Post

PLATFORM = "mastodon"
_ANCHOR = re.compile(r"<a\b[^>]*>", re.IGNORECASE)
_MENTION = re.compile(r"""\bclass=["'][^"']*\bmention\b""", re.IGNORECASE)
_HREF = re.compile(r"""\bhref=["']([^"']*)["']""", re.IGNORECASE)
# What a quote says to servers that know no quotes: "RE: <address>".
_QUOTE_INLINE = re.compile(r"""<p class=["']quote-inline["']>.*?</p>""", re.IGNORECASE | re.DOTALL)
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


class Known(msgspec.Struct, frozen=True):
    """What is remembered of a status on one server: post id, its thread's root if that is known, author's id."""

    post: str
    root: str | None
    author: str | None


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


def post_of(status: Status, host: str, parent: Known | None, op: Literal["create", "update"] = "create") -> Post:
    """The status as a post. `host` names the server it was read on: accounts there come without it."""
    handle = full_handle(status.account.acct, host)
    quoted = _quoted(status)
    text, links = _words(status, quoted is not None)
    again = status.reblog
    return Post(
        id=post_id(status.uri),
        op=op,
        platform=PLATFORM,
        author=Author(
            id=author_id(status.account, host),
            handle=handle,
            name=status.account.display_name or None,
            followers=status.account.followers_count,
            bot=bool(status.account.bot),
        ),
        text="" if again else text,
        created_at=status.created_at,
        lang=status.language or None,
        url=web_address(status.url or status.uri),
        links=links,
        hashtags=tuple(tag.name for tag in status.tags if tag.name),
        mentions=tuple(full_handle(mention.acct, host) for mention in status.mentions if mention.acct),
        reply_to=parent.post if parent else None,
        reply_to_author=parent.author if parent else None,
        thread=parent.root if parent else (None if again else post_id(status.uri)),
        repost_of=post_id(again.uri) if again else None,
        repost_of_author=author_id(again.account, host) if again else None,
        quote_of=post_id(quoted) if quoted else None,
        venue=handle.rpartition("@")[2],
        likes=status.favourites_count,
        reposts=status.reblogs_count,
        replies=status.replies_count,
    )


def post_id(uri: str) -> str:
    """The uri is the same on every server."""
    return f"{PLATFORM}:{uri}"


def author_id(account: Account, host: str) -> str:
    """The account's uri; from servers that do not tell it, its address or handle."""
    return f"{PLATFORM}:{account.uri or account.url or full_handle(account.acct, host)}"


def full_handle(acct: str, host: str) -> str:
    """`name@server`, also for accounts of the server that was asked."""
    return acct if "@" in acct else f"{acct}@{host}"


def host_of(base: str) -> str:
    """The server's name, as it stands in handles."""
    return urlsplit(base).netloc


def _quoted(status: Status) -> str | None:
    quote = status.quote
    if quote is None or quote.state != "accepted":
        return None
    return quote.quoted_status.uri if quote.quoted_status else quote.uri


def _words(status: Status, quotes: bool) -> tuple[str, tuple[str, ...]]:
    """What a person reads, and the links in it that are neither mentions nor hashtags."""
    html = status.content or ""
    if quotes:
        html = _QUOTE_INLINE.sub("", html)
    body, links = read_html(html)
    text = "\n\n".join(part for part in ((status.spoiler_text or "").strip(), body) if part)
    if not text:
        told = [media.description or f"[{media.type}]" for media in status.media_attachments]
        text = "\n".join(told)
    named = {
        unescape(found[1]) for tag in _ANCHOR.findall(html) if _MENTION.search(tag) and (found := _HREF.search(tag))
    }
    card = web_address(status.card.url) if status.card and status.card.url else None
    links = tuple(link for link in links if link not in named)
    return text, (*links, card) if card and card not in links else links


def _bytes(record: Any) -> bytes:
    try:
        return msgspec.json.encode(record)
    except (UnicodeEncodeError, RecursionError):
        return repr(record)[:65_536].encode(errors="replace")


def _id_of(record: Any) -> str:
    return str(record.get("id", "")) if isinstance(record, dict) else ""
