"""The numbers that a rule may name: those of docs/numbers.md that are one figure of one window.

`streams/alerting/numbers.py` reads them; a test holds the two lists together.
"""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import AfterValidator

from config.problems import did_you_mean

NUMBERS: Final = (
    "posts",
    "authors",
    "people",
    "sentiment",
    "sentiment.corrected",
    "share_of_voice",
    "share_of_voice.authors",
    "share_of_voice.threads",
    "peer_share",
    "threads_without_brand",
    "reciprocity",
    "fragmentation",
    "first_response",
    "first_response.by_brand",
    "answered",
    "depth",
    "virality",
    "core",
    "unevenness",
    "absence_factor",
    "newcomers",
    "returning",
    "retention",
    "advocates",
    "regulars",
    "participants",
    "observers",
    "venues.own",
    "venues.hub",
    "venues.self_organised",
)
TO_COME: Final = ("influencers", "funnel", "decisions", "message")
"""Defined, but not counted yet."""


def _is_number(name: str) -> str:
    if name in NUMBERS:
        return name
    there = f"there are: {', '.join(NUMBERS)}"
    if name.partition(".")[0] in TO_COME:
        raise ValueError(f"{name!r} is not counted yet; {there}")
    raise ValueError(f"there is no number {name!r}; {there}{did_you_mean(name, NUMBERS)}")


Number = Annotated[str, AfterValidator(_is_number)]
"""The name of a number that exists."""
