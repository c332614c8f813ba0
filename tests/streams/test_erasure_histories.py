"""Whatever the order, the crashes and the lost disks: the ledger is that of the posts which no erasure covers."""

from __future__ import annotations

from pathlib import Path
from random import Random

import msgspec
import pytest

from benchmarks.oracle import belonging, final_posts
from config.schema import Config
from streams.records import Entry, Post, parse_mention
from tests.streams.histories import erased, random_history
from tests.streams.matching import Around

TEXTS = ("x", "y", "what next", "I like apple", "a pear", "apple and pear")
BRANDS = ({"name": "apple", "terms": ["apple"]}, {"name": "pear", "terms": ["pear"]})
AUTHORS = "abcd"
PARTITIONS = 3


def config() -> Config:
    """Two brands, three partitions."""
    return Config.model_validate({"brands": BRANDS, "kafka": {"posts_partitions": PARTITIONS}})


def with_erasures(rng: Random, history: list[Post]) -> list[Post]:
    """Some of the authors are erased, at any time and more than once; the records lie anywhere among the others."""
    events = list(history)
    for author in rng.sample(AUTHORS, rng.randrange(1, 4)):
        erasures = [erased(author, rng.randrange(-1, 25) + rng.choice((0, 0.5))) for _ in range(rng.randrange(1, 3))]
        for event in [*erasures, *rng.sample(erasures, 1)]:
            events.insert(rng.randrange(len(events) + 1), event)
    return events


async def live(rng: Random, around: Around, history: list[Post]) -> None:
    """The history in batches, among failing deliveries, lost disks and second readings."""
    rest = history
    while rest:
        size = rng.randrange(1, 6)
        batch, rest = rest[:size], rest[size:]
        around.fails, around.fails_at = rng.choice(("", "before", "after")), rng.choice(("", "posts", "erasures"))
        await around.feed(*batch)
        if rng.random() < 0.2:
            number = rng.randrange(PARTITIONS)
            around.fails = ""
            read = len(around.log[number])
            await around.rebuild(number, read, rng)
        if rng.random() < 0.1:
            around.fails = ""
            await around.feed(*rng.sample(history[: len(history) - len(rest)], 1))


def check(around: Around, final: dict[str, Post]) -> None:
    """Exactly the entries of one clean pass, and no word of anybody else in the ledger."""
    entries = around.entries()
    assert {key: entry.via for key, entry in entries.items()} == belonging(final, around.terms)
    for (_, post_id), entry in entries.items():
        assert entry.post.text == final[post_id].text
    for value in around.ledger.values():
        mention = parse_mention(value)
        assert not isinstance(mention, Entry) or mention.post.id in final


@pytest.mark.parametrize("seed", range(80))
async def test_any_order_with_crashes_and_lost_disks_gives_the_same_ledger(seed: int, tmp_path: Path) -> None:
    rng = Random(seed)
    history = with_erasures(rng, random_history(rng, TEXTS, AUTHORS))
    around = Around(tmp_path, config())
    await live(rng, around, history)
    check(around, final_posts(history))


@pytest.mark.parametrize("seed", range(15))
async def test_two_orders_of_the_same_records_give_the_same_ledger(seed: int, tmp_path: Path) -> None:
    """Of each post there is one edit at most: among equals the later in the log stands."""
    rng = Random(1_000 + seed)
    unique: dict[tuple[str, str, str], Post] = {}
    for event in with_erasures(rng, random_history(rng, TEXTS, AUTHORS)):
        unique.setdefault((event.id, event.op, str(event.created_at) if event.erases_author else ""), event)
    ends = []
    for turn in range(2):
        events = list(unique.values())
        rng.shuffle(events)
        around = Around(tmp_path / str(turn), config())
        await live(rng, around, events)
        ends.append({key: (entry.via, entry.post) for key, entry in around.entries().items()})
    assert ends[0] == ends[1]
    assert set(ends[0]) == set(belonging(final_posts(unique.values()), around.terms))


@pytest.mark.parametrize("seed", range(25))
async def test_objections_in_the_course_of_time(seed: int, tmp_path: Path) -> None:
    """Nothing that came while an objection stood is kept for later, so here words and posts come as they were said."""
    rng = Random(2_000 + seed)
    history = with_erasures(rng, random_history(rng, TEXTS, AUTHORS))
    for author in rng.sample(AUTHORS, 2):
        first = rng.randrange(20)
        history.append(erased(author, first + 0.2, again=False))
        if rng.random() < 0.7:
            history.append(erased(author, first + rng.randrange(1, 6) + 0.2, again=True))
    dates = {event.id: event.created_at for event in history if event.created_at is not None}
    history.sort(key=lambda event: (str(event.created_at or dates.get(event.id)), event.op == "delete"))
    around = Around(tmp_path, config())
    await live(rng, around, history)
    check(around, final_posts(history))
    for part in around.matchers:
        kept = [msgspec.msgpack.decode(value) for _, value in part.store.scan(b"p")]
        assert all(state[2] is None or state[2]["id"] in final_posts(history) for state in kept)
