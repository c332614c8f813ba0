"""Who is told of which alerts, when, and how many at once: the meaning of each word is Alertmanager's.

`routing` itself is the root of the tree. An alert goes down to the first route whose matchers hold (and on to the next
ones after a route with `continue`); where none below holds, the route itself takes it. What a route does not say it has
from the one above, except `mute` and `active`, which are its own.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, model_validator

from config.language import Lang
from config.matchers import LABELS, parse
from config.problems import did_you_mean
from config.section import Name, Section
from config.times import Clock, Times, Weekdays, Zone
from config.units import Duration

EVERY_LABEL: Final = "..."
"""As the only word of `group_by`: each alert is a group of its own."""
UNROUTED: Final = frozenset({"alertmanager"})
"""Kinds of outlets that get every alert as it is, since they have routes of their own."""


def _readable(text: str) -> str:
    parse(text)
    return text


def _is_label(name: str) -> str:
    if name not in LABELS:
        hint = did_you_mean(name, LABELS) or f"; there are: {', '.join(LABELS)}"
        raise ValueError(f"there is no label {name!r}{hint}")
    return name


def _is_label_or_all(name: str) -> str:
    return name if name == EVERY_LABEL else _is_label(name)


def _takes_time(value: timedelta) -> timedelta:
    if not value:
        raise ValueError("must be longer than 0s")
    return value


MatcherText = Annotated[str, AfterValidator(_readable)]
GroupLabel = Annotated[str, AfterValidator(_is_label_or_all)]
Label = Annotated[str, AfterValidator(_is_label)]
Interval = Annotated[Duration, AfterValidator(_takes_time)]


class Route(Section):
    """A branch: the alerts that all its matchers hold for."""

    matchers: tuple[MatcherText, ...] = Field(
        default=(), description='Which alerts, such as severity="critical" or brand=~"fair.*"; all must hold.'
    )
    outlets: tuple[str, ...] | None = Field(
        default=None, description="Who is told; default: as the route above; []: nobody."
    )
    continue_: bool = Field(
        default=False, alias="continue", description="Whether the routes after this one are asked as well."
    )
    group_by: tuple[GroupLabel, ...] | None = Field(
        default=None, description="As for `routing`; default: as the route above."
    )
    group_wait: Duration | None = Field(default=None, description="As for `routing`; default: as the route above.")
    group_interval: Interval | None = Field(default=None, description="As for `routing`; default: as the route above.")
    repeat_interval: Interval | None = Field(default=None, description="As for `routing`; default: as the route above.")
    mute: tuple[str, ...] = Field(default=(), description="Times when nothing is told; not inherited.")
    active: tuple[str, ...] = Field(default=(), description="The only times when anything is told; not inherited.")
    lang: Lang | None = Field(default=None, description="en or es; default: as the route above.")
    routes: tuple[Route, ...] = Field(default=(), description="Finer branches, with the same keys.")

    @model_validator(mode="after")
    def _groups_make_sense(self) -> Self:
        _check_groups(self.group_by or ())
        return self


class Inhibition(Section):
    """While one alert fires, others are not told: a brand's crisis explains its falling sentiment."""

    source_matchers: tuple[MatcherText, ...] = Field(min_length=1, description="Which firing alerts silence others.")
    target_matchers: tuple[MatcherText, ...] = Field(min_length=1, description="Which alerts they silence.")
    equal: tuple[Label, ...] = Field(default=(), description="Labels in which both must agree, such as [brand].")


class Digest(Section):
    """A message at a fixed time: how each brand is, and what was told of it."""

    name: Name = Field(description="Its name; it is told once a day, also after a restart.")
    outlets: tuple[str, ...] | None = Field(default=None, description="Who gets it; default: all.")
    at: Clock = Field(default="08:00", description="Time of day.")
    weekdays: tuple[Weekdays, ...] = Field(default=(), description="Only on these days, such as monday; empty: daily.")
    zone: Zone = Field(default="UTC", description="Time zone of `at` and of the days, such as Europe/Madrid.")
    window: Interval = Field(default=timedelta(days=1), description="The time it speaks of, up to its own.")
    brands: tuple[str, ...] = Field(default=(), description="Brands it speaks of; empty: all.")
    lang: Lang | None = Field(default=None, description="en or es; default: that of `routing`.")


class Routing(Section):
    """The root of the tree: every alert comes here, and what no branch takes stays."""

    outlets: tuple[str, ...] | None = Field(default=None, description="Who is told; default: all; []: nobody.")
    group_by: tuple[GroupLabel, ...] = Field(
        default=("brand",), description="Alerts that agree in these labels make one message; [...]: never two in one."
    )
    group_wait: Duration = Field(
        default=timedelta(seconds=30), description="How long a new group waits for more; what ends before is not told."
    )
    group_interval: Interval = Field(
        default=timedelta(minutes=5), description="How long a told group waits before it tells what is new."
    )
    repeat_interval: Interval = Field(
        default=timedelta(hours=4), description="After how long what still fires is told again."
    )
    mute: tuple[str, ...] = Field(default=(), description="Times, by name, when what stays here is not told.")
    active: tuple[str, ...] = Field(default=(), description="The only times, by name, when what stays here is told.")
    lang: Lang = Field(default="en", description="Language of messages: en or es.")
    routes: tuple[Route, ...] = Field(default=(), description="The branches, asked in this order.")
    inhibit: tuple[Inhibition, ...] = Field(default=(), description="Which alerts keep others from being told.")
    times: tuple[Times, ...] = Field(default=(), description="Times that `mute` and `active` name.")
    digests: tuple[Digest, ...] = Field(default=(), description="Messages at fixed times.")

    @model_validator(mode="after")
    def _groups_make_sense(self) -> Self:
        _check_groups(self.group_by)
        return self


def _check_groups(labels: tuple[str, ...]) -> None:
    """Raises `ValueError`."""
    if EVERY_LABEL in labels and len(labels) > 1:
        raise ValueError("group_by: `...` means all labels already; take the others out")
    twice = sorted({label for label in labels if labels.count(label) > 1})
    if twice:
        raise ValueError(f"group_by: {', '.join(twice)} is named twice")
