"""Options of `sources.mastodon`."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from bots.sources.base import SourceOptions
from bots.sources.markup import web_address
from bots.sources.option_types import between
from config.schema import Section
from config.units import Duration

_TAG = re.compile(r"^#\w+$")


class Instance(Section):
    """One server, and what to read there."""

    url: str = Field(description="Address of the server, such as https://mastodon.social.")
    timelines: Annotated[tuple[str, ...], Field(min_length=1, max_length=200)] = Field(
        default=("local",),
        description="What to read: local (its own accounts), federated (all it knows), or a hashtag such as '#coffee'.",
    )
    token: SecretStr | None = Field(
        default=None, description="Access token with the scope read:statuses, where the server asks for one."
    )
    streaming: str = Field(
        default="",
        description="Address of the server's streaming API, often the same as url; needs a token. Empty: no stream.",
    )

    @field_validator("url", "streaming")
    @classmethod
    def _address(cls, url: str) -> str:
        plain = url.rstrip("/")
        if not plain:
            return plain
        if web_address(plain) is None or "@" in plain or plain.count("/") > 2 or "?" in plain or "#" in plain:
            raise ValueError("write the address of a server only, such as https://mastodon.social")
        return plain.lower()

    @field_validator("timelines")
    @classmethod
    def _names(cls, timelines: tuple[str, ...]) -> tuple[str, ...]:
        for name in timelines:
            if name not in ("local", "federated") and not _TAG.match(name):
                raise ValueError(f"{name!r} is no timeline; write local, federated or a hashtag in quotes ('#coffee')")
        return tuple(dict.fromkeys(name.lower() for name in timelines))

    @model_validator(mode="after")
    def _may_be_used(self) -> Self:
        if not self.url:
            raise ValueError("url is empty; write the address of a server, such as https://mastodon.social")
        if self.streaming and self.token is None:
            raise ValueError("streaming needs a token (token_file)")
        return self


class MastodonOptions(SourceOptions):
    """Public posts of any number of Mastodon servers."""

    instances: Annotated[tuple[Instance, ...], Field(max_length=100)] = Field(
        default=(), description="Servers with Mastodon's API."
    )
    poll: Annotated[Duration, between(timedelta(milliseconds=1), timedelta(hours=1))] = Field(
        default=timedelta(seconds=30), description="Pause between two looks at one timeline, at most 1h."
    )
    overlap: Annotated[Duration, Field(ge=timedelta(0), le=timedelta(hours=1))] = Field(
        default=timedelta(seconds=30),
        description="Each look begins so much before the newest post: posts from other servers are filed by their own "
        "time, not by that of arrival.",
    )
    lookups: Annotated[int, Field(ge=0, le=40)] = Field(
        default=10, description="For so many answers of a page to posts never seen, ask what they answer."
    )
    recheck: Annotated[tuple[Duration, ...], Field(max_length=100)] = Field(
        default=(timedelta(hours=1), timedelta(days=1), timedelta(days=7), timedelta(days=30)),
        description="So long after a post, look at it again for edits and deletions; empty: never.",
    )
    recheck_most: Annotated[int, Field(ge=0, le=20_000)] = Field(
        default=400, description="Posts of one server that wait for another look, shared evenly by the looks."
    )

    @field_validator("recheck")
    @classmethod
    def _in_order(cls, ages: tuple[timedelta, ...]) -> tuple[timedelta, ...]:
        if list(ages) != sorted(ages):
            raise ValueError("write the shortest time first")
        return ages

    @field_validator("instances")
    @classmethod
    def _each_once(cls, instances: tuple[Instance, ...]) -> tuple[Instance, ...]:
        urls = [instance.url for instance in instances]
        for url in urls:
            if urls.count(url) > 1:
                raise ValueError(f"{url} is there twice; put all its timelines into one")
        return instances
