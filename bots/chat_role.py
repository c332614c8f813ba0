"""The role `chat`: follows the topic `alerts`, tells the configured outlets, and sends digests."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from random import Random
from typing import Any

import aiohttp

from bots.chat import OUTLETS
from bots.chat.base import Outlet, OutletOptions, Tools
from bots.chat.limits import Clock
from bots.chat.role_parts import Parts
from bots.chat.store import Store
from bots.chat.telling import Telling
from bots.chat.watches import Watches, path_of
from bots.commands.client import ApiClient
from bots.http import Http
from bots.settings import Options, api_of
from bots.sources.base import Misconfigured
from config.schema import Config
from streams.kafka import producer
from streams.letters import DeadLetters
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
        client = await stack.enter_async_context(ApiClient(api_of(config, Options()), _token(config)))
        writer = producer(bootstrap, config.kafka, "tertulia-chat")
        stack.push_async_callback(writer.stop)
        await writer.start()
        store = Store(config.data_dir / "chat" / f"{config.namespace}.sqlite3")
        stack.callback(store.close)
        watches = Watches(path_of(config.data_dir, config.namespace))
        stack.callback(watches.close)
        parts = Parts(
            config=config,
            bootstrap=bootstrap,
            outlets={name: _build(options, Tools(session, now)) for name, options in chosen.items()},
            store=store,
            watches=watches,
            letters=DeadLetters(writer, Topics(config)),
            client=client,
            clock=Clock(now, asyncio.sleep),
            random=random or Random(),
        )
        await Telling(parts).run()


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


def _token(config: Config) -> str | None:
    return config.api.token.get_secret_value() if config.api.token else None


def _session(config: Config) -> aiohttp.ClientSession:
    agent = Http(config.contact).user_agent
    return aiohttp.ClientSession(headers={"User-Agent": agent}, cookie_jar=aiohttp.DummyCookieJar(), trust_env=True)
