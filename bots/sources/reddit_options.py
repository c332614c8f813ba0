"""Options of `sources.reddit`."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from pydantic import Field, SecretStr, field_validator

from bots.sources.base import SourceOptions
from bots.sources.option_types import BaseUrl, between
from config.units import Duration

_SUBREDDIT = re.compile(r"(?:u_[\w-]{3,20}|[A-Za-z0-9]\w{1,20})", re.ASCII)
_USER = re.compile(r"[\w-]{3,20}", re.ASCII)
_NOT_ONE = frozenset({"all", "popular", "friends", "mod", "random"})  # no subreddits, and more than can be read


class RedditOptions(SourceOptions):
    """Which application, which subreddits, and how often."""

    client_id: str = Field(default="", description="Id of the application that Reddit approved.")
    client_secret: SecretStr | None = Field(default=None, description="Secret of the application.")
    username: str = Field(default="", description="Your Reddit account, which the User-Agent names, as Reddit asks.")
    subreddits: Annotated[tuple[str, ...], Field(max_length=50)] = Field(
        default=(), description="Names of subreddits, such as python: their submissions and comments."
    )
    search: bool = Field(
        default=False, description="Whether to search all of Reddit for the brands' terms (submissions only)."
    )
    poll: Annotated[Duration, between(timedelta(milliseconds=1), timedelta(hours=1))] = Field(
        default=timedelta(seconds=30), description="Pause between two looks, at most 1h."
    )
    first: Annotated[int, Field(ge=0, le=1_000)] = Field(
        default=100, description="At the first start, so many per list."
    )
    recheck: Annotated[int, Field(ge=200, le=10_000)] = Field(
        default=4_000,
        description="So many of the newest, shared by all lists, are looked at again for edits and deletions.",
    )
    auth_url: BaseUrl = Field(default="https://www.reddit.com", description="Address that gives access tokens.")
    api_url: BaseUrl = Field(default="https://oauth.reddit.com", description="Address of the API.")

    @field_validator("subreddits")
    @classmethod
    def _names(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        bare = tuple(name.removeprefix("/").removeprefix("r/").rstrip("/") for name in names)
        for name in bare:
            if _SUBREDDIT.fullmatch(name) is None or name.lower() in _NOT_ONE:
                raise ValueError(f"{name!r} is no subreddit: write its name, such as python, or u_name for a profile")
        return tuple({name.lower(): name for name in bare}.values())

    @field_validator("username")
    @classmethod
    def _account(cls, username: str) -> str:
        bare = username.removeprefix("/").removeprefix("u/")
        if bare and _USER.fullmatch(bare) is None:
            raise ValueError(f"{username!r} is no Reddit account: write its name, such as spez")
        return bare
