"""Membership is a function of the final posts alone: random histories against a fixpoint computed from scratch."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from benchmarks.oracle import belonging, final_posts
from config.schema import Brand, Match
from streams.membership import Membership
from streams.records import Post, event_ms
from streams.store import Batch, Store
from streams.terms import Terms
from streams.topics import partition_of
from streams.whereabouts import Places
from tests.streams.histories import post, random_history

BRANDS = (Brand(name="apple", terms=("apple",)), Brand(name="pear", terms=("pear",)))
TERMS = Terms(BRANDS)
TEXTS = ("x", "y", "z", "I like apple", "a pear", "apple and pear")
PARTITIONS = 3
DAY_MS = 86_400_000


class World:
    """Several partitions and the index between them, with the delivery done by hand."""

    def __init__(self, path: Path) -> None:
        self.index: dict[str, Places] = {}
        self.stores = [Store(path / str(number)) for number in range(PARTITIONS)]
        self.parts: list[Membership] = [None] * PARTITIONS  # type: ignore[list-item]
        self.entries: dict[tuple[str, str], Post] = {}
        for number in range(PARTITIONS):
            self.restart(number)

    def restart(self, number: int) -> None:
        lookup = lambda post_id: self.index.get(post_id, {})  # noqa: E731
        self.parts[number] = Membership(self.stores[number], TERMS, lookup, Match(), 90 * DAY_MS)

    def feed(self, event: Post) -> None:
        numbers = range(PARTITIONS) if event.op == "delete" else [partition_of(event.root, PARTITIONS)]
        for number in numbers:
            self.parts[number].apply(event, 0)
            self.finish(number)

    def finish(self, number: int) -> None:
        changes = self.parts[number].settle()
        batch = Batch()
        self.parts[number].commit(batch)
        self.stores[number].write(batch)
        for change in changes:
            key, places = (change.brand, change.post_id), self.index.setdefault(change.post_id, {})
            if change.via is None:
                del self.entries[key]
                del places[change.brand]
            else:
                assert change.state.post is not None
                self.entries[key] = change.state.post
                places[change.brand] = event_ms(change.state.post)
        for other in range(PARTITIONS):
            if changes:
                self.parts[other].touch([change.post_id for change in changes])
                self.finish(other)


@pytest.mark.parametrize("seed", range(150))
def test_any_history_ends_in_the_fixpoint_of_the_final_posts(seed: int, tmp_path: Path) -> None:
    rng = Random(seed)
    history = random_history(rng, TEXTS)
    world = World(tmp_path)
    for event in history:
        world.feed(event)
        if rng.random() < 0.1:
            world.restart(rng.randrange(PARTITIONS))
    final = final_posts(history)
    assert set(world.entries) == set(belonging(final, TERMS))
    for (_, post_id), stored in world.entries.items():
        assert stored == final[post_id]


def test_a_reply_waits_for_the_post_that_names_the_brand(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.feed(post(2, "so do I", reply_to="t:1", thread="t:1"))
    world.feed(post(3, "me too", reply_to="t:2", thread="t:1"))
    assert not world.entries
    world.feed(post(1, "I love my apple"))
    assert {post_id for _, post_id in world.entries} == {"t:1", "t:2", "t:3"}


def test_a_reply_before_the_first_mention_does_not_belong(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.feed(post(1, "what shall I eat"))
    world.feed(post(2, "no idea", reply_to="t:1", thread="t:1"))
    world.feed(post(3, "an apple", reply_to="t:1", thread="t:1"))
    world.feed(post(4, "good thought", reply_to="t:3", thread="t:1"))
    assert {post_id for _, post_id in world.entries} == {"t:3", "t:4"}


def test_what_waits_is_bounded_in_number_and_time(tmp_path: Path) -> None:
    store = Store(tmp_path / "s")
    part = Membership(store, TERMS, lambda _: {}, Match(waiting=10), DAY_MS)
    for number in range(50):
        part.apply(post(number + 100, "x", reply_to="t:1", thread="t:1"), number)
    part.settle()
    batch = Batch()
    part.commit(batch)
    store.write(batch)
    assert sum(1 for _ in store.scan(b"p")) == 50
    for now_ms, left in ((0, 10), (7 * 3_600_000, 0)):
        part.forget(now_ms)
        batch = Batch()
        part.commit(batch)
        store.write(batch)
        assert sum(1 for _ in store.scan(b"p")) == left
    assert [key for family in (b"t", b"s", b"q", b"w", b"k") for key, _ in store.scan(family)] == []


def test_a_rolled_back_batch_leaves_no_trace(tmp_path: Path) -> None:
    store = Store(tmp_path / "s")
    part = Membership(store, TERMS, lambda _: {}, Match(), DAY_MS)
    part.apply(post(1, "apple"), 0)
    assert len(part.settle()) == 1
    part.rollback()
    part.apply(post(1, "apple"), 0)
    assert len(part.settle()) == 1


def test_the_text_of_a_kept_post_is_dropped_in_its_time_and_what_it_named_stays_known(tmp_path: Path) -> None:
    store = Store(tmp_path / "s")
    part = Membership(store, TERMS, lambda _: {}, Match(), 90 * DAY_MS, 30 * DAY_MS)
    part.apply(post(1, "a secret apple"), 0)
    part.apply(post(2, "secretly, so do I", reply_to="t:1", thread="t:1"), 0)
    assert len(part.settle()) == 2

    def commit() -> None:
        batch = Batch()
        part.commit(batch)
        store.write(batch)

    commit()
    for day, held in ((29, True), (31, False)):
        part.forget(day * DAY_MS)
        commit()
        assert any(b"secret" in value for _, value in store.scan(b"p")) == held
    part.apply(Post(id="t:1", op="delete"), 40 * DAY_MS)
    assert {(change.post_id, change.via) for change in part.settle()} == {("t:1", None), ("t:2", None)}
