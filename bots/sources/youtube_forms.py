"""The resources of the YouTube Data API v3, as far as they are read (developers.google.com/youtube/v3/docs)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec

Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class ChannelIdForm(msgspec.Struct, frozen=True):
    value: str = ""


class WordsForm(msgspec.Struct, frozen=True, rename="camel"):
    text_display: str
    published_at: Moment
    updated_at: Moment | None = None
    author_display_name: str = ""
    author_channel_id: ChannelIdForm = ChannelIdForm()
    parent_id: str | None = None
    like_count: int | None = None


class CommentForm(msgspec.Struct, frozen=True):
    id: str
    snippet: WordsForm


class ThreadSnippetForm(msgspec.Struct, frozen=True, rename="camel"):
    top_level_comment: CommentForm
    total_reply_count: int = 0


class RepliesForm(msgspec.Struct, frozen=True):
    comments: list[Any] = []


class ThreadForm(msgspec.Struct, frozen=True):
    id: str
    snippet: ThreadSnippetForm
    replies: RepliesForm = RepliesForm()


class VideoSnippetForm(msgspec.Struct, frozen=True, rename="camel"):
    published_at: Moment
    channel_id: str
    title: str
    description: str = ""
    channel_title: str = ""


class VideoForm(msgspec.Struct, frozen=True):
    id: str
    snippet: VideoSnippetForm
