"""Options of `sources.threads`."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, field_validator

from bots.sources.base import SourceOptions
from bots.sources.option_types import BaseUrl, between
from config.units import Duration


class ThreadsOptions(SourceOptions):
    """What to search for on Threads, and how often."""

    token: SecretStr | None = Field(
        default=None, description="Long-lived access token with threads_basic and threads_keyword_search."
    )
    token_store: Path | None = Field(
        default=None,
        description="File where the renewed token is kept, for its owner's eyes only; without it none is renewed.",
    )
    searches: Annotated[tuple[str, ...], Field(max_length=500)] = Field(
        default=(), description="What to search for, '#topic' for a topic; empty: terms and hashtags of the brands."
    )
    queries_per_day: Annotated[int, Field(ge=24, le=2_200)] = Field(
        default=2_000, description="The most searches in any 24 hours; Meta allows an account 2,200."
    )
    every: Annotated[Duration, between(timedelta(milliseconds=1), timedelta(hours=12))] = Field(
        default=timedelta(minutes=5), description="Shortest pause between two looks at one search, at most 12h."
    )
    first: Annotated[Duration, Field(ge=timedelta(0), le=timedelta(days=90))] = Field(
        default=timedelta(days=1), description="At the first start, so far back, at most 90d."
    )
    recheck: bool = Field(default=True, description="Whether posts are looked at again for edits and deletions.")
    base_url: BaseUrl = Field(default="https://graph.threads.net", description="Address of the API.")

    @field_validator("searches")
    @classmethod
    def _filled(cls, searches: tuple[str, ...]) -> tuple[str, ...]:
        if any(not search.strip().lstrip("#") for search in searches):
            raise ValueError("a search is empty")
        return tuple(dict.fromkeys(searches))
