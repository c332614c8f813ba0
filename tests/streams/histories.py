"""Made-up histories of posts, for tests of what must not depend on the order in which posts come."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random

import msgspec

from streams.records import Author, Post, erasure

START = datetime(2026, 1, 1, tzinfo=UTC)


def post(number: int, text: str = "x", minute: int | None = None, by: str = "a", **fields: str | None) -> Post:
    """Post `number`, written in that minute unless told otherwise."""
    return Post(
        id=f"t:{number}",
        platform="t",
        author=Author(id=f"t:{by}"),
        text=text,
        created_at=START + timedelta(minutes=number if minute is None else minute),
        **fields,  # type: ignore[arg-type]
    )


def erased(by: str, minute: float, again: bool | None = None) -> Post:
    """The author is erased, with all that was written until that minute."""
    return erasure(f"t:{by}", START + timedelta(minutes=minute), again)


def random_history(rng: Random, texts: Sequence[str], authors: str = "a") -> list[Post]:
    """Posts, replies, quotes and reposts that say one of `texts`, some edited, repeated or deleted, in any order; each
    by one of `authors`, who are called by a letter."""
    events: list[Post] = []
    size = rng.randrange(3, 25)
    roots = [0]
    for number in range(size):
        text = rng.choice(texts)
        fields: dict[str, str | None] = {}
        kind = rng.random()
        other = f"t:{rng.randrange(size)}"
        if kind < 0.55:
            fields = {"reply_to": other, "thread": f"t:{rng.choice(roots)}"}
        elif kind < 0.7:
            fields = {"quote_of": other}
        elif kind < 0.8:
            fields, text = {"repost_of": other}, ""
        else:
            roots.append(number)
        if other == f"t:{number}":
            fields, text = {}, text or "x"
        minute = rng.randrange(size)
        events.append(post(number, text, minute, by=rng.choice(authors) if len(authors) > 1 else authors, **fields))
    events += [msgspec.structs.replace(event) for event in rng.sample(events, size // 4)]
    for event in rng.sample(events, size // 3):
        if not event.repost_of:
            events.append(msgspec.structs.replace(event, op="update", text=rng.choice(texts)))
    events += [Post(id=event.id, op="delete") for event in rng.sample(events[:size], size // 5)]
    rng.shuffle(events)
    return events
