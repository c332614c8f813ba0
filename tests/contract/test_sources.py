"""The contract of every source: whatever breaks, and wherever it is killed, all that its network held is told.

What is told is compared with an independent reading of what the server held.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from pathlib import Path
from random import Random
from typing import Any, cast

import pytest

from bots.http import Http
from bots.sources.base import Retry, Tools
from streams.records import Post
from tests.contract.reading import MOST_RESTARTS, NOW, WORLDS, Reader, matches
from tests.contract.source_server import FAULTS, Fault, SourceServer, serving
from tests.contract.source_worlds import ReplayWorld, World


@pytest.fixture(params=WORLDS)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> World:
    """Each network in turn."""
    return WORLDS[request.param](tmp_path)


@pytest.fixture
async def server(world: World) -> AsyncIterator[SourceServer]:
    """Its server."""
    async with serving(world.serve) as server:
        world.url = server.url
        yield server


@pytest.fixture
async def reader(world: World, server: SourceServer) -> AsyncIterator[Reader]:
    """A collector's process, so to speak."""
    async with Http("test@example.org", random=Random(2), base_s=0.001, timeout_s=2.0) as http:
        yield Reader(world, http)


async def until_told(reader: Reader, batches: int = 5, forget: Sequence[int] = (0,)) -> None:
    """Restart again and again until all has been told."""
    for turn in range(MOST_RESTARTS):
        await reader.read(batches, forget=forget[turn % len(forget)])
        if matches(reader) and (reader.ended or turn >= len(forget)):
            return
    told, expected = reader.told(), reader.world.expected()
    assert told.keys() == expected.keys()
    assert told == expected


async def test_everything_is_told_and_then_every_change(reader: Reader, world: World) -> None:
    await until_told(reader, batches=60)
    assert reader.bad >= world.bad()
    if world.change():
        await until_told(reader, batches=30)


@pytest.mark.parametrize("batches", [1, 2, 3])
async def test_killed_after_any_batch_it_goes_on_without_a_gap(reader: Reader, world: World, batches: int) -> None:
    await until_told(reader, batches)
    if world.change():
        await until_told(reader, batches)


async def test_killed_before_the_resume_point_was_saved_it_tells_again_the_same(reader: Reader, world: World) -> None:
    await until_told(reader, batches=3, forget=(2, 0, 1, 0))
    seen: dict[str, Post] = {}
    for post in reader.posts:
        before = seen.setdefault(post.id, post)
        assert (before.text, before.thread) == (post.text, post.thread) or post.op == "delete"


async def test_without_interruption_nothing_is_told_twice(reader: Reader, world: World) -> None:
    await reader.read(40)
    ids = [post.id for post in reader.posts if post.op != "delete"]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("seed", range(4))
async def test_faults_of_every_kind_lose_nothing(reader: Reader, server: SourceServer, world: World, seed: int) -> None:
    random = Random(seed)
    server.break_with(random.choices(FAULTS, weights=(6, 1, 1, 1, 1, 1, 1), k=300))
    await until_told(reader, batches=4, forget=(0, 1))
    await reader.read(10)  # what was told last may not have been saved: no network could tell what became of it
    if world.change():
        server.break_with(random.choices(FAULTS, weights=(6, 1, 1, 1, 1, 1, 1), k=100))
        await until_told(reader, batches=4)


@pytest.mark.parametrize("fault", ["500", "429", "cut", "garbage", "close"])
async def test_one_kind_of_fault_without_end_is_a_retry_not_a_crash(
    world: World, server: SourceServer, fault: Fault
) -> None:
    if world.source is ReplayWorld.source:
        pytest.skip("a file has no server")
    server.break_with([fault] * 400)
    async with Http(random=Random(2), base_s=0.0001, timeout_s=2.0) as http:
        source = world.source(world.options(), Tools(http=http, now=lambda: NOW, random=Random(1), brands=()))
        with pytest.raises(Retry):
            async with aclosing(cast(Any, source.collect(None))) as stream:
                async for batch in stream:
                    assert fault == "cut" or not batch.posts  # of a stream, what came before the cut may be told


async def test_a_server_that_hangs_is_left(world: World, server: SourceServer) -> None:
    if world.source is ReplayWorld.source:
        pytest.skip("a file has no server")
    server.break_with(["hang"] * 100)
    async with Http(random=Random(2), base_s=0.0001, timeout_s=0.1, attempts=2) as http:
        source = world.source(world.options(), Tools(http=http, now=lambda: NOW, random=Random(1), brands=()))
        with pytest.raises(Retry):
            async with aclosing(cast(Any, source.collect(None))) as stream:
                async for batch in stream:
                    assert not batch.posts
