"""Puts dispatcher, outbox and couriers together and keeps them running."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection

import msgspec

from bots.chat.clockwork import Clockwork
from bots.chat.courier import Courier
from bots.chat.couriers import Couriers
from bots.chat.digesting import Digesting
from bots.chat.digests import Digests
from bots.chat.dispatcher import Dispatcher
from bots.chat.drawing_charts import Drawing
from bots.chat.groups import Destination
from bots.chat.listen.running import listen
from bots.chat.outbox import Outbox, Waiting
from bots.chat.places import Places, read_by_people
from bots.chat.quiet import Quiet
from bots.chat.rendering import Renderer
from bots.chat.role_parts import Parts
from bots.chat.watched import Watched
from streams.alerting.silences import TailSilences
from streams.alerting.topic import TailAlerts
from streams.tasks import Tasks

log = logging.getLogger(__name__)


class Telling:
    """One role. Life cycle: `run` until cancelled, or until one of its tasks fails."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        config, routing = parts.config, parts.config.routing
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._tasks = Tasks(on_death=self._died)
        self._outbox = Outbox(parts.store)
        self._alerts = TailAlerts(parts.bootstrap, config, self._changed)
        self._silences = TailSilences(parts.bootstrap, config)
        watched = Watched(parts.watches.all, parts.outlets)
        kinds = {name: outlet.name for name, outlet in parts.outlets.items()}
        places = Places(routing, kinds, watched.all)
        quiet = Quiet(routing, self._silences.all, self._alerts.all)
        self._renderer = self._render()
        self._clockwork = Clockwork(
            Dispatcher(parts.store, self._outbox, self._alerts, places, quiet),
            Digests(parts.store, self._outbox, routing.digests, read_by_people(kinds)),
            Couriers(self._outbox, self._courier, self._tasks),
            watched,
            parts.clock.now,
        )

    async def run(self) -> None:
        """Raises the error of a task that failed."""
        try:
            self._forget_what_nobody_takes()
            self._tasks.start(self._alerts.run(), "alerts")
            self._tasks.start(self._silences.run(), "silences")
            self._tasks.start(self._turn(), "dispatcher")
            self._tasks.start(self._listen(), "questions")
            await self._failed
        finally:
            await self._tasks.stop()

    def _changed(self, fingerprints: Collection[str]) -> None:
        self._clockwork.changed(fingerprints)

    async def _turn(self) -> None:
        await self._alerts.ready()
        await self._silences.ready()
        await self._clockwork.run()

    async def _listen(self) -> None:
        parts = self._parts
        await listen(parts.config, parts.outlets, parts.client, parts.watches, parts.clock.now, parts.random)

    def _courier(self, to: Destination) -> Courier:
        parts = self._parts
        outlet = parts.outlets[to.outlet]
        return Courier(to, outlet, self._outbox, self._renderer, self._give_up, parts.clock, parts.random)

    def _render(self) -> Renderer:
        parts = self._parts
        names = {brand.name: brand.display for brand in parts.config.brands}

        def display(brand: str) -> str:
            return names.get(brand, brand)

        return Renderer(
            newest=self._alerts.get,
            display=display,
            options={name: outlet.options for name, outlet in parts.outlets.items()},
            draw=Drawing(parts.client, display),
            digest=Digesting(parts.config, parts.client),
            dashboard=parts.config.api.public_url,
        )

    async def _give_up(self, message: Waiting, reason: str) -> None:
        record = msgspec.json.encode(message.content)  # without anybody's words: dead letters are kept for long
        await self._parts.letters.send(f"chat/{message.destination.outlet}", reason, record, message.key)

    def _forget_what_nobody_takes(self) -> None:
        for to in self._outbox.destinations():
            if to.outlet not in self._parts.outlets:
                log.warning("%s is no longer configured: %d messages are dropped", to.outlet, self._outbox.forget(to))

    def _died(self, error: BaseException) -> None:
        if not self._failed.done():
            self._failed.set_exception(error)
