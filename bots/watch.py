"""Notices silence: no batch, or no post, for much longer than a source usually pauses."""

from __future__ import annotations

from collections import deque

LEARNED = 50  # pauses remembered
ENOUGH = 20  # pauses known before the usual is called usual
FACTOR = 5.0


class Pauses:
    """The usual pause between two events, learned from the last ones; never shorter than `floor_s`."""

    def __init__(self, floor_s: float) -> None:
        self._floor_s = floor_s
        self._pauses: deque[float] = deque(maxlen=LEARNED)
        self._last: float | None = None

    def event(self, now: float) -> None:
        """Something came."""
        if self._last is not None:
            self._pauses.append(now - self._last)
        self._last = now

    def restart(self) -> None:
        """The stream was interrupted: the next pause is not the source's own."""
        self._last = None

    @property
    def limit_s(self) -> float:
        """A longer pause is a silence: five times the longest of the last pauses, and at least the floor."""
        return max(self._floor_s, FACTOR * max(self._pauses, default=0.0))

    def silent_s(self, now: float) -> float | None:
        """For how long it has been silent; None while the pause is usual, or the usual is not known."""
        if self._last is None or len(self._pauses) < ENOUGH or now - self._last <= self.limit_s:
            return None
        return now - self._last
