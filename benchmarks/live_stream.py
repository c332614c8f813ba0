"""The entries of `benchmarks.live`: a large brand's past, laid down as a worker leaves it on disk, and a steady stream.

The stream notes when Kafka has acknowledged each entry. Those of one brand lie in one partition as they were sent, so
the k-th entry of a brand is in an answer that counts more than k.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from bisect import bisect_right
from collections import deque
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final

import msgspec
from aiokafka import AIOKafkaProducer

from benchmarks.circles import Conversation
from config.schema import Config
from streams.entry_keys import entry_key
from streams.ledger import LedgerPartition
from streams.letters import DeadLetters
from streams.log import LogReader
from streams.outbox import Outbox
from streams.records import SENTIMENTS, Author, Entry, Post, encode
from streams.store import Batch
from streams.topics import Topics, partition_of

TURN_S: Final = 0.01  # entries are sent in portions this far apart
RECENT: Final = 200  # posts of a brand that are still answered
PORTION: Final = 5_000


class Stream:
    """`rate` entries a second, brand after brand, by `authors` people; half of them answer somebody."""

    def __init__(self, sender: AIOKafkaProducer, config: Config, authors: int, rate: float) -> None:
        self._sender, self._topics, self._rate = sender, Topics(config), rate
        self.names = [brand.name for brand in config.brands]
        self.acked: dict[str, list[float]] = {name: [] for name in self.names}
        """Brand -> when each of its entries was acknowledged."""
        self._offsets: dict[int, tuple[list[int], list[float]]] = {
            n: ([], []) for n in range(self._topics.brand_partitions)
        }
        self._dice, self._authors = Random(1), authors
        self._recent: dict[str, deque[Post]] = {name: deque(maxlen=RECENT) for name in self.names}
        self.sent = 0

    async def run(self, seconds: float) -> None:
        """Send them; what is late is made up for."""
        begun = time.monotonic()
        while (passed := time.monotonic() - begun) < seconds:
            for _ in range(round(passed * self._rate) - self.sent):
                await self._send(self.names[self.sent % len(self.names)])
            await asyncio.sleep(TURN_S)
        await self._sender.flush()

    async def _send(self, brand: str) -> None:
        entry = self._entry(brand)
        partition = partition_of(brand, self._topics.brand_partitions)
        key = entry_key(brand, entry.post.id)
        self.sent += 1
        future = await self._sender.send(self._topics.mentions, encode(entry), key, partition=partition)
        future.add_done_callback(lambda done: self._note(brand, partition, done.result()))

    def _note(self, brand: str, partition: int, record: Any) -> None:
        at = time.monotonic()
        self.acked[brand].append(at)
        offsets, times = self._offsets[partition]
        offsets.append(record.offset)
        times.append(at)

    def _entry(self, brand: str) -> Entry:
        dice, recent, now = self._dice, self._recent[brand], datetime.now(UTC)
        other = dice.choice(recent) if recent and dice.random() < 0.5 else None
        who = f"a{dice.randrange(self._authors)}"
        post = Post(
            id=f"live:{brand}:{self.sent // len(self.names)}",
            platform="live",
            author=Author(f"demo:{who}", handle=who),
            text=f"the battery of {brand} again, number {self.sent}",
            created_at=now,
            lang=dice.choice(("en", "es")),
            thread=other.root if other else None,
            reply_to=other.id if other else None,
            reply_to_author=other.author.id if other and other.author else None,
        )
        recent.append(post)
        return Entry(brand, post, "name", now, sentiment=dice.choice(SENTIMENTS), p=(0.2, 0.3, 0.5))

    def unapplied_since(self, partition: int, applied: int) -> float | None:
        """When the oldest acknowledged entry beyond offset `applied` was acknowledged; None: there is none."""
        offsets, times = self._offsets[partition]
        at = bisect_right(offsets, applied)
        return times[at] if at < len(times) else None


def lay_past(config: Config, state: Path, brand: str, people: int, ties: int) -> int:
    """Write `ties` ties among `people` people into the store of the brand's partition; how many entries that took.

    They end 25 hours ago, and none lies where a window of 30 days begins, so that counts over such windows only grow.
    """
    partition, end = partition_of(brand, config.kafka.brand_partitions), datetime.now(UTC) - timedelta(hours=25)
    edge = datetime.now(UTC) - timedelta(days=30)
    sender: Any = None  # nothing is sent
    letters = DeadLetters(sender, Topics(config))
    reader, outbox = LogReader("nowhere:0", config.kafka), Outbox(sender)
    ledger = LedgerPartition(
        partition, config, state / f"mentions-{partition}", reader, outbox, letters, lambda _: None
    )
    count = 0
    for portion in _portions(_past(Conversation(people, ties, end=end), edge)):
        batch = Batch()
        for entry in portion:
            named = msgspec.structs.replace(entry, brand=brand)
            ledger._write(batch, entry_key(brand, entry.post.id), encode(named), None, named)
        ledger.store.write(batch)
        count += len(portion)
    ledger.store.close()
    return count


def _past(talk: Conversation, edge: datetime) -> Iterator[Entry]:
    for entry in talk.entries():
        at = entry.post.created_at
        if at is not None and not edge - timedelta(minutes=5) < at < edge + timedelta(hours=1):
            yield entry


def _portions(entries: Iterator[Entry]) -> Iterator[Sequence[Entry]]:
    while portion := list(itertools.islice(entries, PORTION)):
        yield portion
