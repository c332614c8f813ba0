"""A desk over real frames and entries, held in memory, and a small conversation to put on it."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from config.schema import Config
from streams.desk import Page
from streams.records import Author, Entry, Post
from streams.views.frame import Frame
from tests.streams.shelf import shelved

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
Sentiment = Literal["negative", "neutral", "positive"]
_P: dict[str | None, tuple[float, float, float]] = {
    "negative": (0.8, 0.1, 0.1),
    "neutral": (0.1, 0.8, 0.1),
    "positive": (0.1, 0.1, 0.8),
}


def entry(brand: str, number: int, minutes_ago: float = 1, **post: Any) -> Entry:
    """Entry `number` of `brand`, by one of seven authors unless told otherwise."""
    at = NOW - timedelta(minutes=minutes_ago)
    author = post.pop("author", f"demo:a{number % 7}")
    sentiment: str | None = post.pop("sentiment", ("positive", "positive", "neutral", "negative")[number % 4])
    platform = post.pop("platform", "demo")
    fields = {"text": f"post {number} about {brand}", "lang": ("es", "en")[number % 2]} | post
    made = Post(
        id=f"{platform}:{brand}-{number}",
        platform=platform,
        author=Author(id=author, handle=author.partition(":")[2]),
        created_at=at,
        **fields,
    )
    return Entry(brand=brand, post=made, via="name", seen_at=at, sentiment=sentiment, p=_P.get(sentiment), model="stub")


class StubDesk:
    """Implements `streams.desk.Desk`."""

    def __init__(self, config: Config, entries: Iterable[Entry] = (), held: Collection[str] | None = None) -> None:
        names = [brand.name for brand in config.brands]
        self.held = set(names if held is None else held)
        self.is_ready = True
        self._frames = {brand.name: Frame.of(brand) for brand in config.brands}
        self._entries: dict[str, dict[str, Entry]] = {name: {} for name in names}
        self._versions = dict.fromkeys(names, 0)
        self._waiters: list[asyncio.Event] = []
        self._folder: TemporaryDirectory[str] | None = None  # gone when the desk is
        for one in entries:
            self.add(one)

    def add(self, new: Entry) -> None:
        """Put an entry, or its newer form, into the ledger."""
        old = self._entries[new.brand].get(new.post.id)
        if old is not None:
            self._frames[new.brand].remove(old)
        self._entries[new.brand][new.post.id] = new
        self._frames[new.brand].add(new)
        self._versions[new.brand] += 1
        for waiter in self._waiters:
            waiter.set()
        self._waiters.clear()

    def ready(self) -> bool:
        return self.is_ready

    def brands(self) -> Collection[str]:
        return self.held

    def frame(self, brand: str) -> Frame:
        self._check(brand)
        return self._frames[brand]

    def entries(self, brand: str, start: datetime, end: datetime, after: str | None, limit: int) -> Page:
        self._check(brand)
        before = None if after is None else _untoken(after)
        inside = [e for e in self._entries[brand].values() if start <= _at(e) < end]
        found = [e for e in inside if before is None or (_at(e), e.post.id) < before]
        newest = sorted(found, key=lambda e: (_at(e), e.post.id), reverse=True)
        page = newest[:limit]
        token = f"{_at(page[-1]).isoformat()}|{page[-1].post.id}" if len(newest) > limit else None
        return Page(page, token)

    def shelf(self, brand: str) -> Path:
        """Written anew for each reader."""
        self._check(brand)
        self._folder = TemporaryDirectory()
        return shelved(self._entries[brand].values(), Path(self._folder.name) / brand)

    def version(self, brand: str) -> int:
        return self._versions[brand]

    async def changed(self) -> None:
        waiter = asyncio.Event()
        self._waiters.append(waiter)
        await waiter.wait()

    def _check(self, brand: str) -> None:
        if brand not in self.held:
            raise KeyError(brand)


def _at(one: Entry) -> datetime:
    assert one.post.created_at is not None
    return one.post.created_at


def _untoken(token: str) -> tuple[datetime, str]:
    time, bar, post = token.partition("|")
    if not bar:
        raise ValueError("it is not a token of this service")
    return datetime.fromisoformat(time), post


def make_config(**api: Any) -> Config:
    """Two brands in one group, a third by itself; the API on a free port of loopback."""
    brands = [
        {"name": "fairphone", "title": "Fairphone", "terms": ["fairphone"], "group": "phones", "own": ["demo:brand"]},
        {"name": "shiftphone", "terms": ["shiftphone"], "group": "phones"},
        {"name": "tertulia", "terms": ["tertulia"]},
    ]
    return Config.model_validate({"brands": brands, "api": {"port": 0} | api})


def conversation(brand: str, posts: int) -> list[Entry]:
    """`posts` entries over the last hours; every third one answers the one before it."""
    made: list[Entry] = []
    for number in range(posts):
        reply = number % 3 == 2
        before = made[-1].post if reply else None
        made.append(entry(brand, number, minutes_ago=1 + 5 * (posts - number), **_answering(before)))
    return made


def _answering(before: Post | None) -> dict[str, str]:
    if before is None or before.author is None:
        return {}
    return {"reply_to": before.id, "thread": before.root, "reply_to_author": before.author.id}
