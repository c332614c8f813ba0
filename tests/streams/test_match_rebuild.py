"""Matching on a real log: the same entries with the state at hand and without it, also where names are judged."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from config.schema import Brand, Config, Match
from config.schema import Kafka as KafkaSettings
from streams.admin import ensure_topics
from streams.app import group_of
from streams.kafka import producer
from streams.ledger import LedgerPartition
from streams.letters import DeadLetters
from streams.log import LogReader
from streams.match import Matcher
from streams.membership import Membership
from streams.outbox import Outbox
from streams.rebuild import rebuilder
from streams.records import Entry, Post, encode, parse_mention
from streams.stage import Stage
from streams.store import Store
from streams.terms import Terms
from streams.topics import Topics
from tests.streams.histories import post
from tests.streams.matching import KEEP_MS, FruitClassifier

BRANDS = (
    Brand(name="apple", terms=("apple",), description="Maker of phones"),
    Brand(name="pear", terms=("pear",), description="Maker of bags"),
)
FRUIT = post(1, "apple fruit, in a pear bag")
TALK = [
    FRUIT,
    post(2, "nice bag", reply_to="t:1", thread="t:1"),
    post(3, "my apple rings", reply_to="t:2", thread="t:1"),
    post(4, "whose?", reply_to="t:3", thread="t:1"),
    post(5, "no pear fruit"),
    post(6, "still not", reply_to="t:5", thread="t:5"),
]
AFTERWARDS = [
    post(7, "as I said", reply_to="t:6", thread="t:5"),
    post(8, "so what", reply_to="t:1", thread="t:1"),
    msgspec.structs.replace(post(5, "my pear"), op="update"),
    Post(id="t:3", op="delete"),
]
IN_BETWEEN = {("pear", f"t:{number}") for number in (1, 2, 3, 4)} | {("apple", "t:3"), ("apple", "t:4")}
IN_THE_END = {("pear", f"t:{number}") for number in (1, 2, 4, 5, 6, 7, 8)}


class Pipeline:
    """The stages `match` and `ledger` of one partition each, over topics of their own."""

    def __init__(self, bootstrap: str, config: Config, outbox: Outbox, letters: DeadLetters) -> None:
        self.config, self.topics, self.terms = config, Topics(config), Terms(config.brands)
        self.outbox, self.letters, self.reader = outbox, letters, LogReader(bootstrap, config.kafka)
        self.classifier = FruitClassifier()

    @asynccontextmanager
    async def running(self, matching: Path, ledger: Path) -> AsyncIterator[Ledger]:
        """Both stages, with their state in these folders."""
        held: list[LedgerPartition] = []

        def ledger_of(number: int) -> LedgerPartition:
            held.append(
                LedgerPartition(
                    number, self.config, ledger, self.reader, self.outbox, self.letters, lambda _brand: None
                )
            )
            return held[-1]

        deaths: list[BaseException] = []
        stages = [
            Stage(self.topics.posts, lambda number: self._matcher(number, matching), self.reader, deaths.append),
            Stage(self.topics.mentions, ledger_of, self.reader, deaths.append),
        ]
        for stage in stages:
            await stage.assign([0])
        yield Ledger(self, stages, held, deaths)
        for stage in stages:
            await stage.stop()

    def _matcher(self, number: int, folder: Path) -> Matcher:
        store = Store(folder)
        membership = Membership(store, self.terms, lambda _: {}, self.config.match, KEEP_MS)
        recover = rebuilder(self.config, self.reader, group_of(self.config), _at_once)
        return Matcher(
            number, self.config, membership, store, self.terms, self.classifier, self.outbox, self.letters, recover
        )


class Ledger:
    """What the running stages have come to."""

    def __init__(
        self, pipeline: Pipeline, stages: list[Stage], held: list[LedgerPartition], deaths: list[BaseException]
    ) -> None:
        self._pipeline, self._stages, self._held, self._deaths = pipeline, stages, held, deaths

    async def feed(self, events: list[Post]) -> set[tuple[str, str]]:
        """(brand, post id) of every entry, once these posts have gone all the way."""
        pipeline = self._pipeline
        sends = [(0, event.id.encode(), encode(event)) for event in events]
        await pipeline.outbox.deliver(pipeline.topics.posts, sends)
        for stage in self._stages:
            await stage.assign([0])  # as after a rebalance: it reads to the end of the log
            end = await pipeline.reader.end(stage.topic, 0)
            while not self._deaths and stage.workers[0].applied < end - 1:
                await asyncio.sleep(0.01)
        assert not self._deaths, self._deaths
        held = [parse_mention(value) for _, value in self._held[-1].store.scan(b"e")]
        return {(entry.brand, entry.post.id) for entry in held if isinstance(entry, Entry)}


async def _at_once() -> None:
    """The ledger has not to be waited for."""


@pytest.fixture
async def pipeline(kafka: str, namespace: str) -> AsyncIterator[Pipeline]:
    config = Config(
        match=Match(relevance=0.5),
        namespace=namespace.lower(),
        brands=BRANDS,
        kafka=KafkaSettings(brand_partitions=1, posts_partitions=1),
    )
    await ensure_topics(kafka, Topics(config).specs())
    writer = producer(kafka, config.kafka)
    await writer.start()
    yield Pipeline(kafka, config, Outbox(writer), DeadLetters(writer, Topics(config)))
    await writer.stop()


async def test_a_lost_disk_changes_nothing(pipeline: Pipeline, tmp_path: Path) -> None:
    """What is not meant is not in the ledger, and must not come back from it."""
    async with pipeline.running(tmp_path / "before", tmp_path / "ledger") as running:
        assert await running.feed(TALK) == IN_BETWEEN
    async with pipeline.running(tmp_path / "after", tmp_path / "ledger") as running:
        assert await running.feed([]) == IN_BETWEEN
        assert await running.feed(AFTERWARDS) == IN_THE_END
