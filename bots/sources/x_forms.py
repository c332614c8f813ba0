"""What the X API v2 sends, as far as it is read (docs.x.com/x-api/fundamentals/data-dictionary)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec

Number = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,19}$")]


class Link(msgspec.Struct, frozen=True):
    """A link in a text: as it stands there, and where it leads."""

    url: str = ""
    expanded_url: str = ""
    unwound_url: str = ""
    media_key: str = ""


class Tag(msgspec.Struct, frozen=True):
    """A hashtag."""

    tag: str


class Mention(msgspec.Struct, frozen=True):
    """An account that is named."""

    username: str


class Entities(msgspec.Struct, frozen=True):
    """What X found in a text."""

    urls: tuple[Link, ...] = ()
    hashtags: tuple[Tag, ...] = ()
    mentions: tuple[Mention, ...] = ()


class Note(msgspec.Struct, frozen=True):
    """The whole of a text beyond 280 characters."""

    text: str
    entities: Entities = Entities()


class Reference(msgspec.Struct, frozen=True):
    """What a post answers, quotes or repeats."""

    type: str
    id: Number


class Tweet(msgspec.Struct, frozen=True):
    """A post of X."""

    id: Number
    author_id: Number
    text: str
    created_at: datetime | None = None
    conversation_id: Number | None = None
    edit_history_tweet_ids: tuple[Number, ...] = ()
    in_reply_to_user_id: Number | None = None
    referenced_tweets: tuple[Reference, ...] = ()
    entities: Entities = Entities()
    note_tweet: Note | None = None
    lang: str = ""
    public_metrics: dict[str, int] = {}
    attachments: dict[str, Any] = {}

    @property
    def versions(self) -> tuple[str, ...]:
        """Its ids, oldest first."""
        return self.edit_history_tweet_ids or (self.id,)


class User(msgspec.Struct, frozen=True):
    """An account."""

    id: Number
    username: str = ""
    name: str | None = None
    public_metrics: dict[str, int] = {}


class Includes(msgspec.Struct, frozen=True):
    """What X adds to an answer: authors, and the posts that are referred to."""

    users: list[Any] = []
    tweets: list[Any] = []


class Answer(msgspec.Struct, frozen=True):
    """One answer: posts, and what belongs to them."""

    data: list[Any] = []
    includes: Includes = Includes()
    meta: dict[str, Any] = {}
