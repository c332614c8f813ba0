"""Event times as the ledger counts them: whole milliseconds since 1970."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_ms(at: datetime) -> int:
    """Whole milliseconds since 1970."""
    return (at - EPOCH) // timedelta(milliseconds=1)


def from_ms(at: int) -> datetime:
    """The moment so many milliseconds after 1970."""
    return EPOCH + timedelta(milliseconds=at)


def length_ms(length: timedelta) -> int:
    """A length in whole milliseconds, at least one."""
    return max(1, length // timedelta(milliseconds=1))
