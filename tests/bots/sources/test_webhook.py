"""From `/ingest` through the real Kafka to `posts`: what was answered with 202 arrives, once, in its thread."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import aiohttp
import msgspec
import pytest

import bots.inbox
from bots.collect import build, run_collectors
from bots.cursors import load_statuses
from bots.http import Http
from bots.inbox import Inbox
from bots.sources.base import Batch, Gap, Tools
from bots.sources.webhook import Webhook
from config.inlets import inlets_of
from config.schema import Config
from streams.admin import Admin, ensure_topics
from streams.api import ApiServer
from streams.api.ingest import Ingest
from streams.api.ingest_signature import OURS
from streams.api.peers import Peers, alone
from streams.broker import EmbeddedKafka
from streams.kafka import producer
from streams.records import DeadLetter, SourceStatus
from streams.steady import SteadyProducer
from streams.tasks import Tasks
from streams.topics import partition_of
from tests.bots.kafka_log import Log, newest
from tests.streams.api.sender import OTHER, SECRET, post, signature
from tests.streams.api.stub import StubDesk

INLETS = [{"name": "shop", "secret": SECRET}, {"name": "desk", "secret": OTHER, "platform": "support"}]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty page after a moment instead of a second."""
    monkeypatch.setattr(bots.inbox, "POLL_MS", 50)


@pytest.fixture
def config(config: Config) -> Config:
    """With two inlets."""
    return config.model_copy(update={"sources": {"webhook": {"inlets": INLETS}}})


class Ways:
    """A worker's API, and collectors that come and go."""

    def __init__(self, log: Log, url: str, http: aiohttp.ClientSession) -> None:
        self.log, self.url, self._http = log, url, http

    async def send(self, body: Any, to: str = "shop", secret: str = SECRET) -> int:
        """The status."""
        data = json.dumps(body).encode()
        headers = {OURS: signature(data, secret, round(datetime.now(UTC).timestamp()))}
        async with self._http.post(f"{self.url}/ingest/{to}", data=data, headers=headers) as response:
            return response.status

    @asynccontextmanager
    async def collecting(self, config: Config | None = None) -> AsyncIterator[None]:
        """The role `collect`, ended as by SIGTERM."""
        tasks = Tasks()
        tasks.start(run_collectors(config or self.log.config, self.log.bootstrap), "collect")
        try:
            yield
        finally:
            await tasks.stop()

    async def posts(self, count: int) -> dict[str, Any]:
        """By id the newest of each post, once there are so many."""
        while True:
            found = newest(await self.log.read(self.log.topics.posts))
            if len(found) >= count:
                return {key.decode(): json.loads(value) if value else None for key, value in found.items()}
            await asyncio.sleep(0.05)

    async def status(self, name: str, **wanted: Any) -> SourceStatus:
        """Once it is as wanted."""
        while True:
            found = (await load_statuses(self.log.bootstrap, self.log.config)).get(name)
            if found is not None and all(getattr(found, key) == value for key, value in wanted.items()):
                return found
            await asyncio.sleep(0.05)


@pytest.fixture
async def ways(log: Log) -> AsyncIterator[Ways]:
    """The API on a free port, over the real Kafka."""
    async with serving(log) as ways:
        yield ways


@asynccontextmanager
async def serving(log: Log, kafka_s: float = 200.0) -> AsyncIterator[Ways]:
    """What a worker starts of it."""
    sender = SteadyProducer(lambda: producer(log.bootstrap, log.config.kafka))
    await sender.start()
    ingest = Ingest(
        inlets_of(log.config),
        lambda key, value: sender.send(log.topics.inbox, value, key, partition=0),
        lambda: datetime.now(UTC),
        kafka_s=kafka_s,
    )
    config = log.config.model_copy(update={"api": log.config.api.model_copy(update={"port": 0})})
    server = ApiServer(StubDesk(config), config, Peers(alone, 4), list, list, None, ingest)
    await server.start()
    async with aiohttp.ClientSession() as http:
        yield Ways(log, server.url, http)
    await server.stop()
    await sender.stop()


