"""RSS beyond its world: what a clock does that is not exact."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from datetime import UTC, datetime
from random import Random
from typing import Any, cast

import pytest
from aiohttp import web

from bots.http import Http
from bots.sources.base import Retry, Tools
from bots.sources.rss import Rss
from tests.bots.sources.clocks import Early
from tests.contract.source_server import serving
from tests.contract.source_worlds import RssWorld

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


async def _refused(request: web.Request) -> web.Response:
    return web.Response(status=403)


async def _fail(times: int) -> None:
    """A source whose feeds are all refused is called again and again, as the runner does."""
    async with serving(_refused) as server, Http() as http:
        world = RssWorld()
        world.url = server.url
        source = Rss(world.options(), Tools(http, lambda: NOW, Random(1), ()))
        for _ in range(times):
            with pytest.raises(Retry, match=r"no feed can be read; the last one: .* answers 403"):
                async with aclosing(cast(Any, source.collect(None))) as stream:
                    async for batch in stream:
                        assert not batch.posts


def test_a_pause_that_ends_early_is_over_all_the_same() -> None:
    with asyncio.Runner(loop_factory=Early) as runner:
        runner.run(_fail(4))
