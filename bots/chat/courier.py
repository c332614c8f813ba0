"""Brings what waits in the outbox to one destination: in order, each once, with patience, never faster than allowed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from random import Random
from traceback import format_tb

from bots.chat.base import Delivered, Message, Outcome, Outlet, OutletOptions, Refused, RetryLater
from bots.chat.groups import Destination
from bots.chat.limits import Bucket, Clock, parse_rate
from bots.chat.outbox import Outbox, Waiting
from streams import metrics
from streams.tasks import Tasks

log = logging.getLogger(__name__)
LONGEST_ASKED = timedelta(hours=1)  # a destination may ask for more patience than that, but is asked again then
GRACE_S = 3.0  # how long a stop waits for the attempt under way

Render = Callable[[Waiting, int], Awaitable[Message | RetryLater | Refused]]
"""A message as it reads now, given how many before it were lost; or why it cannot be written, yet or at all."""
GiveUp = Callable[[Waiting, str], Awaitable[None]]
"""Keeps what could not be delivered, and the reason."""


class Courier:
    """One destination's. Life cycle: `run` until cancelled; `wake` when something was put into the outbox."""

    def __init__(
        self,
        to: Destination,
        outlet: Outlet,
        outbox: Outbox,
        render: Render,
        give_up: GiveUp,
        clock: Clock,
        random: Random,
    ) -> None:
        self._to, self._outlet, self._outbox = to, outlet, outbox
        self._render, self._give_up = render, give_up
        self._clock, self._random = clock, random
        self._bucket = Bucket(parse_rate(outlet.options.rate), clock.now())
        self._paused_until = clock.now()  # the destination's own word on its limits
        self._tasks = Tasks()
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Something waits."""
        self._woken.set()

    async def run(self) -> None:
        """Raises `KafkaError` when a dead letter could not be kept; running again goes on where it was."""
        while True:
            self._woken.clear()
            while (message := self._outbox.first(self._to)) is not None:
                await self.bring(message)
            await self._woken.wait()

    async def bring(self, message: Waiting) -> None:
        """One attempt when its time has come, and what follows from it."""
        await self._wait_for(message)
        lost = self._outbox.lost(self._to)
        outcome = await self._attempt(message, lost)
        metrics.DELIVERIES.labels(self._to.outlet, type(outcome).__name__).inc()
        if isinstance(outcome, Delivered):
            self._delivered(message, lost, outcome)
        elif isinstance(outcome, Refused) or message.tries + 1 >= self._options.tries:
            log.error("%s: giving up on %s: %s", self._name, message.key, outcome.reason)
            await self._give_up(message, outcome.reason)
            self._outbox.given_up(message)
        else:
            seconds = wait_of(self._options, outcome.after, message.tries, self._random)
            log.warning("%s: %s; again in %.1f s", self._name, outcome.reason, seconds)
            self._outbox.failed(message, self._clock.now() + timedelta(seconds=seconds))

    async def _wait_for(self, message: Waiting) -> None:
        while (seconds := self._seconds_until(message)) > 0:
            await self._clock.sleep(seconds)

    def _seconds_until(self, message: Waiting) -> float:
        now = self._clock.now()
        longest = max(message.not_before, self._paused_until)
        return max((longest - now).total_seconds(), self._bucket.wait(now))

    async def _attempt(self, message: Waiting, lost: int) -> Outcome:
        """One attempt; being stopped, we wait a little for what is under way, so that it is not repeated."""
        rendered = await self._render(message, lost)
        if not isinstance(rendered, Message):
            return rendered
        self._bucket.take(self._clock.now())
        sending = self._tasks.start(self._send(rendered), f"send to {self._name}")
        try:
            return await asyncio.shield(sending)
        except asyncio.CancelledError:
            await asyncio.wait({sending}, timeout=GRACE_S)
            if (outcome := _delivered(sending)) is not None:
                self._delivered(message, lost, outcome)
            await self._tasks.stop()
            raise

    async def _send(self, message: Message) -> Outcome:
        """What the outlet says. A fault in one must not end what all the others are told."""
        try:
            return await self._outlet.send(message, self._to.room or None)
        except Exception as error:  # its words are left out: they may hold a token
            log.error("%s: a fault of ours\n%s", self._name, "".join(format_tb(error.__traceback__)))
            return RetryLater(f"a fault of ours: {type(error).__name__}")

    def _delivered(self, message: Waiting, lost: int, outcome: Delivered) -> None:
        self._outbox.delivered(message, lost)
        log.info("%s: told %s", self._name, message.key)
        if outcome.pause > 0:
            self._paused_until = self._clock.now() + timedelta(seconds=outcome.pause)

    @property
    def _options(self) -> OutletOptions:
        options: OutletOptions = self._outlet.options
        return options

    @property
    def _name(self) -> str:
        return " ".join(part for part in self._to if part)


def _delivered(sending: asyncio.Task[Outcome]) -> Delivered | None:
    ended = sending.done() and not sending.cancelled() and sending.exception() is None
    outcome = sending.result() if ended else None
    return outcome if isinstance(outcome, Delivered) else None


def wait_of(options: OutletOptions, asked: float | None, number: int, random: Random) -> float:
    """Seconds before the next try after failed try `number` (from 0): as asked, else doubling with jitter.

    What is asked for is never undercut; a little is added, for others were asked the same.
    """
    if asked is not None:
        return min(asked, LONGEST_ASKED.total_seconds()) + random.uniform(0, options.first_wait.total_seconds())
    first, longest = options.first_wait.total_seconds(), options.longest_wait.total_seconds()
    doubled: float = first * 2.0 ** min(number, 60)
    return min(longest, doubled) * random.uniform(0.5, 1)
