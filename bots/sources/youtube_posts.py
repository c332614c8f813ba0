"""Videos and comments of YouTube: reading feeds and API answers, and turning them into posts."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Literal, TypeVar

import feedparser
import msgspec
import xxhash

from bots.sources.base import Bad
from bots.sources.markup import read_html, tidy
from bots.sources.youtube_forms import CommentForm, Moment, ThreadForm, VideoForm
from streams.records import MAX_ITEMS, MAX_TEXT, Author, Post, check_post

PLATFORM = "youtube"
SITE = "https://www.youtube.com"
_HASHTAG = re.compile(r"(?<![\w&/#])#(\w{1,100})")
_LINK = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,:;!?)\]]")
_READ_AS_IT_STANDS = {"sanitize_html": False, "resolve_relative_uris": False}


class NoFeed(ValueError):
    """The bytes are no feed."""


class Told(msgspec.Struct, frozen=True):
    """A video or comment: the post, when it was published (Unix time), `looks` (changes with its words)."""

    native: str
    post: Post
    published: int
    looks: str
    total: int = 0
    """Replies to a top-level comment, as YouTube counts them."""

    def as_post(self, op: Literal["create", "update"]) -> Post:
        """The post, as new or as edited."""
        return self.post if op == "create" else msgspec.structs.replace(self.post, op=op)


class Home(msgspec.Struct, frozen=True):
    """Where comments stand: the video, its channel and the channel's name."""

    video: str
    channel: str
    venue: str


class Thread(msgspec.Struct, frozen=True):
    """A top-level comment with those replies that came with it, and how many there are in all."""

    top: Told
    replies: list[Told]

    @property
    def whole(self) -> bool:
        """Whether all replies came with it."""
        return len(self.replies) >= self.top.total


T = TypeVar("T")


def read_each(items: Iterable[Any], read: Callable[[Any], T]) -> tuple[list[T], list[Bad]]:
    """What can be read, and what cannot with the reason."""
    found, bad = [], []
    for item in items:
        try:
            found.append(read(item))
        except (ValueError, OverflowError) as error:  # msgspec's and `BadPost` are ValueErrors
            bad.append(Bad(msgspec.json.encode(item), f"unreadable: {error}", id_of(item)[:100]))
    return found, bad


def read_video(item: Any) -> Told:
    """A resource of `videos`. Raises `ValueError`."""
    video = msgspec.convert(item, VideoForm)
    said = video.snippet
    return _video(video.id, said.channel_id, said.channel_title, (said.title, said.description), said.published_at)


def read_comment(item: Any, home: Home) -> Told:
    """A resource of `comments`. Raises `ValueError`."""
    return _comment(msgspec.convert(item, CommentForm), home)


def read_thread(item: Any, home: Home) -> tuple[Thread, list[Bad]]:
    """A resource of `commentThreads`; replies that make no sense are bad on their own. Raises `ValueError`."""
    thread = msgspec.convert(item, ThreadForm)
    top = _comment(thread.snippet.top_level_comment, home)
    replies, bad = read_each(thread.replies.comments, lambda reply: read_comment(reply, home))
    return Thread(msgspec.structs.replace(top, total=thread.snippet.total_reply_count), replies), bad


def read_feed(body: bytes) -> tuple[list[Told], list[Bad]]:
    """A channel's videos, oldest first. Raises `NoFeed`."""
    # A stream, never a name: feedparser would open a name as a file or address.
    parsed = feedparser.parse(io.BytesIO(body), **_READ_AS_IT_STANDS)
    if not parsed.version:
        raise NoFeed(f"this is no feed: {parsed.get('bozo_exception', 'no feed element')}")
    found, bad = read_each([dict(entry) for entry in parsed.entries], _entry)
    return sorted(found, key=lambda video: video.published), bad


def _entry(entry: dict[str, Any]) -> Told:
    video, channel = entry.get("yt_videoid"), entry.get("yt_channelid")
    if not (video and channel):
        raise ValueError("it names no video or no channel")
    published = msgspec.convert(entry.get("published"), Moment)
    # Feeds give channel ids with and without their UC.
    channel = channel if channel.startswith("UC") else f"UC{channel}"
    words = (entry.get("title") or "", entry.get("summary") or "")
    return _video(video, channel, entry.get("author") or "", words, published)


def _video(native: str, channel: str, venue: str, words: tuple[str, str], published: datetime) -> Told:
    text = "\n\n".join(part for part in map(tidy, words) if part)[:MAX_TEXT]
    post = Post(
        id=f"{PLATFORM}:{native}",
        platform=PLATFORM,
        author=Author(id=f"{PLATFORM}:{channel}", handle=venue or channel, name=venue or None),
        text=text,
        created_at=published,
        url=f"{SITE}/watch?v={native}",
        links=tuple(dict.fromkeys(_LINK.findall(text)))[:MAX_ITEMS],
        hashtags=_hashtags(text),
        thread=f"{PLATFORM}:{native}",
        venue=venue or channel,
    )
    return Told(native, check_post(post, published), int(published.timestamp()), _digest(text))


def _comment(comment: CommentForm, home: Home) -> Told:
    said = comment.snippet
    text, links = read_html(said.text_display, SITE)
    author = said.author_channel_id.value or said.author_display_name
    if not author:
        raise ValueError("it is not signed")
    above = said.parent_id or home.video
    name = said.author_display_name
    post = Post(
        id=f"{PLATFORM}:{comment.id}",
        platform=PLATFORM,
        author=Author(id=f"{PLATFORM}:{author}", handle=name, name=name or None),
        text=text[:MAX_TEXT],
        created_at=said.published_at,
        url=f"{SITE}/watch?v={home.video}&lc={comment.id}",
        links=tuple(link for link in links if not _leads_nowhere(link, home.video)),
        hashtags=_hashtags(text),
        reply_to=f"{PLATFORM}:{above}",
        reply_to_author=None if said.parent_id else f"{PLATFORM}:{home.channel}",
        thread=f"{PLATFORM}:{home.video}",
        venue=home.venue,
        likes=said.like_count,
    )
    looks = _digest(f"{said.updated_at or said.published_at}\x00{text}")
    return Told(comment.id, check_post(post, said.published_at), int(said.published_at.timestamp()), looks)


def _leads_nowhere(link: str, video: str) -> bool:
    """YouTube makes links of its own: of hashtags, and of moments in the same video."""
    return link.startswith(f"{SITE}/results?") or link.startswith((f"{SITE}/watch?v={video}", f"{SITE}/hashtag/"))


def _hashtags(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_HASHTAG.findall(text)))[:MAX_ITEMS]


def _digest(text: str) -> str:
    return xxhash.xxh3_64_hexdigest(text.encode(errors="replace"))[:8]


def id_of(item: Any) -> str:
    """The id of a resource, also of one that makes no sense otherwise."""
    found = item.get("id") if isinstance(item, dict) else None
    return str(found) if found else ""
