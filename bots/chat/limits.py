"""How often a destination may be told something: a token bucket, and the rates people write (`20/1m`)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Annotated, NamedTuple

from pydantic import AfterValidator

from config.units import parse_duration


class Clock(NamedTuple):
    """The time, and waiting for it."""

    now: Callable[[], datetime]
    sleep: Callable[[float], Awaitable[None]]


class Rate(NamedTuple):
    """`most` messages in `per` on average, and no more than `most` at once."""

    most: int
    per: timedelta


def parse_rate(text: str) -> Rate:
    """`"20/1m"` -> 20 messages a minute. Raises `ValueError`, which says what is wrong."""
    count, _, per = text.partition("/")
    if not count.strip().isdigit() or int(count) < 1:
        raise ValueError(f"{text!r} is no rate; write how many in which time, such as 1/1s or 20/1m")
    length = parse_duration(per)
    if not length:
        raise ValueError(f"{text!r} is no rate: its time must be longer than 0s")
    return Rate(int(count), length)


def _readable(text: str) -> str:
    parse_rate(text)
    return text


RateText = Annotated[str, AfterValidator(_readable)]


class Bucket:
    """Holds one token at the start, not all: the process before this one may have used them a moment ago."""

    def __init__(self, rate: Rate, now: datetime) -> None:
        self._rate, self._tokens, self._at = rate, 1.0, now

    def wait(self, now: datetime) -> float:
        """Seconds until a message may go out; 0: now."""
        self._fill(now)
        return max(0.0, (1.0 - self._tokens) * self._pace())

    def take(self, now: datetime) -> None:
        """A message goes out."""
        self._fill(now)
        self._tokens -= 1.0

    def _fill(self, now: datetime) -> None:
        passed = max(0.0, (now - self._at).total_seconds())
        self._tokens, self._at = min(self._rate.most, self._tokens + passed / self._pace()), max(now, self._at)

    def _pace(self) -> float:
        return self._rate.per.total_seconds() / self._rate.most
