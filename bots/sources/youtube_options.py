"""What to read of YouTube, and how much of the API a day."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from bots.sources.base import SourceOptions
from bots.sources.option_types import between
from config.units import Duration


class YouTubeOptions(SourceOptions):
    """Which channels and videos, and how many units of the API a day."""

    channels: Annotated[tuple[str, ...], Field(max_length=50)] = Field(
        default=(), description="Ids of channels (UC…): their new videos and, with a key, the comments under them."
    )
    videos: Annotated[tuple[str, ...], Field(max_length=200)] = Field(
        default=(), description="Ids of more videos whose comments are read; wants a key."
    )
    api_key: SecretStr | None = Field(default=None, description="Key of the YouTube Data API v3; without: no comments.")
    quota: Annotated[int, Field(ge=100)] = Field(
        default=9_000, description="Units of the API to spend a day, evenly; Google grants 10000."
    )
    every: Annotated[Duration, between(timedelta(seconds=1), timedelta(hours=12))] = Field(
        default=timedelta(minutes=15), description="Shortest pause between two looks at a feed or video, at most 12h."
    )
    first: Annotated[int, Field(ge=1, le=20)] = Field(
        default=1, description="At the first look at a video, so many times 100 comments back."
    )
    feed_url: str = Field(default="https://www.youtube.com/feeds/videos.xml", description="Address of the feeds.")
    api_url: str = Field(default="https://www.googleapis.com/youtube/v3", description="Address of the API.")

    @field_validator("channels")
    @classmethod
    def _channel_ids(cls, channels: tuple[str, ...]) -> tuple[str, ...]:
        for channel in channels:
            if not re.fullmatch(r"UC[\w-]{22}", channel, re.ASCII):
                raise ValueError(f"{channel!r} is no channel id: it starts with UC and has 24 characters, not a handle")
        return tuple(dict.fromkeys(channels))

    @field_validator("videos")
    @classmethod
    def _video_ids(cls, videos: tuple[str, ...]) -> tuple[str, ...]:
        for video in videos:
            if not re.fullmatch(r"[\w-]{11}", video, re.ASCII):
                raise ValueError(f"{video!r} is no video id: the 11 characters behind watch?v=")
        return tuple(dict.fromkeys(videos))

    @model_validator(mode="after")
    def _comments_want_a_key(self) -> Self:
        if self.videos and self.api_key is None:
            raise ValueError("videos are read through the API: give api_key as well")
        return self
