"""The kinds of alert rules and what can be set of each. How they judge: `streams/alerting/kinds/`, docs/alerts.md."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from config.alert_numbers import Number
from config.alert_rule import Comparing, Direction, Positive, Rule, Severity
from config.section import Name
from config.units import Duration


class Threshold(Rule):
    """A number above or below a level that you set."""

    kind: Literal["threshold"] = Field(description="threshold: a number above or below a level that you set.")
    name: Name = Field(default="threshold", description="Name of the rule in alerts, routes and silences.")
    number: Number = Field(description="The number (docs/alerts.md lists them).")
    above: float | None = Field(default=None, description="Fires when the number is surely more than this.")
    below: float | None = Field(default=None, description="Fires when the number is surely less than this.")
    margin: Annotated[float, Field(ge=0)] = Field(
        default=0.0, description="Resolves only when the number is back by so much."
    )

    @model_validator(mode="after")
    def _has_a_level(self) -> Self:
        if self.above is None and self.below is None:
            raise ValueError("needs `above`, `below` or both")
        if self.above is not None and self.below is not None and self.above - self.below < 2 * self.margin:
            raise ValueError("`below` must be less than `above`, by twice the `margin`")
        return self


class Change(Comparing):
    """A number against the same number in the brand's past windows."""

    kind: Literal["change"] = Field(description="change: a number that left what the brand's own past makes likely.")
    name: Name = Field(default="change", description="Name of the rule in alerts, routes and silences.")
    number: Number = Field(description="The number (docs/alerts.md lists them).")
    direction: Direction = Field(default="both", description="Which way: up, down or both.")


class VolumeSpikeRule(Rule):
    """Many more posts than this hour of the week usually brings."""

    kind: Literal["volume-spike"] = Field(description="volume-spike: many more posts than this hour usually brings.")
    name: Name = Field(default="volume-spike", description="Name of the rule in alerts, routes and silences.")
    window: Duration = Field(default=timedelta(minutes=5), description="The window that is looked at.")
    baseline: Duration = Field(default=timedelta(weeks=4), description="The past that says what is usual.")
    min_authors: Positive = Field(default=3, description="Never fires with fewer people behind it.")


class VolumeDrop(Rule):
    """Far fewer posts than this hour of the week usually brings."""

    kind: Literal["volume-drop"] = Field(description="volume-drop: far fewer posts than this hour usually brings.")
    name: Name = Field(default="volume-drop", description="Name of the rule in alerts, routes and silences.")
    baseline: Duration = Field(default=timedelta(weeks=4), description="The past that says what is usual.")
    min_posts: Positive = Field(default=10, description="Never fires when fewer posts are usual.")
    min_authors: Positive = Field(default=1, description="Of no use here: silence has no authors.")


class SentimentTurn(Comparing):
    """Net sentiment that left what the brand's past makes likely."""

    kind: Literal["sentiment-turn"] = Field(description="sentiment-turn: net sentiment up or down against the past.")
    name: Name = Field(default="sentiment-turn", description="Name of the rule in alerts, routes and silences.")
    window: Duration = Field(default=timedelta(hours=6), description="The window that is looked at.")
    hold: Duration = Field(default=timedelta(hours=1), description="Resolves after this long without the condition.")
    baseline: Duration = Field(default=timedelta(days=14), description="The past it is compared with.")
    apart: Duration = Field(
        default=timedelta(0), description="From one earlier window to the next; 0s: they follow each other."
    )
    at_least: Annotated[float, Field(ge=0)] = Field(default=0.1, description="The least difference worth telling.")
    direction: Direction = Field(default="both", description="Which way: up, down or both.")


class VoiceLoss(Comparing):
    """A share of voice below what the brand's past makes likely."""

    kind: Literal["voice-loss"] = Field(description="voice-loss: a share of voice below what the past makes likely.")
    name: Name = Field(default="voice-loss", description="Name of the rule in alerts, routes and silences.")
    window: Duration = Field(default=timedelta(hours=24), description="The window that is looked at.")
    hold: Duration = Field(default=timedelta(hours=1), description="Resolves after this long without the condition.")
    baseline: Duration = Field(default=timedelta(days=28), description="The past it is compared with.")
    at_least: Annotated[float, Field(ge=0)] = Field(
        default=0.05, description="The least loss worth telling; 0.05: five points."
    )
    by: Literal["posts", "authors", "threads"] = Field(default="posts", description="What is shared.")


