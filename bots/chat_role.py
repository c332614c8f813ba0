"""The role `chat`: follows the topic `alerts` and tells every configured outlet."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from random import Random
from typing import Any

import aiohttp
import msgspec

from bots.chat import OUTLETS
from bots.chat.base import Outlet, OutletOptions, Tools
from bots.chat.courier import Courier
from bots.chat.told import Told
from bots.http import Http
from bots.sources.base import Misconfigured
from config.schema import Config
from streams.alerting.topic import TailAlerts
from streams.kafka import producer
from streams.letters import DeadLetters
from streams.records import Alert, encode
from streams.tail import Tail
from streams.tasks import Tasks
from streams.topics import Topics

log = logging.getLogger(__name__)


def _utc_now() -> datetime:
    return datetime.now(UTC)


async def run_chat(
    config: Config, bootstrap: str, *, now: Callable[[], datetime] = _utc_now, random: Random | None = None
) -> None:
    """Tell the outlets until cancelled. Raises `Misconfigured`, `InUse`, `KafkaError`, and whatever ends a courier."""
    chosen = {name: options for name, options in configured(config.outlets).items() if options.enabled}
    if not chosen:
        log.info("no outlets are configured: alerts are shown by the API only")
        await asyncio.Event().wait()
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(_session(config))
        writer = producer(bootstrap, config.kafka, "tertulia-chat")
        stack.push_async_callback(writer.stop)
        await writer.start()
        told = Told(config.data_dir / "chat" / f"{config.namespace}.sqlite3")
        stack.callback(told.close)
        role = _Role(config, bootstrap, told, DeadLetters(writer, Topics(config)), random or Random(), now)
        await role.run({name: _build(options, Tools(session, now)) for name, options in chosen.items()})


def configured(outlets: Mapping[str, Any]) -> dict[str, OutletOptions]:
    """The checked options by outlet name. `kind` says what an outlet is; without it, its name does.

    Raises `Misconfigured` for an unknown kind and pydantic's `ValidationError` for wrong options.
    """
    result: dict[str, OutletOptions] = {}
    for name, given in outlets.items():
        if isinstance(given, OutletOptions):
            result[name] = given
            continue
        kind = (given or {}).get("kind", name)
        if kind not in OUTLETS:
            raise Misconfigured(f"outlets.{name}: there is no outlet {kind!r}; there are: {', '.join(sorted(OUTLETS))}")
        result[name] = OUTLETS[kind].options_type.model_validate(given or {})
    return result


def _build(options: OutletOptions, tools: Tools) -> Outlet:
    kind = next(outlet for outlet in OUTLETS.values() if outlet.options_type is type(options))
    return kind(options, tools)


def _session(config: Config) -> aiohttp.ClientSession:
    agent = Http(config.contact).user_agent
    return aiohttp.ClientSession(headers={"User-Agent": agent}, cookie_jar=aiohttp.DummyCookieJar(), trust_env=True)


class _Role:
    """The couriers and what they share."""

    def __init__(
        self,
        config: Config,
        bootstrap: str,
        told: Told,
        letters: DeadLetters,
        random: Random,
        now: Callable[[], datetime],
    ) -> None:
        self._config, self._bootstrap, self._told, self._letters = config, bootstrap, told, letters
        self._random, self._now = random, now
        self._names = {brand.name: brand.display for brand in config.brands}
        self._newest = TailAlerts(bootstrap, config)
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def run(self, outlets: Mapping[str, Outlet]) -> None:
        """Until cancelled, or until one of the tasks fails: then raises its error."""
        tasks = Tasks(on_death=self._died)
        try:
            tasks.start(self._newest.run(), "newest alerts")
            for name, outlet in outlets.items():
                tasks.start(self._tell(name, outlet), f"outlet {name}")
            await self._failed
        finally:
            await tasks.stop()

    async def _tell(self, name: str, outlet: Outlet) -> None:
        await self._newest.ready()
        courier = Courier(
            name=name,
            outlet=outlet,
            told=self._told,
            newest=self._newest.get,
            display=lambda brand: self._names.get(brand, brand),
            give_up=lambda alert, reason: self._give_up(name, alert, reason),
            since=self._told.since(name, self._now()),
            random=self._random,
        )
        # From the oldest on: the topic is compacted, hence small, and what was told is known from the disk.
        await Tail(self._bootstrap, self._config.kafka, Topics(self._config).alerts, courier.handle).run()

    async def _give_up(self, name: str, alert: Alert, reason: str) -> None:
        # Without the quotes: dead letters are kept longer than a deleted post may be.
        record = encode(msgspec.structs.replace(alert, evidence=()))
        await self._letters.send(f"chat/{name}", reason, record, f"{alert.fingerprint}/{alert.state}")

    def _died(self, error: BaseException) -> None:
        if not self._failed.done():
            self._failed.set_exception(error)
