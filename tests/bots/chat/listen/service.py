"""The service that the bot asks, the real API on loopback over a small conversation; and listeners at work."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from bots.chat.base import Outlet
from bots.chat.listen.running import listen
from bots.chat.watches import Watches, path_of
from bots.commands.client import ApiClient
from config.schema import Config
from streams.api import ApiServer
from streams.api.peers import Peers, alone
from streams.records import Alert
from streams.tasks import Tasks
from tests.streams.api.orders import Workers
from tests.streams.api.silencing import Silencing
from tests.streams.api.stub import NOW, StubDesk, conversation, make_config

TOKEN = "only for this test"
ALERT = Alert(
    "a1b2c3d4e5f60718",
    "volume-spike",
    "fairphone",
    "firing",
    NOW - timedelta(minutes=5),
    NOW,
    title="Fairphone: 84 posts in 5m, usually about 12",
    value=84,
    baseline=12,
    window="5m",
    evidence=({"id": "demo:1", "url": "https://example.org/1", "text": "<!channel> @everyone it burns"},),
)


class Service:
    """Brands fairphone and shiftphone (a group) and tertulia; one alert fires. `data`: the chat role's folder."""

    def __init__(self, folder: Path) -> None:
        self.config: Config = make_config(token=TOKEN).model_copy(update={"data_dir": folder / "chat-data"})
        self.behind = Silencing(lambda: [ALERT], folder / "worker-data")
        self.workers = Workers(self.config, folder / "worker-data")
        self.desk = StubDesk(self.config, conversation("fairphone", 60))
        self.server = ApiServer(
            self.desk,
            self.config,
            Peers(alone, 4),
            list,
            lambda: [ALERT],
            forget=self.workers.routes(),
            silences=self.behind.routes(),
            now=lambda: NOW,
        )

    def orders(self) -> list[dict[str, Any]]:
        """What was written down by the service, and by the chat role."""
        paths = (self.behind.audit.path, self.config.data_dir / "audit.jsonl")
        return [json.loads(line) for path in paths if path.exists() for line in path.read_text().splitlines()]

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[Service]:
        """Started."""
        await self.server.start()
        try:
            yield self
        finally:
            await self.server.stop()


@asynccontextmanager
async def listening(
    service: Service, outlets: dict[str, Outlet], *, api: str | None = None, now: datetime = NOW
) -> AsyncIterator[None]:
    """A chat role's listeners at work; the service runs elsewhere, or not at all. Leaving the block stops them."""
    tasks = Tasks()
    config = service.config
    watches = Watches(path_of(config.data_dir, config.namespace))
    async with ApiClient(api or service.server.url, TOKEN) as client:
        tasks.start(listen(config, outlets, client, watches, lambda: now, Random(1)), "listeners")
        try:
            yield
        finally:
            await tasks.stop()
            watches.close()


async def until(condition: Callable[[], Any]) -> None:
    """Returns when it holds; the test's own time limit ends it otherwise."""
    while not condition():
        await asyncio.sleep(0.01)


async def quiet() -> None:
    """Long enough for whatever is not to happen: on loopback an answer takes a few milliseconds."""
    await asyncio.sleep(0.4)
