"""Matchers over several partitions with everything around them done by hand: the log, the ledger, crashes, rebuilds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any, cast

from classifiers.base import Confusion, Request, Verdict
from config.schema import Config
from streams.entry_keys import split_entry_key
from streams.log import Record
from streams.match import Matcher
from streams.membership import Membership
from streams.placing import placed
from streams.records import Entry, Post, Retraction, encode, event_ms, parse_mention
from streams.store import Store
from streams.terms import Terms
from streams.whereabouts import Places

KEEP_MS = 90 * 86_400_000
SEEN_MS = 2_000_000_000_000  # when every record came
Send = tuple[int, bytes, bytes | None]


class FruitClassifier:
    """Where a text says `<brand> fruit`, it means the fruit and not the brand."""

    name = "fruit-1"
    confusion: Mapping[str, Confusion] = {}

    def __init__(self) -> None:
        self.asked: list[Request] = []

    async def classify(self, requests: Sequence[Request]) -> list[Verdict | None]:
        self.asked += requests
        return [verdict(request) for request in requests]

    async def close(self) -> None:
        return None


def verdict(request: Request) -> Verdict:
    """The rule; every text has a sentiment, so that one text's cannot pass for another's."""
    relevance = (0.1 if f"{request.target} fruit" in request.text else 0.9) if request.about else None
    share = round(len(request.text) / 1_000, 3)
    stages = ("use",) if "my" in request.text.split() else ()
    return Verdict("positive", (share, 0.0, round(1 - share, 3)), relevance, stages)


class Crash(OSError):
    """As when Kafka goes away."""


class Around:
    """The partitions, the log of each, and the ledger, as a dictionary."""

    def __init__(self, folder: Path, config: Config) -> None:
        self.config, self.terms, self.classifier = config, Terms(config.brands), FruitClassifier()
        self.ledger: dict[bytes, bytes] = {}
        self.erasures: list[dict[bytes, bytes]] = [{} for _ in range(config.kafka.posts_partitions)]
        self.untold: set[tuple[int, str]] = set()  # (partition, post id) whose text was taken out of the log
        self.log: list[list[Record]] = [[] for _ in range(config.kafka.posts_partitions)]
        self.fails: str = ""  # "before" or "after": when the next delivery fails
        self.fails_at: str = ""  # the end of the topic's name to which it goes; else to any
        self._folder, self._lives = folder, 0
        self._news: set[str] = set()
        self._stores = [self._store() for _ in self.log]
        self.matchers = [self._matcher(number) for number in range(len(self.log))]

    def _store(self) -> Store:
        self._lives += 1
        return Store(self._folder / str(self._lives))

    def _matcher(self, number: int) -> Matcher:
        store, around = self._stores[number], cast("Any", self)
        membership = Membership(store, self.terms, self._lookup, self.config.match, KEEP_MS)
        return Matcher(
            number, self.config, membership, store, self.terms, self.classifier, around, around, cast("Any", None)
        )

    def _lookup(self, post_id: str) -> Places:
        entries = [entry for entry in self.entries().values() if entry.post.id == post_id]
        return {entry.brand: event_ms(entry.post) for entry in entries}

    def entries(self) -> dict[tuple[str, str], Entry]:
        """What the ledger holds, by brand and post id."""
        held = {split_entry_key(key): parse_mention(value) for key, value in self.ledger.items()}
        return {key: mention for key, mention in held.items() if isinstance(mention, Entry)}

    async def deliver(self, topic: str, sends: Iterable[Send]) -> None:
        """As `Outbox`: the ledger takes it in at once, unless the delivery fails."""
        fails = ""
        if topic.endswith(self.fails_at):
            fails, self.fails = self.fails, ""
        if fails == "before":
            raise Crash
        for partition, key, value in sends:
            if topic.endswith(".mentions"):
                self._news.add(split_entry_key(key)[1])
                self._keep(key, value)
            else:
                self._beside(topic, partition, key, value)
        if fails == "after":
            raise Crash

    def _beside(self, topic: str, partition: int, key: bytes, value: bytes | None) -> None:
        if topic.endswith(".posts"):
            assert value is None, "the match stage writes tombstones alone to its own topic"
            self.untold.add((partition, key.decode()))
        elif value is None:
            self.erasures[partition].pop(key, None)
        else:
            self.erasures[partition][key] = value

    def _keep(self, key: bytes, value: bytes | None) -> None:
        held = parse_mention(self.ledger[key]) if key in self.ledger else None
        if isinstance(held, Retraction) or value is None:
            return
        mention = parse_mention(value)
        if isinstance(mention, Entry) or mention.reason == "deleted":
            self.ledger[key] = value
        else:
            self.ledger.pop(key, None)

    async def send(self, _topic: str, reason: str, _value: bytes, _at: str) -> None:
        """As `DeadLetters`; nothing of this may become one."""
        raise AssertionError(reason)

    def append(self, event: Post) -> None:
        """Put a post where the collectors would."""
        for number, key, value in placed(event, encode(event), len(self.log)):
            if value is not None:
                self.log[number].append(Record(len(self.log[number]), key, value, SEEN_MS))

    async def feed(self, *events: Post) -> None:
        """Append posts and let each partition read to its end."""
        ends = [len(log) for log in self.log]
        for event in events:
            self.append(event)
        for number, first in enumerate(ends):
            await self.process(number, self.log[number][first:])

    async def process(self, number: int, records: Sequence[Record]) -> None:
        """One batch; one that fails is repeated by a matcher that begins anew from its store."""
        if not records:
            return
        try:
            await self.matchers[number].process(records, records[-1].offset)
        except Crash:
            self.matchers[number] = self._matcher(number)
            await self.matchers[number].process(records, records[-1].offset)
        await self.spread()

    async def spread(self) -> None:
        """Tell every partition which posts gained or lost a brand, until there is nothing to tell."""
        while self._news:
            news, self._news = sorted(self._news), set()
            for matcher in self.matchers:
                await matcher.touch(news)

    async def rebuild(self, number: int, read: int, rng: Random) -> None:
        """A disk is lost: the ledger's entries come in any order, then the log again as far as it was read."""
        self.matchers[number].store.close()
        self._stores[number] = self._store()
        self.matchers[number] = self._matcher(number)
        erasures = [Record(at, key, value, 0) for at, (key, value) in enumerate(self.erasures[number].items())]
        self.matchers[number].restore_erasures(erasures)
        values = [Record(at, key, value, 0) for at, (key, value) in enumerate(self.ledger.items())]
        rng.shuffle(values)
        for part in parts(values, rng):
            await self.matchers[number].restore(part)
        for part in parts(self.log[number][:read], rng):
            await self.process(number, part)


def parts(records: Sequence[Record], rng: Random) -> Iterator[Sequence[Record]]:
    """Records in batches of random sizes."""
    first = 0
    while first < len(records):
        size = rng.randrange(1, 8)
        yield records[first : first + size]
        first += size
