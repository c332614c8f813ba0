"""The words of circles come from the texts in the real store: what is no longer kept there is no longer said."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from streams.api.circles import CircleRoom
from streams.api.params import Span
from streams.entry_keys import entry_key
from streams.graph.answers import Circles
from streams.records import Author, Entry, Post, Retraction
from tests.streams.test_ledger import BRAND, START, Bench, Ledger, opened

PEOPLE = 6


@pytest.fixture
async def bench(kafka: str, namespace: str) -> AsyncIterator[Bench]:
    async with opened(kafka, namespace) as made:
        yield made


def talk(subject: str, seen: datetime, posts: int = 60, extra: str = "") -> Iterator[Entry]:
    """A circle of six around a subject; `extra` is said in its first six posts, once by each."""
    for number in range(posts):
        by, to = number % PEOPLE, (number % PEOPLE + 1 + number // PEOPLE % (PEOPLE - 1)) % PEOPLE
        post = Post(
            id=f"t:{subject}{number}",
            platform="t",
            author=Author(id=f"t:{subject}-{by}", handle=f"{subject}-{by}"),
            text=f"{subject} {extra if number < PEOPLE else ''}",
            created_at=START + timedelta(minutes=number),
            reply_to=f"t:elsewhere{number}",
            reply_to_author=f"t:{subject}-{to}",
        )
        yield Entry(brand=BRAND, post=post, via="name", seen_at=seen, sentiment="positive", p=(0.1, 0.2, 0.7))


async def circles(ledger: Ledger, folder: Path) -> Circles:
    """Worked out anew, as a worker does it."""
    end = START + timedelta(days=1)
    room = CircleRoom(ledger.desk, ledger.config.model_copy(update={"data_dir": folder}), lambda: end)
    try:
        return await room.circles(BRAND, Span(timedelta(days=1), end, pinned=True))
    finally:
        await room.stop()


def words(answer: Circles) -> set[str]:
    return {word.word for circle in answer.circles for word in circle.words}


async def test_texts_beyond_their_retention_leave_the_words_and_not_the_circles(bench: Bench, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    async with bench.ledger(tmp_path / "a") as ledger:
        await ledger.send(*talk("battery", now), *talk("garden", now - timedelta(days=31)))
        before = await circles(ledger, tmp_path)
        assert (words(before), before.texts) == ({"battery", "garden"}, 120)
        await ledger.partition.tick()
        after = await circles(ledger, tmp_path)
    assert (words(after), after.texts, after.spoken) == ({"battery"}, 60, 120)
    assert [circle.size for circle in after.circles] == [circle.size for circle in before.circles] == [PEOPLE, PEOPLE]
    assert {p.author for circle in after.circles for p in circle.voices} == {
        p.author for circle in before.circles for p in circle.voices
    }


async def test_deleted_posts_leave_words_and_counts_for_good(bench: Bench, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    async with bench.ledger(tmp_path / "a") as ledger:
        await ledger.send(*talk("battery", now, extra="sorbet"), *talk("garden", now))
        assert words(await circles(ledger, tmp_path)) == {"battery", "garden", "sorbet"}
        for number in range(PEOPLE):
            gone = f"t:battery{number}"
            await ledger.send(Retraction(gone, BRAND, "deleted"), (entry_key(BRAND, gone), None))
        after = await circles(ledger, tmp_path)
        assert (words(after), after.posts, after.texts) == ({"battery", "garden"}, 114, 114)
    async with bench.ledger(tmp_path / "another machine") as again:  # from the changelog alone
        assert await circles(again, tmp_path) == after
