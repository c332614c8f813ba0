"""Several hosts that serve the same data, in order of preference."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta


class Hosts:
    """Which host to use: the next one after `patience` failures in a row, the first again after `away`."""

    def __init__(self, hosts: Sequence[str], patience: int = 3, away: timedelta = timedelta(minutes=15)) -> None:
        self._hosts, self._patience, self._away = hosts, patience, away
        self._current, self._failures = 0, 0
        self._left: datetime | None = None  # when the first host was left

    def pick(self, now: datetime) -> str:
        """The host to connect to."""
        if self.first_is_due(now):
            # It is on probation: one more failure, and the next host has its turn again.
            self._current, self._failures, self._left = 0, self._patience - 1, None
        return self._hosts[self._current]

    def first_is_due(self, now: datetime) -> bool:
        """Whether another host than the first is in use, and has been long enough to try the first again."""
        return self._current > 0 and self._left is not None and now - self._left >= self._away

    def failed(self, now: datetime) -> None:
        """The current host failed to connect, to speak or to go on."""
        self._failures += 1
        if self._failures < self._patience:
            return
        if self._current == 0:
            self._left = now
        self._current, self._failures = (self._current + 1) % len(self._hosts), 0

    def delivered(self) -> None:
        """The current host sent data: its failures are forgiven."""
        self._failures = 0
