"""The circles behind an alert. They take seconds to find, so they are added to an alert that is told already."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec
from aiokafka.errors import KafkaError

from streams.alerting import behind
from streams.alerting.standing import Standing
from streams.records import Alert, Driver
from streams.tasks import Tasks
from streams.views.window import Window

log = logging.getLogger(__name__)
FindCircles = Callable[[str, Window], Awaitable[Sequence[Driver] | None]]
"""The circles with most of a window's posts; None: they could not be found."""
FRESH: Final = timedelta(minutes=10)
"""Circles are added to an alert that began so lately: later nobody waits for them."""


class CirclesBehind:
    """Adds them, one alert after the other."""

    def __init__(self, find: FindCircles | None, standing: Standing) -> None:
        self._find, self._standing = find, standing
        self._tasks, self._turn = Tasks(), asyncio.Lock()
        self._asked: set[tuple[str, datetime]] = set()

    def look(self, held: Collection[str], at: datetime) -> None:
        """Begin with the alerts of these brands that have none yet."""
        if self._find is None:
            return
        waiting = {
            (alert.fingerprint, alert.started_at): alert
            for alert in self._standing.all()
            if alert.brand in held and alert.state == "firing" and not alert.circles and at - alert.at <= FRESH
        }
        for key in waiting.keys() - self._asked:
            self._tasks.start(self._add(self._find, waiting[key]), f"circles behind {waiting[key].fingerprint}")
        self._asked = set(waiting)

    async def stop(self) -> None:
        """Give up what is being found."""
        await self._tasks.stop()

    async def _add(self, find: FindCircles, alert: Alert) -> None:
        async with self._turn:
            circles = await find(alert.brand, behind.window_of(alert))
        newest = self._standing.get(alert.fingerprint)
        if not circles or newest is None or (newest.state, newest.started_at) != ("firing", alert.started_at):
            return
        try:
            await self._standing.keep(msgspec.structs.replace(newest, circles=tuple(circles)))
        except KafkaError as error:
            log.warning("%s: the circles behind it could not be published: %r", alert.fingerprint, error)
