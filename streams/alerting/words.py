"""What an alert says, in plain words."""

from __future__ import annotations

import regex

from config.schema import Brand, VolumeSpike
from config.units import format_duration

_GRAPHEME = regex.compile(r"\X")  # the standard library does not know what readers see as one character


def spike(brand: Brand, rule: VolumeSpike, posts: int, usual: float) -> str:
    """`Fairphone: 84 posts in 5m, usually about 12`."""
    return f"{brand.display}: {posts} posts in {format_duration(rule.window)}, usually about {number(usual)}"


def calm(brand: Brand, rule: VolumeSpike, posts: int, usual: float) -> str:
    """`Fairphone: back to at most 14 posts in 5m, usually about 12`."""
    window = format_duration(rule.window)
    return f"{brand.display}: back to at most {posts} posts in {window}, usually about {number(usual)}"


def unwatched(name: str) -> str:
    """For an alert whose rule or brand was taken out of the configuration."""
    return f"{name}: no longer watched by this rule"


def number(value: float) -> str:
    """A count for people: one decimal below ten, none above."""
    return f"{value:.1f}".removesuffix(".0") if value < 10 else f"{value:.0f}"


def cut(text: str, most: int) -> str:
    """The text in at most `most` characters (code points), cut between what readers see as characters."""
    if len(text) <= most:
        return text
    end = 0
    for match in _GRAPHEME.finditer(text[: most + 1]):
        if match.end() >= most:
            break
        end = match.end()
    return text[:end].rstrip() + "…"