async def test_posts_edits_deletions_and_bad_ones_arrive(ways: Ways) -> None:
    async with ways.collecting():
        assert await ways.send([post(1), post(2), post(3), {"id": "nobody:1"}]) == 422
        assert await ways.send([post(2, text="Edited: señal 📶"), {"op": "delete", "id": "shop:r-3"}]) == 202
        assert await ways.send([post(1, id="support:1", author={"id": "support:a"})], "desk", OTHER) == 202
        found = await ways.posts(4)
        while (await ways.posts(4))["shop:r-3"] is not None:
            await asyncio.sleep(0.05)
        status = await ways.status("shop", events=5, bad=1, deletes=1)
        other = await ways.status("desk", events=1)
    assert found.keys() == {"shop:r-1", "shop:r-2", "shop:r-3", "support:1"}
    assert (await ways.posts(4))["shop:r-2"]["text"] == "Edited: señal 📶"
    assert (status.state, other.state) == ("live", "live")
    assert status.last_event_at is not None
    letters = await ways.log.read(ways.log.topics.dead_letters)
    (letter,) = (msgspec.json.decode(each.value, type=DeadLetter) for each in letters)
    assert (letter.source, letter.offset, json.loads(letter.record)) == ("shop", "record 3", {"id": "nobody:1"})
    assert "`id` must begin with 'shop:'" in letter.reason


async def test_what_was_taken_while_no_collector_ran_arrives_later(ways: Ways) -> None:
    assert await ways.send([post(n) for n in range(300)]) == 202
    async with ways.collecting():
        assert len(await ways.posts(300)) == 300


async def test_ten_thousand_sent_twice_and_collected_by_two_that_were_ended(ways: Ways) -> None:
    many = [post(n) for n in range(10_000)]
    for _ in range(2):
        assert await ways.send(many) == 202
        async with ways.collecting():
            await ways.posts(100)
    async with ways.collecting():
        found = await ways.posts(10_000)
    assert {each["text"] for each in found.values()} == {each["text"] for each in many}
    records = await ways.log.read(ways.log.topics.posts)
    places: dict[bytes, set[int]] = {}
    for record in records:
        places.setdefault(record.key, set()).add(record.partition)
    assert all(len(partitions) == 1 for partitions in places.values()), "each post stays in its partition"


async def test_a_reply_that_comes_before_its_parent_gets_the_thread_of_both(ways: Ways) -> None:
    async with ways.collecting():
        assert await ways.send([post(3, reply_to="shop:r-2")]) == 202
        assert (await ways.status("shop", waiting=1)).events == 0
    async with (
        ways.collecting()
    ):  # the resume point stands before what waited: nothing is lost by the end of a collector
        await ways.status("shop", waiting=1)
        assert await ways.send([post(2, reply_to="shop:r-1"), post(1)]) == 202
        found = await ways.posts(3)
    assert {each["thread"] for each in found.values()} == {"shop:r-1"}
    partitions = {record.partition for record in await ways.log.read(ways.log.topics.posts)}
    assert partitions == {partition_of("shop:r-1", ways.log.topics.posts_partitions)}


async def test_while_the_broker_is_away_the_sender_hears_so_and_then_sends_again(
    kafka: str, config: Config, tmp_path: Path
) -> None:
    """A broker of its own, for it is killed; it is started again by itself."""
    async with EmbeddedKafka(tmp_path / "broker") as broker:
        log = Log(broker.bootstrap, config)
        await ensure_topics(broker.bootstrap, log.topics.specs())
        async with serving(log, kafka_s=0.2) as ways:
            while await ways.send([post(0)]) != 202:
                await asyncio.sleep(0.1)
            assert broker.pid is not None
            os.kill(broker.pid, signal.SIGKILL)
            many = [post(n) for n in range(1, 500)]
            assert await ways.send(many) == 503
            while await ways.send(many) != 202:
                await asyncio.sleep(0.1)
            found = newest(await log.read(log.topics.inbox))
    assert found.keys() == {f"shop\x00shop:r-{n}".encode() for n in range(500)}


# -- the inbox -------------------------------------------------------------------------------------------------------


class Reading:
    """One inlet read as the runner reads it, but under a clock of the test's own."""

    def __init__(self, log: Log, *names: str) -> None:
        self.seconds = 0.0
        self.inbox = Inbox(log.bootstrap, log.config, lambda: self.seconds)
        tools = Tools(http=Http(), now=lambda: datetime.now(UTC), random=Random(1), brands=(), inbox=self.inbox)
        sources = build(log.config, tools)
        self.sources = {source.key: source for source in sources if source.key in names}
        self.inbox._saved = dict.fromkeys(names, 0)

    async def take(self, name: str, cursor: Any, enough: Callable[[list[Batch]], Awaitable[bool]]) -> list[Batch]:
        """Pages until it is enough; each one's resume point counts as saved."""
        found: list[Batch] = []
        stream: Any = self.sources[name].collect(cursor)
        self.sources[name].saved(cursor)
        async for batch in stream:
            found.append(batch)
            if batch.cursor is not None:
                self.sources[name].saved(batch.cursor)
            if await enough(found):
                break
        await stream.aclose()
        return found


async def posts(found: list[Batch]) -> bool:
    """Whether something has come."""
    return any(batch.posts for batch in found)


