"""Posts of the Threads API as posts of ours (developers.facebook.com/docs/threads/reference/media-retrieval).

An account is known by its name only: the API does not tell the numbers of other people's accounts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import msgspec

from bots.sources.base import Bad
from bots.sources.markup import web_address
from streams.records import Author, Post

PLATFORM = "threads"
_LINK = re.compile(r"https?://[^\s<>\"]+")
_MENTION = re.compile(r"(?<![\w@.])@([A-Za-z0-9_](?:[A-Za-z0-9_.]{0,28}[A-Za-z0-9_])?)")
_HASHTAG = re.compile(r"(?<![\w#&])#(\w+)")
Number = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,30}$")]


class Reference(msgspec.Struct, frozen=True):
    """Another post."""

    id: Number


class Media(msgspec.Struct, frozen=True):
    """A post as the API gives it; what does not apply is left out."""

    id: Number
    username: Annotated[str, msgspec.Meta(min_length=1)]
    timestamp: str
    text: str | None = None
    media_type: str = ""
    permalink: str | None = None
    alt_text: str | None = None
    link_attachment_url: str | None = None
    topic_tag: str | None = None
    quoted_post: Reference | Number | None = None
    reposted_post: Reference | Number | None = None
    root_post: Reference | Number | None = None
    replied_to: Reference | Number | None = None

    @property
    def words(self) -> str:
        """What it says: text, else the description of the picture, else what it shows, in brackets."""
        shown = self.media_type.lower().replace("_", " ") or "media"
        return (self.text or "").strip() or (self.alt_text or "").strip() or f"[{shown}]"

    @property
    def at(self) -> datetime:
        """When it was published. Raises `ValueError`."""
        found = datetime.fromisoformat(self.timestamp)
        if found.tzinfo is None:
            raise ValueError("`timestamp` has no time zone")
        return found.astimezone(UTC)


class Read(msgspec.Struct, frozen=True):
    """A post, its number at Threads, its time (Unix), and what an edit would change."""

    number: str
    at: float
    said: str
    post: Post


def read_media(record: Any) -> Read | Bad:
    """One record."""
    try:
        media = msgspec.convert(record, Media)
        at = media.at
    except (msgspec.ValidationError, ValueError, OverflowError) as error:
        return Bad(msgspec.json.encode(record), str(error))
    return Read(media.id, at.timestamp(), f"{media.words}\n{media.link_attachment_url or ''}", post_of(media, at))


def read_all(records: Iterable[Any]) -> tuple[list[Read], list[Bad]]:
    """Records, oldest first; and what could not be read."""
    results = [read_media(record) for record in records]
    found = [each for each in results if isinstance(each, Read)]
    return sorted(found, key=lambda read: read.at), [each for each in results if isinstance(each, Bad)]


def post_of(media: Media, at: datetime, op: Literal["create", "update"] = "create") -> Post:
    """The post."""
    own, repeated, parent = post_id(media.id), _id(media.reposted_post), _id(media.replied_to)
    text = "" if repeated else media.words
    tags = [media.topic_tag] if media.topic_tag else []
    links = [found.rstrip(".,;:!?)") for found in _LINK.findall(text)]
    attached = web_address(media.link_attachment_url or "")
    return Post(
        id=own,
        op=op,
        platform=PLATFORM,
        author=Author(id=f"{PLATFORM}:{media.username}", handle=media.username),
        text=text,
        created_at=at,
        url=web_address(media.permalink or ""),
        links=_unique([*links, *([attached] if attached else [])]),
        hashtags=_unique([*tags, *_HASHTAG.findall(text)]),
        mentions=_unique(_MENTION.findall(text)),
        reply_to=parent,
        thread=_id(media.root_post) or repeated or (None if parent else own),
        repost_of=repeated,
        quote_of=_id(media.quoted_post),
    )


def post_id(number: str) -> str:
    """The id of a post here."""
    return f"{PLATFORM}:{number}"


def deletion(number: str) -> Post:
    """That a post is gone."""
    return Post(id=post_id(number), op="delete", platform=PLATFORM)


def _id(reference: Reference | str | None) -> str | None:
    if reference is None:
        return None
    return post_id(reference.id if isinstance(reference, Reference) else reference)


def _unique(items: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(items))
