"""Where a number stands among others of its kind."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import msgspec

from streams.views.components import Figure

MIN_WINDOWS: Final = 8
MIN_OTHERS: Final = 2


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """`percentile`, 0 to 100: how many of the `of` others are lower, and half of those that are `equal`. It says high
    or low, not good or bad. `insufficient`: with fewer others it would be wild."""

    of: int
    lower: int
    equal: int
    insufficient: bool
    percentile: float | None = None


def standing(figure: Figure, others: Sequence[Figure], fewest: int) -> Standing:
    """Of one figure among others of the same name; those without a value do not count."""
    place, places = _place(figure), [place for other in others if (place := _place(other)) is not None]
    if place is None:
        return Standing(of=len(places), lower=0, equal=0, insufficient=True)
    lower, equal = sum(other < place for other in places), sum(other == place for other in places)
    few = len(places) < fewest
    percentile = None if few else 100 * (lower + equal / 2) / len(places)
    return Standing(of=len(places), lower=lower, equal=equal, insufficient=few, percentile=percentile)


def _place(figure: Figure) -> float | None:
    """What is compared; a wait that has not ended is longer than all that have."""
    return math.inf if figure.unreached else figure.value
