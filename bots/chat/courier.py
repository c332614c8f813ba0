"""Brings alerts to one outlet: in order, each once, with patience; what cannot be delivered becomes a dead letter."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from random import Random

import msgspec
from aiokafka import ConsumerRecord

from bots.chat.base import Delivered, Message, Outcome, Outlet, OutletOptions, Refused, RetryLater
from bots.chat.told import Told
from streams import metrics
from streams.alerting.topic import readable
from streams.records import Alert
from streams.tasks import Tasks

log = logging.getLogger(__name__)
LONGEST_ASKED = timedelta(hours=1)  # a destination may ask for more patience than that, but is asked again then
GRACE_S = 3.0  # how long a stop waits for the attempt under way

GiveUp = Callable[[Alert, str], Awaitable[None]]
"""Keeps an alert that could not be delivered, and the reason."""


class Courier:
    """One outlet's queue is the topic itself: `handle` returns when its records are told, so nothing piles up here."""

    def __init__(
        self,
        name: str,
        outlet: Outlet,
        told: Told,
        newest: Callable[[str], Alert | None],
        display: Callable[[str], str],
        give_up: GiveUp,
        since: datetime,
        random: Random,
    ) -> None:
        self._name, self._outlet, self._told = name, outlet, told
        self._newest, self._display, self._give_up = newest, display, give_up
        self._since, self._random = since, random
        self._tasks = Tasks()

    async def handle(self, records: Sequence[ConsumerRecord]) -> None:
        """Tell what is news. Raises `KafkaError` when a dead letter could not be kept; calling again is harmless."""
        for record in records:
            alert = readable(record)
            if alert is not None and self._is_due(alert):
                await self._bring(alert)
                self._told.remember(self._name, alert)

    def _is_due(self, alert: Alert) -> bool:
        """Not told yet, and either from after the outlet's first start or still going on."""
        if not self._told.is_news(self._name, alert):
            return False
        newest = self._newest(alert.fingerprint)
        goes_on = newest is not None and newest.state == "firing" and newest.started_at == alert.started_at
        return alert.at >= self._since or (alert.state == "firing" and goes_on)

    async def _bring(self, alert: Alert) -> None:
        options: OutletOptions = self._outlet.options
        reason = ""
        for number in range(options.tries):
            outcome = await self._attempt(alert)
            metrics.DELIVERIES.labels(self._name, type(outcome).__name__).inc()
            if isinstance(outcome, Delivered):
                log.info("%s: told that %s", self._name, alert.title)
                return
            reason = outcome.reason
            if isinstance(outcome, Refused):
                break
            if number + 1 < options.tries:
                await self._wait(outcome, number)
        log.error("%s: giving up on %s: %s", self._name, alert.title, reason)
        await self._give_up(alert, reason)

    async def _attempt(self, alert: Alert) -> Outcome:
        """One attempt; being stopped, we wait a little for what is under way, so that it is not repeated."""
        message = Message(self._current(alert), self._display(alert.brand))
        sending = self._tasks.start(self._outlet.send(message), f"send to {self._name}")
        try:
            return await asyncio.shield(sending)
        except asyncio.CancelledError:
            await asyncio.wait({sending}, timeout=GRACE_S)
            if _is_delivered(sending):
                self._told.remember(self._name, alert)
            await self._tasks.stop()
            raise

    def _current(self, alert: Alert) -> Alert:
        """The alert with its quotes as they are now: a post may have been deleted while we waited."""
        newest = self._newest(alert.fingerprint)
        if newest is None or newest.started_at != alert.started_at:
            return alert
        return msgspec.structs.replace(alert, evidence=newest.evidence)

    async def _wait(self, outcome: RetryLater, number: int) -> None:
        seconds = wait_of(self._outlet.options, outcome.after, number, self._random)
        log.warning("%s: %s; again in %.1f s", self._name, outcome.reason, seconds)
        await asyncio.sleep(seconds)


def _is_delivered(sending: asyncio.Task[Outcome]) -> bool:
    ended = sending.done() and not sending.cancelled() and sending.exception() is None
    return ended and isinstance(sending.result(), Delivered)


def wait_of(options: OutletOptions, asked: float | None, number: int, random: Random) -> float:
    """Seconds before the next try after failed try `number` (from 0): as asked, else doubling with jitter.

    What is asked for is never undercut; a little is added, for others were asked the same.
    """
    if asked is not None:
        return min(asked, LONGEST_ASKED.total_seconds()) + random.uniform(0, options.first_wait.total_seconds())
    first, longest = options.first_wait.total_seconds(), options.longest_wait.total_seconds()
    doubled: float = first * 2.0 ** min(number, 60)
    return min(longest, doubled) * random.uniform(0.5, 1)