async def told(log: Log, name: str, cursor: Any, *names: str) -> tuple[list[str], list[Gap]]:
    """The ids that an inlet is told first, and the gaps until then."""
    found = await Reading(log, *names).take(name, cursor, posts)
    return [each.id for batch in found for each in batch.posts], [batch.gap for batch in found if batch.gap]


def dropped(log: Log, offset: int) -> Callable[[list[Batch]], Awaitable[bool]]:
    """Whether Kafka has nothing before `offset` any more, and something behind it."""

    async def asked(_: list[Batch]) -> bool:
        async with Admin(log.bootstrap) as admin:
            return (await admin.begin_offsets([log.topics.inbox]))[log.topics.inbox, 0] == offset

    return asked


async def test_what_every_inlet_has_taken_is_dropped(ways: Ways) -> None:
    await ways.send([post(n) for n in range(5)])
    reading = Reading(ways.log, "shop", "desk")
    reading.seconds = 61.0
    found = await reading.take("shop", None, posts)

    async def more(later: list[Batch]) -> bool:
        return len(later) == 3

    await reading.take("shop", found[-1].cursor, more)
    assert await dropped(ways.log, 0)([]), "desk has not seen it"
    await reading.take("desk", None, dropped(ways.log, 5))


async def test_what_no_inlet_here_takes_is_left_for_another_collector(ways: Ways) -> None:
    await ways.send([post(1)])
    await ways.send([post(2, id="support:2", author={"id": "support:a"})], "desk", OTHER)
    await ways.send([post(3)])
    for cursor in (None, {"offset": 3, "ms": 1}):  # a collector that starts again knows it as well
        alone = Reading(ways.log, "shop")
        alone.seconds = 61.0
        await alone.take("shop", cursor, dropped(ways.log, 1))
        alone.seconds = 200.0

        async def more(later: list[Batch]) -> bool:
            return len(later) == 3

        await alone.take("shop", {"offset": 3, "ms": 1}, more)
        assert await dropped(ways.log, 1)([])
    assert await told(ways.log, "desk", None, "shop", "desk") == (["support:2"], [])


async def test_nothing_is_dropped_before_the_log_was_looked_through(
    ways: Ways, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A broker so slow that the first pages are empty, and a resume point behind what is another collector's."""
    await ways.send([post(2, id="support:2", author={"id": "support:a"})], "desk", OTHER)
    await ways.send([post(3)])
    monkeypatch.setattr(bots.inbox, "POLL_MS", 1)
    alone = Reading(ways.log, "shop")
    alone.seconds = 61.0

    async def looked(found: list[Batch]) -> bool:
        return alone.inbox._seen == 2

    await alone.take("shop", {"offset": 2, "ms": 1}, looked)
    assert await dropped(ways.log, 0)([])


async def test_what_kafka_no_longer_has_is_a_gap(ways: Ways) -> None:
    await ways.send([post(n) for n in range(4)])
    async with Admin(ways.log.bootstrap) as admin:
        await admin.forget_before(ways.log.topics.inbox, 0, 3)
    before = round((datetime.now(UTC) - timedelta(days=9)).timestamp() * 1_000)
    ids, (gap,) = await told(ways.log, "shop", {"offset": 1, "ms": before}, "shop", "desk")
    assert ids == ["shop:r-3"]
    assert gap.end - gap.start > timedelta(days=8)
    assert await told(ways.log, "shop", None, "shop", "desk") == (["shop:r-3"], []), "a first start missed nothing"


async def test_a_log_that_is_younger_than_the_resume_point_is_read_from_its_beginning(ways: Ways) -> None:
    await ways.send([post(1)])
    assert await told(ways.log, "shop", {"offset": 900, "ms": 1}, "shop", "desk") == (["shop:r-1"], [])


async def test_without_an_inlet_it_says_so(log: Log) -> None:
    config = log.config.model_copy(update={"sources": {"webhook": {}}})
    tasks = Tasks()
    tasks.start(run_collectors(config, log.bootstrap), "collect")
    try:
        while not (found := await load_statuses(log.bootstrap, config)):
            await asyncio.sleep(0.05)
    finally:
        await tasks.stop()
    assert found["webhook"].state == "misconfigured"
    assert found["webhook"].reason.startswith("sources.webhook.inlets: ")


def test_an_inlet_that_is_off_is_not_served(config: Config) -> None:
    off = config.model_copy(update={"sources": {"webhook": {"enabled": False, "inlets": INLETS}}})
    assert inlets_of(off) == {}
    assert set(inlets_of(config)) == {"shop", "desk"}
    assert Webhook.name == "webhook"
