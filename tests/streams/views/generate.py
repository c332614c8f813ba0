"""Small random conversations that hit every corner: ties in time, unknown parents, handles, several languages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

from hypothesis import strategies as st

from config.schema import Views
from streams.records import SENTIMENTS, Author, Entry, Post
from streams.views.asked import Asked
from streams.views.frame import Frame, Window

T0 = datetime(2026, 1, 1, tzinfo=UTC)
OWN = ("X:A0", "@Brand")  # the first by id in another case, the second by handle
NO_FLOOR = Views(min_posts=1, min_authors=1, bootstrap=50)
ASKED = Asked(NO_FLOOR)
_MS = timedelta(milliseconds=1)


def author(number: int, platform: str = "x") -> Author:
    handle = "brand" if number == 1 else f"h{number}"
    return Author(id=f"{platform}:a{number}", handle=handle)


def entry(number: int, ms: float = 0, by: int = 5, sentiment: str | None = None, **post: object) -> Entry:
    """Post `x:p<number>` by author `x:a<by>`, `ms` after `T0`."""
    fields = {"id": f"x:p{number}", "platform": "x", "author": author(by), "text": "t", "created_at": T0 + ms * _MS}
    made = Post(**(fields | post))  # type: ignore[arg-type]
    return Entry(brand="b", post=made, via="name", seen_at=T0, sentiment=sentiment)


def window(start_ms: float, end_ms: float) -> Window:
    return Window(T0 + start_ms * _MS, T0 + end_ms * _MS)


def frame_of(entries: list[Entry], own: tuple[str, ...] = OWN) -> Frame:
    frame = Frame(own)
    frame.add_many(entries)
    return frame


@st.composite
def entries(draw: st.DrawFn, largest: int = 40) -> list[Entry]:
    """Up to `largest` entries with distinct post ids."""
    count = draw(st.integers(0, largest))
    return made(Random(draw(st.integers(0, 2**32))), count)


def made(random: Random, count: int, people: int = 8, span_ms: int = 100) -> list[Entry]:
    """One seeded conversation; times may tie, parents may be missing or later than their children."""
    return [_one(random, number, count, people, span_ms) for number in range(count)]


def _one(random: Random, number: int, count: int, people: int, span_ms: int) -> Entry:
    platform = "xy"[number % 2]
    kind = random.choice(["post", "post", "reply", "reply", "reply", "quote", "repost", "reply+quote"])

    def other() -> tuple[str, str | None]:
        target = (number + 2 * random.randrange(1, count + 5)) % (count + 10)
        target += (target - number) % 2  # threads stay on their platform
        known = random.random() < 0.5
        name = f"{platform}:a{random.randrange(people)}" if random.random() < 0.8 else "x:a0"
        return f"{platform}:p{target if target != number else target + 2}", name if known else None

    fields: dict[str, object] = {}
    for part, name in (("reply", "reply_to"), ("quote", "quote_of"), ("repost", "repost_of")):
        if part in kind.split("+"):
            fields[name], fields[f"{name}_author"] = other()
    if "reply" in kind and random.random() < 0.8:
        fields["thread"] = f"{platform}:p{random.choice(range(number % 2, max(6, count // 4), 2))}"
        if fields["thread"] == f"{platform}:p{number}":
            del fields["thread"]
    post = Post(
        id=f"{platform}:p{number}",
        platform=platform,
        author=author(random.randrange(people), platform),
        text="t",
        created_at=T0 + random.randrange(span_ms) * _MS + timedelta(microseconds=random.choice([0, 0, 1])),
        lang=random.choice([None, "en", "es", "es-MX", "EN-gb"]),
        **fields,  # type: ignore[arg-type]
    )
    sentiment = random.choice([None, *SENTIMENTS])
    return Entry(brand="b", post=post, via="name", seen_at=T0, sentiment=sentiment)
