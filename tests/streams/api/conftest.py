"""An API over a stub desk, on a free port of loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from config.schema import Config
from streams.api import ApiServer
from streams.api.peers import Peers, alone
from streams.records import Alert, SourceStatus
from tests.streams.api.orders import Workers
from tests.streams.api.silencing import Silencing
from tests.streams.api.stub import NOW, StubDesk, make_config

Serve = Callable[..., Awaitable[ApiServer]]


@pytest.fixture
async def serve(tmp_path: Path) -> AsyncIterator[Serve]:
    """Start servers; they are stopped after the test."""
    running: list[ApiServer] = []

    async def start(
        desk: StubDesk | None = None,
        config: Config | None = None,
        *,
        peers: Peers | None = None,
        sources: list[SourceStatus] | None = None,
        alerts: list[Alert] | None = None,
        **more: Any,
    ) -> ApiServer:
        config = config or make_config()
        peers = peers or Peers(alone, config.kafka.brand_partitions)
        more.setdefault("forget", Workers(config, tmp_path).routes())
        more.setdefault("silences", Silencing(lambda: alerts or [], tmp_path).routes())
        server = ApiServer(
            desk or StubDesk(config),
            config,
            peers,
            lambda: sources or [],
            lambda: alerts or [],
            now=lambda: NOW,
            **more,
        )
        await server.start()
        running.append(server)
        return server

    yield start
    for server in running:
        await server.stop()


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    """A client."""
    async with aiohttp.ClientSession() as session:
        yield session
