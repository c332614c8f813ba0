"""The ways to run a stage that `benchmarks.throughput` compares."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any, Final

import faust
from aiokafka import AIOKafkaConsumer

import classifiers
from config.schema import Config
from streams.app import Feed, group_of, make_app
from streams.kafka import producer
from streams.ledger import LedgerPartition
from streams.letters import DeadLetters
from streams.log import LogReader, Record
from streams.match import Matcher
from streams.membership import Membership
from streams.outbox import Outbox
from streams.rebuild import rebuilder
from streams.records import Post
from streams.stage import Processor, Stage
from streams.store import Store
from streams.tasks import Tasks
from streams.terms import Terms
from streams.topics import Topics


class Progress:
    """How far a worker is."""

    def __init__(self) -> None:
        self.done = 0
        self.first = self.last = self._cpu_before = 0.0
        self._cpu_after = 0.0
        self._closers: list[Any] = []

    def add(self, count: int) -> None:
        """So many records more were processed."""
        if not self.done:
            self.first, self._cpu_before = time.time(), time.process_time()
        self.done += count
        self.last, self._cpu_after = time.time(), time.process_time()

    def report(self) -> dict[str, float]:
        """What the parent asks for."""
        return {"done": self.done, "first": self.first, "last": self.last, "cpu": self._cpu_after - self._cpu_before}

    def closing(self, closer: Any) -> None:
        """Await this at the end."""
        self._closers.append(closer)

    async def stop(self) -> None:
        """End everything, the newest first."""
        for closer in reversed(self._closers):
            await closer()


class Counted:
    """A processor that reports what went through it."""

    def __init__(self, inner: Processor, progress: Progress) -> None:
        self._inner, self._progress, self.batch = inner, progress, inner.batch
        self.open, self.touch, self.tick, self.close = inner.open, inner.touch, inner.tick, inner.close

    async def process(self, records: Sequence[Record], applied: int) -> None:
        await self._inner.process(records, applied)
        if records:
            self._progress.add(len(records))


class Parts:
    """What both stages need."""

    def __init__(self, config: Config, bootstrap: str) -> None:
        self.config, self.bootstrap, self.topics = config, bootstrap, Topics(config)
        self.reader = LogReader(bootstrap, config.kafka)

    async def start(self, progress: Progress) -> None:
        """Open the producer."""
        self.producer = producer(self.bootstrap, self.config.kafka)
        await self.producer.start()
        progress.closing(self.producer.stop)
        self.outbox = Outbox(self.producer)
        self.letters = DeadLetters(self.producer, self.topics)

    def processor(self, stage: str, partition: int) -> Processor:
        """The product's own processor of a partition."""
        path = self.config.data_dir / f"{stage}-{partition}"
        if stage == "ledger":
            return LedgerPartition(
                partition, self.config, path, self.reader, self.outbox, self.letters, lambda _brand: None
            )
        store, terms = Store(path), Terms(self.config.brands)
        membership = Membership(store, terms, lambda _post: {}, self.config.match, 90 * 86_400_000)
        recover = rebuilder(self.config, self.reader, group_of(self.config), _at_once)
        model = classifiers.load("none")
        return Matcher(partition, self.config, membership, store, terms, model, self.outbox, self.letters, recover)

    def topic(self, stage: str) -> str:
        """What the stage reads."""
        return self.topics.posts if stage == "match" else self.topics.mentions


async def _tertulia(stage: str, config: Config, bootstrap: str, worker: str) -> Progress:
    """The product: Faust brings the records to the stage."""
    progress, parts = Progress(), Parts(config, bootstrap)
    await parts.start(progress)
    held = Stage(
        parts.topic(stage),
        lambda partition: Counted(parts.processor(stage, partition), progress),
        parts.reader,
        _die,
    )
    app = make_app(config, bootstrap, worker, f"http://{worker}")
    feed = Feed(app, {held.topic: held})
    progress.closing(held.stop)
    progress.closing(app.stop)
    await app.start()
    while not (feed.assigned and held.live()):
        await asyncio.sleep(0.05)
    await asyncio.sleep(3)  # a second worker may still be joining
    return progress


