"""The languages that messages, answers and sentences come in."""

from __future__ import annotations

from typing import Literal

Lang = Literal["en", "es"]


def language_of(asked: str | None) -> Lang:
    """`es`, also as `es-MX`, is Spanish; all else English."""
    return "es" if (asked or "").lower().startswith("es") else "en"
