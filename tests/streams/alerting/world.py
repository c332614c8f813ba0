"""A brand's posts and a desk over them: real frames, real entries, no Kafka."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from config.schema import Alerts, Brand, Config, VolumeSpike
from streams.desk import Page
from streams.records import Alert, Author, Entry, Post
from streams.views.frame import Frame

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
RULE = VolumeSpike(p=1e-4)
MINUTE = timedelta(minutes=1)


def config(*brands: str, rules: tuple[VolumeSpike, ...] = (RULE,)) -> Config:
    """Brands called so, with one volume rule."""
    named = tuple(Brand(name=name, title=name.title(), terms=(name,)) for name in brands or ("acme",))
    return Config(brands=named, alerts=Alerts(volume_spike=rules))


def entry(
    name: str,
    at: datetime,
    text: str = "about acme",
    seen: datetime | None = None,
    by: str | None = None,
    sentiment: str | None = None,
    **more: Any,
) -> Entry:
    """A post, seen when it was written; without `by` of an author of its own."""
    author = Author(f"demo:by-{name}") if by is None else Author(f"demo:{by}", by)
    post = Post(f"demo:{name}", platform="demo", author=author, text=text, created_at=at)
    return Entry("acme", msgspec.structs.replace(post, **more), "name", seen or at, sentiment=sentiment)


def steady(start: datetime, end: datetime, every: timedelta = MINUTE) -> list[Entry]:
    """The ordinary flow, one post in `every`."""
    count = (end - start) // every
    return [entry(f"calm-{(start + n * every).isoformat()}", start + n * every) for n in range(count)]


def burst(count: int, at: datetime, name: str = "burst", **more: Any) -> list[Entry]:
    """So many posts within a minute before `at`."""
    return [entry(f"{name}-{n}", at - MINUTE * (n + 1) / (count + 1), **more) for n in range(count)]


class MemoryDesk:
    """`streams.desk.Desk` over entries in memory, for one brand."""

    def __init__(self, entries: Iterable[Entry] = (), brand: str = "acme", own: Collection[str] = ()) -> None:
        self.held: dict[str, Entry] = {}
        self.brand, self.here, self.is_ready = brand, True, True
        self._frame, self._version = Frame(own), 0
        self.put(*entries)

    def put(self, *entries: Entry) -> None:
        """Add or replace."""
        for each in entries:
            self.drop(each.post.id)
            self.held[each.post.id] = each
            self._frame.add(each)

    def drop(self, post_id: str) -> None:
        """Delete."""
        self._version += 1
        if post_id in self.held:
            self._frame.remove(self.held.pop(post_id))

    def ready(self) -> bool:
        return self.is_ready

    def brands(self) -> Collection[str]:
        return [self.brand] if self.here else []

    def frame(self, brand: str) -> Frame:
        self._check(brand)
        return self._frame

    def entries(self, brand: str, start: datetime, end: datetime, after: str | None, limit: int) -> Page:
        self._check(brand)
        found = [each for each in self.held.values() if start <= (each.post.created_at or start) < end]
        found.sort(key=lambda each: (each.post.created_at, each.post.id), reverse=True)
        first = int(after or 0)
        more = str(first + limit) if len(found) > first + limit else None
        return Page(found[first : first + limit], more)

    def shelf(self, brand: str) -> Path:
        raise KeyError(brand)  # no rule reads texts

    def version(self, brand: str) -> int:
        return self._version

    async def changed(self) -> None:
        await asyncio.Event().wait()

    def _check(self, brand: str) -> None:
        if not self.here or brand != self.brand:
            raise KeyError(brand)


class MemoryAlerts:
    """The topic: what is published is known at once, unless `lag` holds it back."""

    def __init__(self) -> None:
        self.log: list[Alert] = []
        self.newest: dict[str, Alert] = {}
        self.lag = False

    async def publish(self, alert: Alert) -> None:
        self.log.append(alert)
        if not self.lag:
            self.newest[alert.fingerprint] = alert

    async def ready(self) -> None:
        return

    def get(self, fingerprint: str) -> Alert | None:
        return self.newest.get(fingerprint)

    def all(self) -> Collection[Alert]:
        return list(self.newest.values())


class Clock:
    """Time as the test wants it."""

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def advance(self, length: timedelta) -> None:
        self.at += length
