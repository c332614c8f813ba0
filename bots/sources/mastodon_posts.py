"""Statuses of Mastodon as posts."""

from __future__ import annotations

import re
from html import unescape
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from bots.sources.markup import read_html, web_address
from bots.sources.mastodon_forms import Account, Status
from streams.records import Author, Post

PLATFORM = "mastodon"
_ANCHOR = re.compile(r"<a\b[^>]*>", re.IGNORECASE)
_MENTION = re.compile(r"""\bclass=["'][^"']*\bmention\b""", re.IGNORECASE)
_HREF = re.compile(r"""\bhref=["']([^"']*)["']""", re.IGNORECASE)
# What a quote says to servers that know no quotes: "RE: <address>".
_QUOTE_INLINE = re.compile(r"""<p class=["']quote-inline["']>.*?</p>""", re.IGNORECASE | re.DOTALL)


class Known(msgspec.Struct, frozen=True):
    """What is remembered of a status on one server: post id, its thread's root if that is known, author's id."""

    post: str
    root: str | None
    author: str | None


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
