"""Options of `sources.discord`."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, SecretStr, field_validator

from bots.sources.base import SourceOptions
from bots.sources.option_types import BaseUrl
from config.units import Duration


def _text(given: Any) -> Any:
    """YAML reads an id without quotes as a number."""
    return str(given) if isinstance(given, int) and not isinstance(given, bool) else given


Id = Annotated[str, BeforeValidator(_text), Field(pattern=r"^\d{1,20}$")]


class DiscordOptions(SourceOptions):
    """Which servers and channels."""

    token: SecretStr | None = Field(default=None, description="Token of the bot.")
    guilds: Annotated[tuple[Id, ...], Field(max_length=100)] = Field(
        default=(), description="Servers by their ids; the bot must have been invited to each."
    )
    channels: Annotated[tuple[Id, ...], Field(max_length=500)] = Field(
        default=(), description="Only these channels, by their ids, with their threads; empty: all the bot can read."
    )
    first: Annotated[Duration, Field(ge=timedelta(0), le=timedelta(days=90))] = Field(
        default=timedelta(days=1), description="At the first start, begin this long ago."
    )
    overlap: Annotated[Duration, Field(ge=timedelta(minutes=1), le=timedelta(days=1))] = Field(
        default=timedelta(minutes=10), description="After an absence, compare what was told this long before it, too."
    )
    base_url: BaseUrl = Field(
        default="https://discord.com/api/v10", description="Address of the API; it names the Gateway's."
    )

    @field_validator("guilds", "channels")
    @classmethod
    def _once(cls, ids: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(ids))
