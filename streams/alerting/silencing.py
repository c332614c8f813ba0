"""Making silences of what people ask for, and ending them."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from secrets import token_hex
from typing import Final

import msgspec
from aiokafka.errors import KafkaError

from config.matchers import parse
from config.units import format_duration, parse_duration
from streams.alerting.silences import KEPT, Silence, TailSilences
from streams.alerting.topic import TailAlerts
from streams.records import Alert

LONGEST: Final = timedelta(days=366)
"""Longer ones are meant to be a change of the rules or of the routing."""
_TOO_LONG: Final = f"a silence lasts {format_duration(LONGEST)} at most"
MOST_MATCHERS: Final = 20
EVERY_S: Final = 3_600.0
log = logging.getLogger(__name__)


def acknowledgement(alert: Alert, by: str, comment: str, now: datetime) -> Silence:
    """Of the alert's episode; the same id however often it is acknowledged."""
    episode = f"{alert.fingerprint}\x00{alert.started_at.isoformat()}"
    name = hashlib.sha256(episode.encode()).hexdigest()[:8]
    return Silence(name, (), now, None, by, comment, now, alert.fingerprint, alert.started_at)


def asked(
    matchers: Sequence[str],
    now: datetime,
    *,
    length: str = "",
    ends_at: datetime | None = None,
    starts_at: datetime | None = None,
    by: str = "",
    comment: str = "",
) -> Silence:
    """A silence as it was asked for, either for a `length` (`2h`) or until `ends_at`. Raises `ValueError`."""
    start = now if starts_at is None else max(now, _utc(starts_at, "starts_at"))
    if start - now > LONGEST:
        raise ValueError(f"`starts_at` is more than {format_duration(LONGEST)} away")
    if bool(length) == (ends_at is not None):
        raise ValueError("a silence needs an end: either `for`, such as 2h, or `ends_at`")
    end = _after(start, length) if ends_at is None else _utc(ends_at, "ends_at")
    if end <= start:
        raise ValueError("the silence would end before it begins")
    if end - start > LONGEST:
        raise ValueError(_TOO_LONG)
    return Silence(token_hex(4), _checked(matchers), start, end, by, comment, now)


def ended(silence: Silence, now: datetime) -> Silence:
    """The same, over; one that is over already stays as it is."""
    if silence.state_at(now) == "expired":
        return silence
    return msgspec.structs.replace(silence, starts_at=min(silence.starts_at, now), ends_at=now, at=now)


class Clearing:
    """Takes out of the topic what has been over for `KEPT`. Every worker may: two tombstones do what one does."""

    def __init__(
        self,
        silences: TailSilences,
        alerts: TailAlerts,
        remove: Callable[[str], Awaitable[None]],
        now: Callable[[], datetime],
    ) -> None:
        self._silences, self._alerts, self._remove, self._now = silences, alerts, remove, now

    async def run(self) -> None:
        """Look every hour until cancelled."""
        await self._silences.ready()
        await self._alerts.ready()
        while True:
            try:
                await self.look()
            except KafkaError as error:
                log.warning("silences that are over could not be cleared away, trying again later: %r", error)
            await asyncio.sleep(EVERY_S)

    async def look(self) -> None:
        """Once. Raises `KafkaError`."""
        for silence in self._silences.all():
            if is_long_over(silence, self._alerts.get(silence.fingerprint), self._now()):
                await self._remove(silence.id)


def is_long_over(silence: Silence, alert: Alert | None, now: datetime) -> bool:
    """Whether it has been over for `KEPT`; an acknowledgement is over with its episode: `alert` is its newest state."""
    end = silence.ends_at
    if end is None and (alert is None or not silence.covers(alert)):
        same = alert is not None and alert.started_at == silence.started_at
        end = alert.ended_at if same and alert is not None and alert.ended_at else silence.at
    return end is not None and now - end >= KEPT


def _after(start: datetime, length: str) -> datetime:
    try:
        return start + parse_duration(length)
    except OverflowError as error:
        raise ValueError(_TOO_LONG) from error


def _utc(at: datetime, name: str) -> datetime:
    if at.tzinfo is None:
        raise ValueError(f"`{name}` has no time zone; add Z for UTC")
    try:
        return at.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"`{name}` is no date in UTC") from error


def _checked(matchers: Sequence[str]) -> tuple[str, ...]:
    """As they are spelled. Like Alertmanager's, a silence has to choose, if only by what it is not about."""
    if len(matchers) > MOST_MATCHERS:
        raise ValueError(f"a silence has {MOST_MATCHERS} matchers at most")
    found = [parse(text) for text in matchers]
    if all(matcher.operator in {"=", "=~"} and matcher.matches({}) for matcher in found):
        raise ValueError('which alerts? At least one matcher has to choose, such as brand="fairphone"')
    return tuple(str(matcher) for matcher in found)
