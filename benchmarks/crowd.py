"""A made-up crowd for benchmarks: seeded, in five languages, authors by a power law, every text its own."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from config.schema import Brand
from streams.records import SENTIMENTS, Author, Entry, Post

RECENT = 5_000  # how far back people still answer and quote
PARETO = 0.8  # a few authors write most, and ever new ones come
SAYINGS = {
    "en": "the battery broke again after two weeks and nobody answers me but honestly repair was easy love it",
    "es": "la batería se rompió otra vez en dos semanas y nadie contesta pero arreglarlo fue fácil me encanta",
    "de": "der Akku ging nach zwei Wochen wieder kaputt und keiner antwortet aber reparieren war leicht toll",
    "fr": "la batterie est morte encore une fois après deux semaines personne ne répond mais réparer reste",
    "pt": "a bateria quebrou de novo depois de duas semanas e ninguém responde mas o conserto foi fácil gostei",
}
WORDS = {lang: saying.split() for lang, saying in SAYINGS.items()}
LANGUAGES = tuple(WORDS)


def brands(count: int) -> tuple[Brand, ...]:
    """`count` brands whose names no text contains by accident."""
    return tuple(Brand(name=f"brand{number:02}", terms=(f"brand{number:02}",)) for number in range(count))


def words(dice: Random, lang: str, name: str | None) -> str:
    """A text of 8 to 30 words; it contains `name`, and a number that makes it unlike all others."""
    said = dice.choices(WORDS[lang], k=dice.randint(8, 30))
    said.insert(dice.randrange(len(said)), f"{dice.randrange(10**9)}")
    if name is not None:
        said.insert(dice.randrange(len(said)), name)
    return " ".join(said)


class Crowd:
    """Posts one after another, as a network would bring them: most of them about nothing that is listened for."""

    def __init__(
        self, names: Sequence[str], seed: int, *, naming: float, replies: float, shared: float, deletes: float
    ) -> None:
        """The shares of posts that name a brand, reply, repost or quote, and of deletions; the rest are plain posts."""
        self._dice, self._names = Random(seed), names
        self._naming, self._replies, self._shared, self._deletes = naming, replies, shared, deletes
        self._recent: deque[Post] = deque(maxlen=RECENT)

    def posts(self, count: int, at: datetime, step: timedelta) -> Iterator[Post]:
        """`count` posts, the first at `at`."""
        for number in range(count):
            post = self._next(number, at + number * step)
            if post.op == "create" and not post.repost_of:
                self._recent.append(post)
            yield post

    def _next(self, number: int, at: datetime) -> Post:
        dice = self._dice
        kind = dice.random()
        other = (
            dice.choice(self._recent) if self._recent and kind < self._replies + self._shared + self._deletes else None
        )
        if other is None:
            return self._said(number, at)
        assert other.author is not None
        if kind < self._replies:
            root = other.thread or other.id
            return self._said(number, at, reply_to=other.id, thread=root, reply_to_author=other.author.id)
        if kind < self._replies + self._shared / 2:
            return self._said(number, at, quote_of=other.id, quote_of_author=other.author.id)
        if kind < self._replies + self._shared:
            author = self._author()
            return Post(
                id=f"crowd:{number}",
                platform="crowd",
                author=author,
                created_at=at,
                repost_of=other.id,
                repost_of_author=other.author.id,
            )
        return Post(id=other.id, op="delete", platform="crowd")

    def _said(self, number: int, at: datetime, **relation: Any) -> Post:
        dice = self._dice
        lang = dice.choice(LANGUAGES)
        name = dice.choice(self._names) if dice.random() < self._naming else None
        return Post(
            id=f"crowd:{number}",
            platform="crowd",
            author=self._author(),
            text=words(dice, lang, name),
            created_at=at,
            lang=lang,
            url=f"https://crowd.example/{number}",
            **relation,
        )

    def _author(self) -> Author:
        who = int(self._dice.paretovariate(PARETO) * 10) % 100_000_000
        return Author(id=f"crowd:author-{who}", handle=f"author{who}", followers=who % 1_000)


def entries(names: Sequence[str], count: int, seed: int, end: datetime, length: timedelta) -> Iterator[Entry]:
    """`count` entries as the match stage writes them, spread over the brands and the time before `end`; half reply."""
    dice, seen = Random(seed), datetime.now(UTC)
    for number in range(count):
        name, lang = names[number % len(names)], dice.choice(LANGUAGES)
        reply = number >= len(names) and dice.random() < 0.5
        parent = dice.randrange(max(0, number // len(names) - 200), number // len(names)) * len(names) if reply else 0
        answered = f"crowd:{parent + number % len(names)}"
        thread = f"crowd:{parent - parent % (20 * len(names)) + number % len(names)}"
        who = int(dice.paretovariate(PARETO)) % max(10, count // 8)
        tones = sorted((dice.random(), dice.random()))
        post = Post(
            id=f"crowd:{number}",
            platform="crowd",
            author=Author(id=f"crowd:author-{who}", handle=f"author{who}", followers=who % 1_000),
            text=words(dice, lang, None if reply else name),
            created_at=end - dice.random() * length,
            lang=lang,
            url=f"https://crowd.example/{number}",
            reply_to=answered if reply else None,
            thread=thread if reply else None,
        )
        yield Entry(
            name,
            post,
            "thread" if reply else "name",
            seen,
            terms=() if reply else (name,),
            sentiment=dice.choice(SENTIMENTS),
            p=(tones[0], tones[1] - tones[0], 1 - tones[1]),
            model="made up",
        )
