"""RSS and Atom feeds: conditional requests, one pace per feed, edits seen by content."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Annotated, Any, ClassVar

import msgspec
from pydantic import Field, field_validator

from bots.http import HttpError
from bots.sources.base import Bad, Batch, Misconfigured, Retry, Source, SourceOptions, Tools
from bots.sources.markup import web_address
from bots.sources.option_types import between
from bots.sources.rss_entries import Feed, NoFeed, read_feed
from config.units import Duration
from streams.records import Post

log = logging.getLogger(__name__)

PARALLEL = 8
MOST_SEEN = 250  # entries of one feed that are remembered beyond those in it now
MOST_BYTES = 8 * 1024 * 1024
LONGEST_PAUSE_S = 6 * 3_600.0


class RssOptions(SourceOptions):
    """Which feeds, and how often."""

    feeds: Annotated[tuple[str, ...], Field(max_length=200)] = Field(
        default=(), description="Addresses of RSS or Atom feeds."
    )
    every: Annotated[Duration, between(timedelta(seconds=1), timedelta(hours=12))] = Field(
        default=timedelta(minutes=10), description="Pause between two looks at one feed, at most 12h."
    )

    @field_validator("feeds")
    @classmethod
    def _addresses(cls, feeds: tuple[str, ...]) -> tuple[str, ...]:
        for url in feeds:
            if web_address(url) is None:
                raise ValueError(f"{url!r} is not a web address (https://…)")
        return tuple(dict.fromkeys(feeds))


class Memory(msgspec.Struct, frozen=True):
    """What is remembered of a feed: its validators, per entry a hash of what it said (oldest first), the last look."""

    etag: str | None = None
    modified: str | None = None
    seen: dict[str, str] = {}
    looked: float = 0.0  # Unix time of the last look: a restart is no reason to ask again at once


class Pace(msgspec.Struct):
    """When a feed is due (seconds of the loop's clock), and how often it failed in a row."""

    due: float = 0.0
    failures: int = 0
    reason: str = ""


class Rss(Source):
    """Any number of feeds; one that fails or makes no sense leaves the others alone."""

    name: ClassVar[str] = "rss"
    options_type: ClassVar[type[SourceOptions]] = RssOptions
    quiet_s: ClassVar[float] = 24 * 3_600.0  # each look is a sign of life, and the longest pause between two is shorter

    def __init__(self, options: Any, tools: Tools) -> None:
        super().__init__(options, tools)
        self._paces = {url: Pace() for url in options.feeds}

    async def collect(self, cursor: Any) -> AsyncIterator[Batch]:
        """New and edited entries of all feeds, for ever."""
        if not self.options.feeds:
            raise Misconfigured("sources.rss.feeds: name at least one feed, or disable the source")
        memories = msgspec.convert(cursor or {}, dict[str, Memory])
        memories = {url: memories.get(url, Memory()) for url in self.options.feeds}
        loop = asyncio.get_running_loop()
        for url, memory in memories.items():
            self._resume(self._paces[url], memory)
        while True:
            due = sorted((pace.due, url) for url, pace in self._paces.items())[:PARALLEL]
            await asyncio.sleep(max(0.0, due[0][0] - loop.time()))
            now = max(loop.time(), due[0][0])  # uvloop counts milliseconds, and may wake us a little early
            urls = [url for at, url in due if at <= now]
            found = await asyncio.gather(*(self._look(url, memories[url]) for url in urls))
            for url, (batch, memory) in zip(urls, found, strict=True):
                # Only now: a resume point must not know of entries that are yielded after it.
                memories[url] = msgspec.structs.replace(memory, looked=self.tools.now().timestamp())
                yield msgspec.structs.replace(batch, cursor=msgspec.to_builtins(memories))
            if all(pace.failures for pace in self._paces.values()):
                raise Retry("no feed can be read; the last one: " + self._paces[urls[-1]].reason)

    async def _look(self, url: str, memory: Memory) -> tuple[Batch, Memory]:
        """One look at one feed: what is new in it, and what is remembered of it from here on."""
        pace = self._paces[url]
        try:
            batch, memory = await self._read(url, memory)
        except HttpError as error:
            self._failed(url, pace, str(error), error.after, gone=error.status == HTTPStatus.GONE)
            return Batch(), memory
        if batch.bad and not batch.posts:
            self._failed(url, pace, batch.bad[0].reason)
        else:
            pace.failures, pace.reason = 0, ""
            self._wait(pace, self.options.every.total_seconds())
        return batch, memory

    async def _read(self, url: str, memory: Memory) -> tuple[Batch, Memory]:
        http = self.tools.http
        answer = await http.get_bytes(url, etag=memory.etag, last_modified=memory.modified, most=MOST_BYTES)
        if answer.unchanged:
            return Batch(), memory
        try:
            feed = await asyncio.to_thread(read_feed, url, answer.body, answer.headers, self.tools.now())
        except NoFeed as error:
            return Batch(bad=[Bad(answer.body, str(error), url)]), memory
        posts, seen = _news(feed, memory.seen)
        return Batch(posts=posts, bad=feed.bad), Memory(answer.etag, answer.last_modified, seen)

    def _failed(self, url: str, pace: Pace, reason: str, after: float | None = None, *, gone: bool = False) -> None:
        pace.failures += 1
        if not pace.reason:
            log.warning("feed %s: %s", url, reason)
        pace.reason = reason
        usual = self.options.every.total_seconds()
        longest = LONGEST_PAUSE_S if gone else min(LONGEST_PAUSE_S, usual * 2 ** min(pace.failures - 1, 10))
        self._wait(pace, max(longest, after or 0.0))

    def _resume(self, pace: Pace, memory: Memory) -> None:
        since = self.tools.now().timestamp() - memory.looked
        if not pace.due:
            self._wait(pace, max(0.0, self.options.every.total_seconds() - since))

    def _wait(self, pace: Pace, seconds: float) -> None:
        pace.due = asyncio.get_running_loop().time() + seconds * self.tools.random.uniform(1.0, 1.1)


def _news(feed: Feed, seen: Mapping[str, str]) -> tuple[list[Post], dict[str, str]]:
    """The entries that are new or say something else now, oldest first; and what has been seen from here on."""
    posts, known = [], dict(seen)
    for entry in feed.entries:
        before = known.pop(entry.key, None)  # put back at the end: the newest are kept longest
        known[entry.key] = entry.looks
        if before is None:
            posts.append(entry.post)
        elif before != entry.looks:
            posts.append(msgspec.structs.replace(entry.post, op="update"))
    kept = list(known.items())[-(len(feed.entries) + MOST_SEEN) :]
    return posts, dict(kept)
