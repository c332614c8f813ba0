"""All listeners of a chat role: started, kept going, and stopped. Trouble with one is no trouble of the others."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from datetime import datetime
from random import Random
from typing import Any, Final

from bots.chat.base import Outlet
from bots.chat.listen import LISTENERS
from bots.chat.listen.answering import Answering
from bots.chat.listen.asking import Desk
from bots.chat.listen.completion import Completion
from bots.chat.listen.door import Door
from bots.chat.listen.listener import Listener, Parts
from bots.chat.listen.memory import Memory
from bots.chat.listen.rooms import questions_of, rooms_of
from bots.chat.listen.watching import Watching
from bots.chat.watches import Watches
from bots.commands.client import ApiClient
from bots.http import Http
from bots.sources.base import Misconfigured, Retry
from config.bot_rules import shared_bots
from config.problems import spell
from config.schema import Config
from streams.audit import Audit
from streams.tasks import Tasks

log = logging.getLogger(__name__)
SHORTEST_S: Final = 1.0
LONGEST_S: Final = 300.0
STEADY_S: Final = 60.0  # a listener that lived so long begins anew with short pauses


async def listen(
    config: Config,
    outlets: Mapping[str, Outlet],
    client: ApiClient,
    watches: Watches,
    now: Callable[[], datetime],
    random: Random,
) -> None:
    """Answer questions until cancelled, or return at once where none are wanted. `client` asks the service.

    Raises `Misconfigured` where a listener shares its bot with a collector or another listener.
    """
    asked = {name: outlet for name, outlet in outlets.items() if questions_of(outlet) is not None}
    if not asked:
        return
    given = {name: {"kind": outlet.name, **dict(outlet.options)} for name, outlet in asked.items()}
    for key, message in shared_bots(_plain(config.sources), given):
        raise Misconfigured(f"{spell(key)}: {message}")
    async with AsyncExitStack() as stack:
        role = await _open(stack, config, client, watches, now, random)
        tasks = Tasks()
        stack.push_async_callback(tasks.stop)
        for name, outlet in asked.items():
            listener, answering = role.listener(name, outlet)
            stack.push_async_callback(answering.stop)
            tasks.start(keep(listener, random), f"questions in {name}")
        await asyncio.Event().wait()


async def keep(listener: Listener, random: Random) -> None:
    """Run it until cancelled, or until only a person can mend what is wrong. Failures are waited out, with jitter."""
    loop, failures = asyncio.get_running_loop(), 0
    while True:
        began = loop.time()
        try:
            await listener.run()
            return
        except Misconfigured as error:
            log.error("no questions are answered in %s until the next start: %s", listener.parts.name, error)
            return
        except Retry as error:
            asked, reason = error.after, str(error)
        except Exception as error:  # a fault of ours, logged as such: alerts are told, and others listen, all the same
            log.exception("%s: listening failed", listener.parts.name)
            asked, reason = None, f"{type(error).__name__}, as told above"
        failures = 1 if loop.time() - began > STEADY_S else failures + 1
        rest = pause(failures, asked, random)
        log.warning("%s: %s; listening again in %.1f s", listener.parts.name, reason, rest)
        await asyncio.sleep(rest)


def pause(failures: int, asked: float | None, random: Random) -> float:
    """Seconds before the next try after so many failures: as asked, else doubling with jitter."""
    if asked is not None:
        return asked + random.uniform(0, SHORTEST_S)
    return float(min(LONGEST_S, SHORTEST_S * 2.0 ** min(failures - 1, 30)) * random.uniform(0.5, 1))


def _plain(sources: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {name: dict(options or {}) for name, options in sources.items()}


class _Role:
    """What the listeners share."""

    def __init__(
        self, http: Http, client: ApiClient, memory: Memory, desk: Desk, now: Callable[[], datetime], random: Random
    ) -> None:
        self._http, self._memory, self._desk, self._now, self._random = http, memory, desk, now, random
        self._completion = Completion(client, asyncio.get_running_loop().time)

    def listener(self, name: str, outlet: Outlet) -> tuple[Listener, Answering]:
        """One, and who answers its questions."""
        questions = questions_of(outlet)
        assert questions is not None, "asked for before"
        door = Door(name, questions, rooms_of(outlet))
        lang = None if questions.lang == "auto" else questions.lang
        answering = Answering(name, outlet.name, door, self._desk, self._memory, lang, self._now, self._random)
        parts = Parts(name, outlet, self._http, door, self._memory, answering.hear, self._completion, self._random)
        return LISTENERS[outlet.name](parts), answering


async def _open(
    stack: AsyncExitStack,
    config: Config,
    client: ApiClient,
    watches: Watches,
    now: Callable[[], datetime],
    random: Random,
) -> _Role:
    http = await stack.enter_async_context(Http(config.contact))
    memory = Memory(config.data_dir / "chat" / f"{config.namespace}-questions.sqlite3")
    stack.callback(memory.close)
    desk = Desk(client, Watching(client, watches, Audit(config.data_dir), now), now)
    return _Role(http, client, memory, desk, now, random)
