"""What happens in the simulated community and when: crises, campaigns, and how much is said about whom at any time."""

from __future__ import annotations

import math
from functools import lru_cache
from random import Random
from typing import Literal

import msgspec

HOUR = 3_600.0
CRISIS_EVERY, CRISIS_LASTS = 3 * HOUR, 20 * 60.0
CRISIS_TIMES = 8.0  # how many times the usual volume at the height of a crisis
CAMPAIGN_EVERY, CAMPAIGN_LASTS = 24 * HOUR, 3 * HOUR
CAMPAIGN_TIMES = 2.0
FIRST_CRISIS = 10 * 60.0  # after the first start, so that whoever tries Tertulia meets an alert soon


class Moment(msgspec.Struct, frozen=True):
    """A crisis or a campaign of the brand with that index; unix seconds."""

    kind: Literal["crisis", "campaign"]
    brand: int
    start: float
    end: float


class Plan:
    """The known moments, laid out around `live`, the unix time of the first start."""

    def __init__(self, seed: int, brands: int, live: float, speed: float) -> None:
        self._seed, self._brands, self._live, self._speed = seed, brands, live, speed
        self._moment = lru_cache(maxsize=1_000)(self._draw)

    def moments(self, at: float) -> list[Moment]:
        """The crisis and the campaign nearest before `at`, and those that follow."""
        crises = math.floor((at - self._live) * self._speed / CRISIS_EVERY)
        days = math.floor((at - self._live) * self._speed / CAMPAIGN_EVERY)
        return [
            *(self._moment("crisis", number) for number in (crises - 1, crises, crises + 1)),
            *(self._moment("campaign", number) for number in (days - 1, days, days + 1)),
        ]

    def intensity(self, brand: int, at: float) -> float:
        """How many times the usual volume is said about the brand: a day has its hours, a crisis its peak."""
        hours = 1 + 0.25 * math.sin((at % 86_400) / 86_400 * math.tau)
        return hours * max((_height(moment, at) for moment in self.moments(at) if moment.brand == brand), default=1.0)

    def now(self, brand: int, at: float) -> Moment | None:
        """The moment that the brand is in; a crisis before a campaign."""
        return next(
            (found for found in self.moments(at) if found.brand == brand and found.start <= at < found.end), None
        )

    def _draw(self, kind: Literal["crisis", "campaign"], number: int) -> Moment:
        rng = Random(f"{self._seed}:{kind}:{number}")
        every, lasts = (CRISIS_EVERY, CRISIS_LASTS) if kind == "crisis" else (CAMPAIGN_EVERY, CAMPAIGN_LASTS)
        into = FIRST_CRISIS if kind == "crisis" and number == 0 else rng.uniform(0.1, 0.7) * every
        start = self._live + number * every / self._speed + into / self._speed
        # A crisis keeps its length at any speed: rules look at minutes, however fast the days go by.
        return Moment(
            kind, rng.randrange(self._brands), start, start + (lasts if kind == "crisis" else lasts / self._speed)
        )


def _height(moment: Moment, at: float) -> float:
    if not moment.start <= at < moment.end:
        return 1.0
    if moment.kind == "campaign":
        return CAMPAIGN_TIMES
    risen = min(1.0, (at - moment.start) / 180)  # three minutes to its height
    return 1 + (CRISIS_TIMES - 1) * risen
