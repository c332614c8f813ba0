"""Threads found on the way: whatever the order, and wherever the process dies, a post gets the thread of its root."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bots.roots import Roots
from bots.threads import ThreadFinder
from streams.records import Author, Post, erasure

AUTHOR = Author(id="test:a")
AT = datetime(2026, 6, 1, tzinfo=UTC)


def post(number: int | str, parent: int | str | None = None, text: str = "x") -> Post:
    """A post, or a reply."""
    reply_to = None if parent is None else f"test:{parent}"
    return Post(id=f"test:{number}", platform="test", author=AUTHOR, text=text, created_at=AT, reply_to=reply_to)


@pytest.fixture
def roots(tmp_path: Path) -> Iterator[Roots]:
    """An empty store."""
    with Roots(tmp_path / "roots.sqlite") as roots:
        yield roots


def threads(ready: list[tuple[Post, int]]) -> dict[str, str | None]:
    """Post id -> thread."""
    return {post.id: post.thread for post, _ in ready}


forests = st.lists(st.integers(min_value=-1, max_value=40), min_size=1, max_size=40).map(
    # Post n answers some earlier post, or none; numbers are shuffled later.
    lambda parents: {n: (p % n if n and p >= 0 else None) for n, p in enumerate(parents)}
)


def root_of(forest: dict[int, int | None], number: int) -> int:
    """The independent answer."""
    while (parent := forest[number]) is not None:
        number = parent
    return number


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(forest=forests, seed=st.integers(0, 2**32))
def test_random_trees_in_random_order_with_random_kills(
    tmp_path_factory: pytest.TempPathFactory, forest: dict[int, int | None], seed: int
) -> None:
    """A kill forgets what waits; everything since the held back resume point comes again."""
    random = Random(seed)
    order = list(forest)
    random.shuffle(order)
    path = tmp_path_factory.mktemp("roots") / "roots.sqlite"
    told: dict[str, set[str | None]] = {}
    saved = 0
    for _ in range(50):
        last = len(order) if random.random() < 0.3 else random.randint(saved, len(order))
        done = set(range(saved))
        with Roots(path) as roots:
            finder = ThreadFinder[int](roots, wait_s=None)
            ready = []
            for index in range(saved, last):
                ready += finder.feed([(post(order[index], forest[order[index]]), index)], 0.0)
            if last == len(order):
                ready += finder.finish()
        for found, index in ready:
            told.setdefault(found.id, set()).add(found.thread)
            done.add(index)
        while saved in done:
            saved += 1
        if saved == len(order):
            break
    assert told == {f"test:{number}": {f"test:{root_of(forest, number)}"} for number in forest} or saved < len(order)
    assert all(found == {f"test:{root_of(forest, int(name[5:]))}"} for name, found in told.items())


def test_a_ring_ends_at_its_smallest_id_in_every_order(tmp_path: Path) -> None:
    ring = {"a": "b", "b": "c", "c": "a", "hanger-on": "b"}
    for seed in range(12):
        order = list(ring)
        Random(seed).shuffle(order)
        with Roots(tmp_path / f"{seed}.sqlite") as roots:
            finder = ThreadFinder[int](roots, wait_s=None)
            ready = finder.feed([(post(name, ring[name]), 0) for name in order], 0.0) + finder.finish()
        assert threads(ready) == {f"test:{name}": "test:a" for name in ring}
        assert (finder.rings, finder.orphans, finder.waiting) == (1, 0, 0)


def test_a_reply_whose_parent_never_comes_keeps_its_tree_together(roots: Roots) -> None:
    finder = ThreadFinder[int](roots, wait_s=60)
    assert finder.feed([(post(2, 1), 0), (post(3, 2), 1), (post(4, 3), 2)], now=0) == []
    assert finder.feed([], now=59) == []
    assert threads(finder.feed([], now=61)) == {f"test:{n}": "test:1" for n in (2, 3, 4)}
    assert (finder.orphans, finder.waiting) == (1, 0)


@pytest.mark.parametrize("bounds", [{"most_waiting": 10}, {"most_characters": 10}])
def test_the_number_and_size_of_what_waits_are_bounded(roots: Roots, bounds: dict[str, int]) -> None:
    finder = ThreadFinder[int](roots, wait_s=None, **bounds)
    ready = finder.feed([(post(f"r{n}", f"absent{n}"), n) for n in range(500)], 0)
    assert finder.waiting <= 10
    assert threads(ready) == {f"test:r{n}": f"test:absent{n}" for n in range(490)}


def test_a_deletion_drops_what_waits_under_its_id(roots: Roots) -> None:
    """Told after its deletion, a post would rise from the dead."""
    finder = ThreadFinder[int](roots, wait_s=None)
    finder.feed([(post(2, 1), 0)], 0)
    ready = finder.feed([(Post(id="test:2", op="delete"), 1)], 0)
    assert [found.op for found, _ in ready] == ["delete", "delete"]
    assert {index for _, index in ready} == {0, 1}
    assert finder.finish() == []


def test_an_erasure_drops_what_waits_of_the_author_and_was_written_until_then(roots: Roots) -> None:
    """Each version that waited is told as a deletion, and the erasure once: else a resume point would be wrong."""
    finder = ThreadFinder[int](roots, wait_s=None)
    edit = msgspec.structs.replace(post(2, 1, "edited"), op="update")
    later = msgspec.structs.replace(post(3, 1), created_at=AT + timedelta(seconds=1))
    other = msgspec.structs.replace(post(4, 1), author=Author(id="test:b"))
    finder.feed([(post(2, 1), 0), (edit, 1), (later, 2), (other, 3), (post(5, 2), 4)], 0)
    ready = finder.feed([(erasure("test:a", AT), 6)], 0)
    gone = [Post(id=f"test:{number}", op="delete") for number in (2, 2, 5)]
    assert ready == [*zip(gone, (0, 1, 4), strict=True), (erasure("test:a", AT), 6)]
    assert threads(finder.finish()) == {"test:3": "test:1", "test:4": "test:1"}


def test_an_objection_drops_all_that_waits_of_the_author(roots: Roots) -> None:
    finder = ThreadFinder[int](roots, wait_s=None)
    finder.feed([(msgspec.structs.replace(post(2, 1), created_at=AT + timedelta(days=1)), 0)], 0)
    assert [found.id for found, _ in finder.feed([(erasure("test:a", AT, False), 1)], 0)] == ["test:2", "test:a"]
    assert finder.finish() == []


def test_an_edit_of_what_waits_comes_behind_it_in_the_same_thread(roots: Roots) -> None:
    finder = ThreadFinder[int](roots, wait_s=None)
    edit = msgspec.structs.replace(post(2, 1, "edited"), op="update")
    finder.feed([(post(2, 1), 0), (edit, 1)], 0)
    ready = finder.feed([(post(1), 2)], 0)
    assert [(found.text, found.thread) for found, _ in ready] == [
        ("x", "test:1"),
        ("x", "test:1"),
        ("edited", "test:1"),
    ]


def test_a_post_keeps_its_first_thread(tmp_path: Path) -> None:
    """Also in the next process; a later edit must land in the same partition."""
    with Roots(tmp_path / "roots.sqlite") as roots:
        finder = ThreadFinder[int](roots, wait_s=None)
        finder.feed([(post(2, 1), 0)], 0)
        assert threads(finder.finish()) == {"test:2": "test:1"}
    with Roots(tmp_path / "roots.sqlite") as roots:
        finder = ThreadFinder[int](roots, wait_s=None)
        ready = finder.feed([(post(1, 0), 0), (post(0), 1), (post(2, 1, "edited"), 2)], 0)
        assert threads(ready)["test:2"] == "test:1"


def test_what_names_its_thread_is_left_as_it_is(roots: Roots) -> None:
    """And what waits under its id is freed into that thread."""
    finder = ThreadFinder[int](roots, wait_s=None)
    finder.feed([(post(3, 2), 0)], 0)
    known = msgspec.structs.replace(post(2, 1), thread="test:1")
    assert threads(finder.feed([(known, 1)], 0)) == {"test:2": "test:1", "test:3": "test:1"}


def test_the_store_forgets_the_oldest(tmp_path: Path) -> None:
    with Roots(tmp_path / "roots.sqlite", most=100) as roots:
        for number in range(300):
            roots.put(f"test:{number}", "test:root")
            roots.save()
    with Roots(tmp_path / "roots.sqlite", most=100) as roots:
        assert roots.get("test:199") is None
        assert roots.get("test:200") == "test:root"
