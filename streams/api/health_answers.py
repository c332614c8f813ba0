"""The answers about a community's health, as msgspec structs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from streams.api.gaps import WindowGap
from streams.views.asked import Interval, Share
from streams.views.components import Better, Figure, Unit
from streams.views.health import Beside
from streams.views.standing import Standing


class HealthFigures(msgspec.Struct, frozen=True):
    """What one brand brings to the comparison in its group: each component of a window, by name."""

    figures: dict[str, Figure]


class ComponentHealth(Beside, frozen=True, kw_only=True):
    """One number of the community. `better`: which way is good; `group`: its place among the other brands."""

    group: Standing
    better: Better
    unit: Unit


class TalkedPost(msgspec.Struct, frozen=True):
    """What a thread began with; of `interactions` (replies, quotes and reposts of the window) and `authors` in it."""

    id: str
    url: str | None
    platform: str
    interactions: int
    authors: int


class CircleMove(msgspec.Struct, frozen=True, kw_only=True):
    """A circle whose share of the posts moved for sure: now, in the window before, and the difference by Newcombe."""

    name: str
    words: Sequence[str]
    now: Share
    before: Share
    difference: float
    interval: Interval


class HealthSummary(msgspec.Struct, frozen=True):
    """What moved, in plain sentences. `lang`: the language they are in; `note`: why it is not the one asked for."""

    lang: str
    sentences: Sequence[str]
    note: str | None = None


class BrandHealth(msgspec.Struct, frozen=True, kw_only=True):
    """How a community is, number by number; there is no figure for the whole, because none could be explained.

    `windows`: earlier windows of the brand behind the percentiles, from `min_windows` on. `moved`: components with a
    real move, of the `tested` ones whose change has an interval. `posts`: what most of the window's talk hung on.
    `circles`: asked for when something moved; `circles_missing` says why they are not there. `missing`: brands of the
    group that did not answer. `gaps`: what a network could not tell of this window and the one before.
    """

    brand: str
    group: str
    start: datetime
    to: datetime
    since: datetime | None
    windows: int
    min_windows: int
    components: dict[str, ComponentHealth]
    moved: Sequence[str]
    tested: int
    posts: Sequence[TalkedPost]
    circles: Sequence[CircleMove]
    circles_missing: str | None
    summary: HealthSummary
    missing: Sequence[str]
    gaps: Sequence[WindowGap]
