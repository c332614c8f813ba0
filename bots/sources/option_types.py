"""Kinds of options that many sources have: the address of a server, and how long to wait."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator

from bots.sources.markup import web_address
from config.units import format_duration


def _base_url(url: str) -> str:
    plain = url.partition("?")[0]  # behind it a key may stand
    if web_address(url) is None or plain != url or "#" in url:
        raise ValueError(f"{plain!r} is not a web address (https://…) that paths can be put behind")
    return url.rstrip("/")


BaseUrl = Annotated[str, AfterValidator(_base_url)]
"""Of an API: without a query, and without a slash at its end."""


def between(least: timedelta, most: timedelta) -> AfterValidator:
    """For a `Duration` that must not be shorter or longer."""

    def check(length: timedelta) -> timedelta:
        if not least <= length <= most:
            raise ValueError(f"write a time between {format_duration(least)} and {format_duration(most)}")
        return length

    return AfterValidator(check)
