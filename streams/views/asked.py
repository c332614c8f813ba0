"""What every view is given besides the rows, and what every answer carries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import msgspec

from config.schema import Views

Confusion: TypeAlias = Sequence[Sequence[float]]
"""Counts on validation posts: rows are the truth, columns the answer, both (negative, neutral, positive)."""

Interval: TypeAlias = tuple[float, float]
"""95 %: [low, high]."""


class Asked(msgspec.Struct, frozen=True):
    """The floors and sizes of the config, and the classifier's confusion per language."""

    settings: Views = Views()
    confusion: Mapping[str, Confusion] = {}

    def too_few(self, posts: int, authors: int) -> bool:
        """Whether a figure over so little would be wild."""
        return posts < self.settings.min_posts or authors < self.settings.min_authors


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """How much stands behind a number. `insufficient`: too little; then its counts are given, its estimates are not."""

    posts: int
    authors: int
    insufficient: bool


class Estimate(msgspec.Struct, frozen=True):
    """A figure over a sample, with what it may be; None: too little to say."""

    value: float | None = None
    interval: Interval | None = None


class Share(Answer, frozen=True, kw_only=True):
    """`share` = `count` / `total`, with its Wilson interval."""

    count: int
    total: int
    share: float | None = None
    interval: Interval | None = None
