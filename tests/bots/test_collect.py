"""The role `collect`: several sources at once, as configured."""

from __future__ import annotations

import asyncio
from random import Random

import pytest

from bots.collect import build, run_collectors
from bots.cursors import load_statuses
from bots.http import Http
from bots.sources.base import Misconfigured, Tools
from bots.sources.hackernews import HackerNewsOptions
from config.schema import Config
from streams.tasks import Tasks
from tests.bots.kafka_log import Log
from tests.bots.test_runner import NOW
from tests.contract.source_server import serving
from tests.contract.source_worlds import HackerNewsWorld

TOOLS = Tools(http=Http(), now=lambda: NOW, random=Random(1), brands=())


async def test_one_that_cannot_work_leaves_the_others_and_all_resume(log: Log) -> None:
    world = HackerNewsWorld()
    async with serving(world.serve) as server:
        options = {"base_url": server.url, "poll": "50ms", "first": 1_000}
        config = log.config.model_copy(
            update={"sources": {"rss": {}, "hackernews": options, "demo": {"enabled": False}}}
        )
        for turn in range(2):
            tasks = Tasks()
            task = tasks.start(run_collectors(config, log.bootstrap), f"collect {turn}")
            while not await _caught_up(log, world):
                await asyncio.sleep(0.1)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            world.change()
    statuses = await load_statuses(log.bootstrap, config)
    assert {name: status.state for name, status in statuses.items()} == {
        "rss": "misconfigured",
        "hackernews": "stopped",
    }
    assert "sources.rss.feeds" in statuses["rss"].reason


async def _caught_up(log: Log, world: HackerNewsWorld) -> bool:
    there = {record.key.decode() for record in await log.read(log.topics.posts)}
    return there == set(world.expected())


def test_what_is_enabled_and_asked_for_is_built_in_order() -> None:
    config = Config(sources={"demo": {}, "hackernews": HackerNewsOptions(enabled=False), "bluesky": None})
    assert [source.name for source in build(config, TOOLS)] == ["bluesky", "demo"]
    assert [source.name for source in build(config, TOOLS, only=("hackernews",))] == ["hackernews"]


def test_a_name_that_is_no_source_is_said() -> None:
    with pytest.raises(Misconfigured, match=r"sources\.gopher: there is no such source; there are bluesky, "):
        build(Config(sources={"gopher": {}}), TOOLS)
