"""What all alert rules have in common (`config/alert_rules.py` has the kinds)."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from config.section import Name, Section
from config.units import Duration

Severity = Literal["info", "warning", "critical"]
Direction = Literal["up", "down", "both"]
Positive = Annotated[int, Field(ge=1)]
MIN_PAST = 8
"""Earlier windows that a comparison needs: with fewer there is no judgement."""


class Watch(Section):
    """What a rule is called, whom it watches, and how grave it is."""

    kind: str = Field(description="What kind of rule it is.")
    name: Name = Field(description="Name of the rule in alerts, routes and silences.")
    brands: tuple[str, ...] = Field(default=(), description="Brands it watches; empty, like `groups`: all.")
    groups: tuple[str, ...] = Field(default=(), description="Groups whose brands it watches as well.")
    severity: Severity = Field(default="warning", description="How grave it is: info, warning or critical.")


class Rule(Watch):
    """What all kinds have in common."""

    window: Duration = Field(default=timedelta(hours=1), description="The window that is looked at.")
    pending: Duration = Field(
        default=timedelta(0), validation_alias="for", description="So long it has to hold before it fires."
    )
    hold: Duration = Field(default=timedelta(minutes=10), description="Resolves after this long without the condition.")
    min_posts: Positive = Field(default=10, description="Never fires with fewer posts behind it.")
    min_authors: Positive = Field(default=5, description="Never fires with fewer people behind it.")

    @field_validator("window")
    @classmethod
    def _is_a_span(cls, value: timedelta) -> timedelta:
        if not timedelta(minutes=1) <= value <= timedelta(days=30):
            raise ValueError("the window must lie between 1m and 30d")
        return value

    @field_validator("pending", "hold")
    @classmethod
    def _is_no_age(cls, value: timedelta) -> timedelta:
        if value > timedelta(days=7):
            raise ValueError("must be at most 7d")
        return value


class Comparing(Rule):
    """A number against the same number of earlier windows."""

    baseline: Duration = Field(default=timedelta(days=28), description="The past it is compared with.")
    apart: Duration = Field(
        default=timedelta(days=1),
        description="From one earlier window to the next: 1d compares each hour with the same hour of other days; 0s: "
        "they follow each other.",
    )
    at_least: Annotated[float, Field(ge=0)] = Field(default=0.0, description="The least difference worth telling.")

    @model_validator(mode="after")
    def _has_a_past(self) -> Self:
        if self.baseline < MIN_PAST * max(self.apart, self.window):
            raise ValueError(
                f"the baseline must hold at least {MIN_PAST} earlier windows: {MIN_PAST} times `apart` and `window`"
            )
        return self