class Crisis(Rule):
    """Negative volume x reach x speed far above the usual."""

    kind: Literal["crisis"] = Field(description="crisis: negative volume x reach x speed, in times the usual.")
    name: Name = Field(default="crisis", description="Name of the rule in alerts, routes and silences.")
    severity: Severity = Field(default="critical", description="How grave it is: info, warning or critical.")
    hold: Duration = Field(default=timedelta(minutes=30), description="Resolves after this long without the condition.")
    baseline: Duration = Field(default=timedelta(weeks=4), description="The past that says what is usual.")
    above: Annotated[float, Field(gt=1)] = Field(
        default=5.0, description="Fires when the crisis number is surely more than so many times the usual."
    )


class NewVoice(Rule):
    """Somebody new among those most people answer, quote or repost."""

    kind: Literal["new-voice"] = Field(description="new-voice: somebody new among those most people turn to.")
    name: Name = Field(default="new-voice", description="Name of the rule in alerts, routes and silences.")
    severity: Severity = Field(default="info", description="How grave it is: info, warning or critical.")
    window: Duration = Field(default=timedelta(hours=24), description="The window that is looked at.")
    hold: Duration = Field(default=timedelta(hours=6), description="Resolves after this long without the condition.")
    baseline: Duration = Field(default=timedelta(weeks=4), description="The past in which nobody turned to them.")
    among: Positive = Field(default=5, description="Among so many whom most people turn to.")
    share: Annotated[float, Field(gt=0, lt=1)] = Field(
        default=0.05, description="Surely more than this share of those who turn to anybody turn to them."
    )
    min_authors: Positive = Field(default=10, description="Never fires when fewer people turn to them.")


class CircleSplit(Rule):
    """A circle that was part of another and now talks by itself."""

    kind: Literal["circle-split"] = Field(description="circle-split: a part of a circle that now talks by itself.")
    name: Name = Field(default="circle-split", description="Name of the rule in alerts, routes and silences.")
    severity: Severity = Field(default="info", description="How grave it is: info, warning or critical.")
    window: Duration = Field(default=timedelta(days=7), description="The circles of so long ago are compared.")
    hold: Duration = Field(default=timedelta(days=1), description="Resolves after this long without the condition.")
    crossing: Annotated[float, Field(gt=0, lt=1)] = Field(
        default=0.5,
        description="Surely less than this part of the ties that would go from one to the other by chance still do.",
    )
    min_authors: Positive = Field(default=10, description="Never fires when either part has fewer members.")


class MessageTurn(Comparing):
    """A sentiment turn among the posts that hold given words or hashtags."""

    kind: Literal["message-turn"] = Field(description="message-turn: a sentiment turn among posts with given words.")
    name: Name = Field(default="message-turn", description="Name of the rule in alerts, routes and silences.")
    about: tuple[str, ...] = Field(description="Words, phrases or #hashtags; a post with one of them counts.")
    window: Duration = Field(default=timedelta(hours=24), description="The window that is looked at.")
    hold: Duration = Field(default=timedelta(hours=1), description="Resolves after this long without the condition.")
    baseline: Duration = Field(default=timedelta(days=14), description="The past it is compared with.")
    apart: Duration = Field(
        default=timedelta(0), description="From one earlier window to the next; 0s: they follow each other."
    )
    at_least: Annotated[float, Field(ge=0)] = Field(default=0.1, description="The least difference worth telling.")
    direction: Direction = Field(default="both", description="Which way: up, down or both.")

    @field_validator("about")
    @classmethod
    def _is_about_something(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value or not all(item.strip(" #@") for item in value):
            raise ValueError("needs at least one word, and none of them empty")
        return value


AnyRule = Annotated[
    Threshold
    | Change
    | VolumeSpikeRule
    | VolumeDrop
    | SentimentTurn
    | VoiceLoss
    | Crisis
    | NewVoice
    | CircleSplit
    | MessageTurn,
    Field(discriminator="kind"),
]
