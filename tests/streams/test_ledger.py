"""The ledger on a real log: entries replace one another, deleted posts stay deleted, recovery needs no local state."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiokafka import ConsumerRecord

from config.schema import Brand, Config
from config.schema import Kafka as KafkaSettings
from config.schema import Ledger as LedgerSettings
from streams.admin import ensure_topics
from streams.desk import Page
from streams.entry_keys import entry_key
from streams.kafka import producer
from streams.ledger import LedgerPartition
from streams.letters import DeadLetters
from streams.local_desk import LocalDesk
from streams.log import LogReader
from streams.outbox import Outbox
from streams.records import Author, Entry, Post, Retraction, encode
from streams.stage import Stage
from streams.tail import Tail
from streams.topics import Topics

START = datetime(2026, 1, 1, tzinfo=UTC)
BRAND = "apple"


def entry(number: int, text: str = "an apple", seen: datetime = START, minute: int | None = None) -> Entry:
    post = Post(
        id=f"t:{number}",
        platform="t",
        author=Author(id=f"t:a{number % 3}"),
        text=text,
        created_at=START + timedelta(minutes=number if minute is None else minute),
    )
    return Entry(brand=BRAND, post=post, via="name", seen_at=seen, sentiment="positive", p=(0.1, 0.2, 0.7))


class Ledger:
    """A ledger stage over a real topic, with a directory of its own."""

    def __init__(self, bootstrap: str, config: Config, path: Path, outbox: Outbox, letters: DeadLetters) -> None:
        self.config, self.topics = config, Topics(config)
        self.desk = LocalDesk(config, lambda: True)
        self.reader = LogReader(bootstrap, config.kafka)
        self.path, self.outbox, self.letters = path, outbox, letters
        self.deaths: list[BaseException] = []
        self.stage = Stage(self.topics.mentions, self._make, self.reader, self.deaths.append)
        self.desk.attach(self.stage)

    def _make(self, number: int) -> LedgerPartition:
        held = LedgerPartition(number, self.config, self.path, self.reader, self.outbox, self.letters, self.desk.note)
        self.desk.partitions[number] = held
        return held

    async def send(self, *mentions: Entry | Retraction | tuple[bytes, bytes | None]) -> None:
        """Append to `mentions` and let the stage read up to the end."""
        sends = []
        for mention in mentions:
            if isinstance(mention, tuple):
                sends.append((0, *mention))
            else:
                post_id = mention.post.id if isinstance(mention, Entry) else mention.retract
                sends.append((0, entry_key(BRAND, post_id), encode(mention)))
        await self.outbox.deliver(self.topics.mentions, sends)
        await self.sync()

    async def sync(self) -> None:
        await self.stage.assign([0])
        end = await self.reader.end(self.topics.mentions, 0)
        while not self.deaths and self.stage.workers[0].applied < end - 1:
            await asyncio.sleep(0.01)
        while not self.deaths and not self.stage.live():
            await asyncio.sleep(0.01)
        assert not self.deaths, self.deaths

    def ids(self) -> list[str]:
        return [e.post.id for e in self.page(1_000).entries]

    def page(self, limit: int, after: str | None = None) -> Page:
        return self.desk.entries(
            BRAND, datetime(1990, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC), after, limit
        )

    @property
    def partition(self) -> LedgerPartition:
        return self.desk.partitions[0]


class Bench:
    """Opens ledgers on the same topics."""

    def __init__(self, bootstrap: str, namespace: str, outbox: Outbox, letters: DeadLetters, config: Config) -> None:
        self.bootstrap, self.outbox, self.letters, self.config = bootstrap, outbox, letters, config

    @asynccontextmanager
    async def ledger(self, path: Path) -> AsyncIterator[Ledger]:
        ledger = Ledger(self.bootstrap, self.config, path, self.outbox, self.letters)
        await ledger.sync()
        yield ledger
        await ledger.stage.stop()


@asynccontextmanager
async def opened(kafka: str, namespace: str) -> AsyncIterator[Bench]:
    """Topics of a namespace, and a producer for them."""
    config = Config(
        namespace=namespace.lower(),
        brands=(Brand(name=BRAND, terms=(BRAND,)),),
        kafka=KafkaSettings(brand_partitions=1, posts_partitions=1),
        ledger=LedgerSettings(retention=timedelta(days=90), text_retention=timedelta(days=30)),
    )
    await ensure_topics(kafka, Topics(config).specs())
    writer = producer(kafka, config.kafka)
    await writer.start()
    yield Bench(kafka, namespace, Outbox(writer), DeadLetters(writer, Topics(config)), config)
    await writer.stop()


@pytest.fixture
async def bench(kafka: str, namespace: str) -> AsyncIterator[Bench]:
    async with opened(kafka, namespace) as made:
        yield made


async def changelog(bench: Bench) -> dict[bytes, bytes | None]:
    found: dict[bytes, bytes | None] = {}

    async def keep(records: list[ConsumerRecord]) -> None:
        found.update({record.key: record.value for record in records})

    tail = Tail(bench.bootstrap, bench.config.kafka, Topics(bench.config).ledger, keep)  # type: ignore[arg-type]
    task = asyncio.create_task(tail.run())
    await tail.caught_up.wait()
    task.cancel()
    return found


async def test_a_second_delivery_changes_nothing_and_an_edit_replaces(bench: Bench, tmp_path: Path) -> None:
    async with bench.ledger(tmp_path / "a") as ledger:
        await ledger.send(entry(1), entry(2), entry(1), entry(2))
        assert len(ledger.desk.frame(BRAND)) == 2
        version = ledger.desk.version(BRAND)
        await ledger.send(entry(1))
        assert ledger.desk.version(BRAND) == version
        await ledger.send(entry(1, "a better apple", minute=50))
        assert ledger.ids() == ["t:1", "t:2"]
        assert ledger.page(1).entries[0].post.text == "a better apple"
        assert len(ledger.desk.frame(BRAND)) == 2


async def test_a_deleted_post_is_gone_everywhere_and_does_not_come_back(bench: Bench, tmp_path: Path) -> None:
    async with bench.ledger(tmp_path / "a") as ledger:
        await ledger.send(entry(1, "secret apple"), entry(2))
        await ledger.send(Retraction("t:1", BRAND, "deleted"), (entry_key(BRAND, "t:1"), None))
        assert ledger.ids() == ["t:2"]
        await ledger.send(entry(1, "secret apple"))
        assert ledger.ids() == ["t:2"]
        held = [value for _, value in ledger.partition.store.scan(b"")]
        assert not any(b"secret" in value for value in held)
    assert not any(b"secret" in (value or b"") for value in (await changelog(bench)).values())


async def test_a_post_that_left_the_brand_by_an_edit_may_return(bench: Bench, tmp_path: Path) -> None:
    async with bench.ledger(tmp_path / "a") as ledger:
        await ledger.send(entry(1), Retraction("t:1", BRAND, "edited"))
        assert ledger.ids() == []
        await ledger.send(entry(1))
        assert ledger.ids() == ["t:1"]


async def test_recovery_with_and_without_local_state_gives_the_same_entries(bench: Bench, tmp_path: Path) -> None:
    async with bench.ledger(tmp_path / "a") as ledger:
        await ledger.send(*(entry(number) for number in range(50)))
        await ledger.send(Retraction("t:7", BRAND, "deleted"), entry(3, "edited apple"))
        before = ledger.page(1_000).entries
        applied = ledger.stage.workers[0].applied
    for path in (tmp_path / "a", tmp_path / "another machine"):
        async with bench.ledger(path) as again:
            assert again.page(1_000).entries == before
            assert len(again.desk.frame(BRAND)) == 49
            assert again.stage.workers[0].applied == applied
            await again.send(entry(7))
            applied += 1
            assert "t:7" not in again.ids()


async def test_a_store_that_fell_behind_takes_the_rest_from_the_changelog(bench: Bench, tmp_path: Path) -> None:
    async with bench.ledger(tmp_path / "a") as first:
        await first.send(entry(1), entry(2))
    async with bench.ledger(tmp_path / "b") as second:
        await second.send(entry(3), Retraction("t:1", BRAND, "deleted"))
    async with bench.ledger(tmp_path / "a") as again:
        assert again.ids() == ["t:3", "t:2"]


async def test_unreadable_mentions_become_dead_letters(bench: Bench, tmp_path: Path) -> None:
    async with bench.ledger(tmp_path / "a") as ledger:
        await ledger.send((b"apple\x00t:9", b"{"), entry(1), (b"apple\x00t:8", b'{"brand":"apple"}'))
        assert ledger.ids() == ["t:1"]
        assert await ledger.reader.end(ledger.topics.dead_letters, 0) == 2


async def test_pages_neither_skip_nor_repeat_under_inserts(bench: Bench, tmp_path: Path) -> None:
    async with bench.ledger(tmp_path / "a") as ledger:
        await ledger.send(*(entry(number, minute=number // 4) for number in range(40)))
        expected = ledger.ids()
        seen: list[str] = []
        after: str | None = None
        for turn in itertools.count():
            page = ledger.page(7, after)
            seen += [e.post.id for e in page.entries]
            await ledger.send(entry(100 + turn, minute=100 + turn))
            after = page.after
            if after is None:
                break
        assert seen == expected
        with pytest.raises(ValueError, match="after"):
            ledger.page(7, "?")


async def test_texts_and_entries_are_forgotten_in_time(bench: Bench, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    async with bench.ledger(tmp_path / "a") as ledger:
        await ledger.send(
            entry(1, seen=now), entry(2, seen=now - timedelta(days=31)), entry(3, seen=now - timedelta(days=91))
        )
        await ledger.partition.tick()
        texts = {e.post.id: e.post.text for e in ledger.page(10).entries}
        assert texts == {"t:1": "an apple", "t:2": ""}
        assert len(ledger.desk.frame(BRAND)) == 2
    left = await changelog(bench)
    assert left[entry_key(BRAND, "t:3")] is None
    assert b"an apple" not in (left[entry_key(BRAND, "t:2")] or b"")
