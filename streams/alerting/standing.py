"""Which alerts stand as they are, for one worker: the topic, and over it what this worker published a moment ago."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Collection
from typing import Protocol

from streams.records import Alert


class Known(Protocol):
    """The newest alert of every fingerprint, from the topic `alerts` (`streams.alerting.topic.TailAlerts`)."""

    async def ready(self) -> None:
        """Returns once everything that stood in the topic at the start is known."""

    def get(self, fingerprint: str) -> Alert | None:
        """The newest alert with this fingerprint."""

    def all(self) -> Collection[Alert]:
        """The newest alert of every fingerprint."""


def fingerprint(rule: str, brand: str, subject: str = "") -> str:
    """The same for the same rule, brand and subject (an author, a circle), for ever."""
    about = f"volume-spike\x00{rule}\x00{brand}" + (f"\x00{subject}" if subject else "")
    return hashlib.sha256(about.encode()).hexdigest()[:16]


class Standing:
    """Reads and changes what stands."""

    def __init__(self, known: Known, publish: Callable[[Alert], Awaitable[None]]) -> None:
        self._known, self._publish = known, publish
        self._mine: dict[str, Alert] = {}  # published, but not yet come back through `known`

    async def ready(self) -> None:
        """Returns once what stood at the start is known."""
        await self._known.ready()

    async def keep(self, alert: Alert) -> None:
        """Publish; from then on it stands here, however long it takes to come back. Raises `KafkaError`."""
        await self._publish(alert)
        self._mine[alert.fingerprint] = alert

    def get(self, key: str) -> Alert | None:
        """The newest alert with this fingerprint."""
        known, mine = self._known.get(key), self._mine.get(key)
        if known is None or mine is None:
            return known or mine
        if known == mine or known.at > mine.at:
            del self._mine[key]
            return known
        return mine

    def all(self) -> list[Alert]:
        """The newest alert of every fingerprint."""
        keys = {alert.fingerprint for alert in self._known.all()} | set(self._mine)
        found = (self.get(key) for key in sorted(keys))
        return [alert for alert in found if alert is not None]

    def forget_all_but(self, brands: Collection[str]) -> None:
        """Other workers speak for the brands that have moved away."""
        self._mine = {key: alert for key, alert in self._mine.items() if alert.brand in brands}
