"""Options of `sources.slack`."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import Field, SecretStr, field_validator

from bots.sources.base import SourceOptions
from bots.sources.option_types import BaseUrl
from config.units import Duration


class SlackOptions(SourceOptions):
    """Which channels of one workspace."""

    app_token: SecretStr | None = Field(default=None, description="App-level token (xapp-…) with connections:write.")
    bot_token: SecretStr | None = Field(default=None, description="Bot token (xoxb-…) of the same app.")
    channels: Annotated[tuple[Annotated[str, Field(pattern=r"^[CG][A-Z0-9]{2,20}$")], ...], Field(max_length=500)] = (
        Field(
            default=(),
            description="Channels by their ids (C…), private ones too; empty: all public ones the app is a member of.",
        )
    )
    first: Annotated[Duration, Field(ge=timedelta(0), le=timedelta(days=90))] = Field(
        default=timedelta(days=1), description="At the first start, begin this long ago."
    )
    threads: Annotated[Duration, Field(ge=timedelta(0), le=timedelta(days=90))] = Field(
        default=timedelta(days=3),
        description="After an absence, look for replies to messages that are at most so much older.",
    )
    overlap: Annotated[Duration, Field(ge=timedelta(minutes=1), le=timedelta(days=1))] = Field(
        default=timedelta(minutes=10), description="After an absence, compare what was told this long before it, too."
    )
    base_url: BaseUrl = Field(
        default="https://slack.com/api", description="Address of the Web API; it names the socket's."
    )

    @field_validator("channels")
    @classmethod
    def _once(cls, ids: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(ids))
