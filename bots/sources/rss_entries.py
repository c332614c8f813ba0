"""Entries of RSS and Atom feeds, read by feedparser and turned into posts."""

from __future__ import annotations

import io
from calendar import timegm
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import feedparser
import msgspec
import xxhash

from bots.sources.base import Bad
from bots.sources.markup import read_html, tidy, web_address
from streams.records import MAX_TEXT, Author, Post

_PLATFORM = "rss"
_MOST_TAGS = 100


class NoFeed(ValueError):
    """The bytes are no feed."""


class Entry(msgspec.Struct, frozen=True):
    """One entry: `key` names it within its feed, `looks` changes when what it says changes."""

    key: str
    looks: str
    post: Post


class Feed(msgspec.Struct, frozen=True):
    """A feed's entries, oldest first, and those that could not be read."""

    entries: list[Entry]
    bad: list[Bad]


def read_feed(url: str, body: bytes, headers: Mapping[str, str], now: datetime) -> Feed:
    """The entries of a feed; one without a date is dated `now`. Raises `NoFeed`."""
    sent = {"content-location": url} | {name.lower(): value for name, value in headers.items()}
    # A stream, never a name: feedparser would open a name as a file or address.
    parsed = feedparser.parse(io.BytesIO(body), response_headers=sent)
    if not parsed.version and not parsed.entries:
        raise NoFeed(f"this is no RSS or Atom feed: {parsed.get('bozo_exception', 'no feed element')}")
    found, bad = Feed([], []), []
    for raw in reversed(parsed.entries):
        try:
            found.entries.append(_entry(url, parsed.feed, raw, now))
        except (ValueError, OverflowError, AttributeError, TypeError) as error:
            bad.append(Bad(repr(raw).encode(errors="replace"), f"unreadable entry: {error}", url))
    return Feed(found.entries, bad)


def _entry(url: str, feed: Any, raw: Any, now: datetime) -> Entry:
    link = web_address(raw.get("link") or "", url)
    title, _ = _plain(raw.get("title_detail"), url)
    body, links = _body(raw, url)
    guid = raw.get("id") or link or f"{title}\x00{body[:1_000]}"
    if not (title or body):
        raise ValueError("it has neither title nor text")
    key = xxhash.xxh3_128_hexdigest(f"{url}\x00{guid}".encode(errors="replace"))
    post = Post(
        id=f"{_PLATFORM}:{key}",
        platform=_PLATFORM,
        author=_author(url, feed, raw),
        text="\n\n".join(part for part in (title, body) if part)[:MAX_TEXT],
        created_at=_time(raw) or now,
        lang=feed.get("language") or None,
        url=link,
        links=(link, *(other for other in links if other != link)) if link else links,
        hashtags=tuple(tag["term"] for tag in raw.get("tags", [])[:_MOST_TAGS] if tag.get("term")),
        thread=f"{_PLATFORM}:{key}",
        venue=_title(url, feed),
    )
    looks = xxhash.xxh3_64_hexdigest(
        "\x00".join((post.text, link or "", raw.get("updated", ""))).encode(errors="replace")
    )
    return Entry(key[:16], looks[:8], post)


def _body(raw: Any, url: str) -> tuple[str, tuple[str, ...]]:
    """The whole text where the feed has it, else the summary."""
    contents = [item for item in raw.get("content", []) if item.get("value")]
    return _plain(contents[0] if contents else raw.get("summary_detail"), url)


def _plain(detail: Any, url: str) -> tuple[str, tuple[str, ...]]:
    if not detail or not detail.get("value"):
        return "", ()
    if detail.get("type") == "text/plain":
        return tidy(detail["value"]), ()
    return read_html(detail["value"], detail.get("base") or url)


def _title(url: str, feed: Any) -> str:
    title, _ = _plain(feed.get("title_detail"), url)
    return title or urlsplit(url).hostname or url


def _author(url: str, feed: Any, raw: Any) -> Author:
    """Who signed the entry, else the feed; the same name on another host is someone else."""
    name = tidy(raw.get("author") or feed.get("author") or _title(url, feed))[:200]
    return Author(id=f"{_PLATFORM}:{urlsplit(url).hostname}/{name}", handle=name, name=name)


def _time(raw: Any) -> datetime | None:
    moment = raw.get("published_parsed") or raw.get("updated_parsed")
    return datetime.fromtimestamp(timegm(moment), UTC) if moment else None
