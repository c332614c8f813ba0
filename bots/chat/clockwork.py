"""Turns the wheels: what changed goes to the dispatcher, what is due is looked at, couriers are woken."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from datetime import datetime
from typing import Final

from bots.chat.couriers import Couriers
from bots.chat.digests import Digests
from bots.chat.dispatcher import Dispatcher
from bots.chat.watched import Watched

LONGEST_S: Final = 5.0
"""Sleep no longer: the clock may be set, and a room may begin to watch."""


class Clockwork:
    """Life cycle: `run` once the topics have been read; `changed` at any time."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        digests: Digests,
        couriers: Couriers,
        watched: Watched,
        now: Callable[[], datetime],
    ) -> None:
        self._dispatcher, self._digests, self._couriers = dispatcher, digests, couriers
        self._watched, self._now = watched, now
        self._waiting: set[str] = set()
        self._woken = asyncio.Event()

    def changed(self, fingerprints: Collection[str]) -> None:
        """These alerts began, ended, read otherwise, or left the topic."""
        self._waiting.update(fingerprints)
        self._woken.set()

    async def run(self) -> None:
        """Until cancelled. Raises `sqlite3.Error`."""
        self._waiting.clear()  # what was read so far is taken as a whole
        self._dispatcher.start(self._now())
        while True:
            self._woken.clear()
            self._turn(self._now())
            await self._rest()

    def _turn(self, now: datetime) -> None:
        if self._watched.refresh():
            self._dispatcher.take_again(now)
        for fingerprint in self._waiting:
            self._dispatcher.take(fingerprint, now)
        self._waiting.clear()
        self._digests.tick(now)
        self._dispatcher.tick(now)
        self._couriers.wake()

    async def _rest(self) -> None:
        """Until something changes or is due; others get a turn in any case."""
        due = min((at for at in (self._dispatcher.due(), self._digests.due(self._now())) if at), default=None)
        left = LONGEST_S if due is None else min(LONGEST_S, (due - self._now()).total_seconds())
        await asyncio.sleep(0)
        if left > 0:
            try:
                async with asyncio.timeout(left):
                    await self._woken.wait()
            except TimeoutError:
                return