async def _plain(stage: str, config: Config, bootstrap: str, worker: str) -> Progress:
    """The same processors, fed by an aiokafka loop that commits by itself."""
    progress, parts = Progress(), Parts(config, bootstrap)
    await parts.start(progress)
    reader = AIOKafkaConsumer(
        parts.topic(stage), bootstrap_servers=bootstrap, group_id=worker, auto_offset_reset="earliest"
    )
    await reader.start()
    progress.closing(reader.stop)
    tasks = Tasks(_die)
    progress.closing(tasks.stop)
    tasks.start(_loop(reader, parts, stage, progress), "plain loop")
    return progress


async def _loop(reader: AIOKafkaConsumer, parts: Parts, stage: str, progress: Progress) -> None:
    processors: dict[int, Processor] = {}
    while True:
        for partition, found in (await reader.getmany(timeout_ms=200, max_records=2_000)).items():
            if partition.partition not in processors:
                processors[partition.partition] = parts.processor(stage, partition.partition)
            records = [Record(r.offset, r.key, r.value, r.timestamp, r.headers) for r in found]
            await processors[partition.partition].process(records, records[-1].offset)
            progress.add(len(records))


async def _at_once() -> None:
    """There is no ledger here to wait for."""


class PostRecord(faust.Record, serializer="json"):
    """A post as Faust's documentation would have it."""

    id: str
    text: str
    thread: str = ""


class EntryRecord(faust.Record, serializer="json"):
    """An entry, likewise."""

    brand: str
    post: dict[str, Any]
    sentiment: str = ""


def _stock_app(config: Config, bootstrap: str) -> faust.App:
    return faust.App(
        id=f"{config.namespace}.stock",
        broker=f"kafka://{bootstrap}",
        store="memory://",
        web_enabled=False,
        autodiscover=False,
        topic_allow_declare=True,
        topic_disable_leader=True,
        topic_partitions=config.kafka.posts_partitions,
    )


async def _stock_match(config: Config, bootstrap: str, _worker: str) -> Progress:
    """One record in, one out, with the default settings."""
    progress, topics, terms = Progress(), Topics(config), Terms(config.brands)
    app = _stock_app(config, bootstrap)
    out = app.topic(topics.mentions)

    @app.agent(app.topic(topics.posts, value_type=PostRecord), name="stock")
    async def match(stream: Any) -> None:
        async for record in stream:
            for brand in terms.named(Post(id=record.id, text=record.text)):
                await out.send(key=f"{brand}\x00{record.id}", value=record.asdict() | {"brand": brand})
            progress.add(1)

    return await _started(app, progress)


async def _stock_ledger(config: Config, bootstrap: str, _worker: str) -> Progress:
    """One table write per record, with the default settings."""
    progress, topics = Progress(), Topics(config)
    app = _stock_app(config, bootstrap)
    table = app.Table("entries", default=dict, partitions=config.kafka.brand_partitions)

    @app.agent(app.topic(topics.mentions, value_type=EntryRecord), name="stock")
    async def keep(stream: Any) -> None:
        async for record in stream:
            table[f"{record.brand}\x00{record.post['id']}"] = record.asdict()
            progress.add(1)

    return await _started(app, progress)


async def _started(app: faust.App, progress: Progress) -> Progress:
    progress.closing(app.stop)
    await app.start()
    while not app.consumer.assignment():
        await asyncio.sleep(0.1)
    await asyncio.sleep(3)
    return progress


def _die(error: BaseException) -> None:
    raise SystemExit(f"a part died: {error!r}")


VARIANTS: Final = {
    ("match", "tertulia"): lambda *given: _tertulia("match", *given),
    ("match", "plain"): lambda *given: _plain("match", *given),
    ("match", "stock"): _stock_match,
    ("ledger", "tertulia"): lambda *given: _tertulia("ledger", *given),
    ("ledger", "plain"): lambda *given: _plain("ledger", *given),
    ("ledger", "stock"): _stock_ledger,
}
