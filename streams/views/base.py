"""What a view is, and the list of all of them: a new number is a new file and a line here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol

from streams.views.asked import Answer, Asked
from streams.views.conversation import peer_share, threads_without_brand
from streams.views.core import core
from streams.views.evenness import unevenness
from streams.views.fragmentation import fragmentation
from streams.views.levels import levels
from streams.views.reciprocity import reciprocity
from streams.views.renewal import renewal
from streams.views.response import first_response
from streams.views.rows import Rows
from streams.views.sentiment import sentiment
from streams.views.threads import threads
from streams.views.venues import venues
from streams.views.volume import volume


class View(Protocol):
    """A pure function of the rows: the same for any order of arrival, and after any detour of adds and removes.

    It never raises for lack of data, never answers NaN, and says how much stands behind it.
    """

    def __call__(self, rows: Rows, asked: Asked, /) -> Answer:
        """The number."""


PULSE: Final[Mapping[str, View]] = {
    "volume": volume,
    "sentiment": sentiment,
    "peer_share": peer_share,
    "threads_without_brand": threads_without_brand,
    "reciprocity": reciprocity,
    "unevenness": unevenness,
    "fragmentation": fragmentation,
    "first_response": first_response,
    "renewal": renewal,
}
"""What `/pulse` answers."""

HEALTH: Final[Mapping[str, View]] = {
    "threads": threads,
    "venues": venues,
    "core": core,
    "levels": levels,
}
"""What says more of weeks than of hours, or takes longer: not in the pulse."""

VIEWS: Final[Mapping[str, View]] = {**PULSE, **HEALTH}
