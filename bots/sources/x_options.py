"""Options of `sources.x`."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import Field, SecretStr, field_validator

from bots.sources.base import SourceOptions
from bots.sources.option_types import BaseUrl
from config.units import Duration

WEEK = timedelta(days=7)  # so far back reaches X's recent search


class XOptions(SourceOptions):
    """What to listen for on X, and how much money to spend on it."""

    token: SecretStr | None = Field(default=None, description="Bearer token of an app of yours in X's console.")
    rules: Annotated[tuple[str, ...], Field(max_length=1_000)] = Field(
        default=(), description="Rules of the filtered stream in X's own words; empty: made of the brands."
    )
    rule_length: Annotated[int, Field(ge=32, le=4_096)] = Field(
        default=512, description="The longest rule that your access allows, in characters."
    )
    most_posts_per_day: Annotated[int, Field(ge=0)] = Field(
        default=2_000, description="Reading stops for the day (UTC) after so many posts; 0: no limit. Each costs money."
    )
    recheck: Annotated[int, Field(ge=0, le=5_000)] = Field(
        default=1_000, description="So many of the newest posts are looked at again for deletions and edits; 0: none."
    )
    search: bool = Field(default=True, description="Whether X's search fills in what was missed during an absence.")
    backfill_minutes: Annotated[int, Field(ge=0, le=5)] = Field(
        default=0, description="So many minutes the stream itself repeats after a break, where your access allows it."
    )
    first: Annotated[Duration, Field(ge=timedelta(0), le=WEEK)] = Field(
        default=timedelta(0), description="At the first start, search so far back, at most 7d."
    )
    silence: Annotated[Duration, Field(gt=timedelta(0), le=timedelta(minutes=2))] = Field(
        default=timedelta(seconds=30), description="Not even a sign of life for this long is a stall: connect again."
    )
    base_url: BaseUrl = Field(default="https://api.x.com", description="Address of the API.")

    @field_validator("rules")
    @classmethod
    def _filled(cls, rules: tuple[str, ...]) -> tuple[str, ...]:
        if any(not rule.strip() for rule in rules):
            raise ValueError("a rule is empty")
        return tuple(dict.fromkeys(rules))
