"""Discourse forums through their public JSON: no credentials, any number of forums, each with its own resume point.

Posts have rising numbers. New posts, missed ones and re-checks all come by looks at a window of numbers, oldest first,
so that a kill after any of them loses nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Annotated, Any, ClassVar

import msgspec
from pydantic import Field, field_validator

from bots.http import HttpError
from bots.sources.base import Bad, Batch, Misconfigured, Retry, Source, SourceOptions, Tools
from bots.sources.discourse_looks import Look, Looks
from bots.sources.discourse_posts import Forum
from bots.sources.lru import Lru
from bots.sources.markup import web_address
from bots.sources.watching import News, Watch
from config.units import Duration

log = logging.getLogger(__name__)

PARALLEL = 8
CHECKS = 5  # looks at old posts between two looks at the newest
LONGEST_PAUSE_S = 6 * 3_600.0


class DiscourseOptions(SourceOptions):
    """Which forums, and how often."""

    forums: Annotated[tuple[str, ...], Field(max_length=50)] = Field(
        default=(), description="Addresses of Discourse forums, such as https://meta.discourse.org."
    )
    poll: Duration = Field(default=timedelta(minutes=1), description="Pause between two looks, at most 12h.")
    pause: Duration = Field(default=timedelta(seconds=1), description="Pause while there is more to read, at most 1m.")
    first: Annotated[int, Field(ge=0)] = Field(default=100, description="At the first start, so many posts back.")
    recheck: Annotated[int, Field(ge=50, le=20_000)] = Field(
        default=2_000, description="Posts per forum that are looked at again for edits and deletions."
    )

    @field_validator("poll", "pause")
    @classmethod
    def _within_reason(cls, pause: timedelta, info: Any) -> timedelta:
        most = timedelta(hours=12) if info.field_name == "poll" else timedelta(minutes=1)
        if not timedelta(0) < pause <= most:
            raise ValueError(f"write a pause of at most {'12h' if info.field_name == 'poll' else '1m'}, such as 1s")
        return pause

    @field_validator("forums")
    @classmethod
    def _addresses(cls, forums: tuple[str, ...]) -> tuple[str, ...]:
        for url in forums:
            if web_address(url) is None or "?" in url or "#" in url:
                raise ValueError(f"{url!r} is not the address of a forum (https://…)")
        return tuple(dict.fromkeys(url.rstrip("/") for url in forums))


class Place(msgspec.Struct):
    """A forum's resume point: the `next` number to read (None: none seen yet), and what is looked at again."""

    next: int | None = None
    watch: Watch = msgspec.field(default_factory=Watch)


class Pace(msgspec.Struct):
    """When a forum is due (the loop's clock), its failures in a row, and what else a restart may forget."""

    due: float = 0.0
    failures: int = 0
    reason: str = ""
    ahead: int | None = None
    checks: int = 0  # looks at old posts that are left until the next look at the newest


class Discourse(Source):
    """All public posts of the forums; one that fails leaves the others alone."""

    name: ClassVar[str] = "discourse"
    options_type: ClassVar[type[SourceOptions]] = DiscourseOptions
    quiet_s: ClassVar[float] = 24 * 3_600.0  # each look is a sign of life, and the longest pause between two is shorter

    def __init__(self, options: Any, tools: Tools) -> None:
        super().__init__(options, tools)
        self._forums = {base: Forum(base) for base in options.forums}
        self._looks = {base: Looks(tools.http, base) for base in options.forums}
        self._paces = {base: Pace() for base in options.forums}
        self._unreadable: Lru[bytes, bool] = Lru(1_000)  # records without a number, told once

    async def collect(self, cursor: Any) -> AsyncIterator[Batch]:
        """New posts of all forums, their edits and deletions, for ever."""
        if not self._forums:
            raise Misconfigured("sources.discourse.forums: name at least one forum, or disable the source")
        kept = msgspec.convert(cursor or {}, dict[str, Place], str_keys=True)
        places = {base: kept.get(base, Place()) for base in self._forums}
        for pace in self._paces.values():
            pace.ahead, pace.checks = None, 0
        loop = asyncio.get_running_loop()
        while True:
            due = sorted((pace.due, base) for base, pace in self._paces.items())[:PARALLEL]
            await asyncio.sleep(max(0.0, due[0][0] - loop.time()))
            bases = [base for at, base in due if at <= loop.time()]
            looks = await asyncio.gather(*(self._try(base, places[base]) for base in bases))
            news = News()
            for base, look in zip(bases, looks, strict=True):
                if look is not None:
                    self._tell(base, places[base], look, news)
            yield Batch(posts=news.posts, bad=news.bad, cursor=msgspec.to_builtins(places, str_keys=True))
            if bases and all(pace.failures for pace in self._paces.values()):
                raise Retry("no forum can be read; the last one: " + self._paces[bases[-1]].reason)

    async def _try(self, base: str, place: Place) -> Look | None:
        pace = self._paces[base]
        try:
            look = await self._look(base, place)
        except HttpError as error:
            self._failed(base, pace, error)
            return None
        pace.failures, pace.reason = 0, ""
        return look

    async def _look(self, base: str, place: Place) -> Look:
        """The next look: what was missed first, then what is due for a re-check, then the newest."""
        pace, start, looks = self._paces[base], place.next, self._looks[base]
        ahead = pace.ahead
        if ahead is None:
            if pace.checks and (due := place.watch.due(self._now())):
                return await looks.settle(await looks.window(due[0], recheck=True), place.watch)
            newest = await looks.newest()
            if start is None and newest.records:
                start = self._first(newest.high)
            if start is None or start >= newest.low:
                return await looks.settle(newest, place.watch)
            ahead = newest.low
        assert start is not None, "nothing is ahead of a forum without posts"
        look = await looks.window(start)
        look.ahead, look.high = ahead, min(look.high, ahead)
        return await looks.settle(look, place.watch)

    def _tell(self, base: str, place: Place, look: Look, news: News) -> None:
        """What a look tells, by number; and where the forum stands after it."""
        now, watch = self._now(), place.watch
        if place.next is None and look.records:
            place.next = watch.floor = look.low if look.ahead is not None else self._first(look.high)
        reads = []
        for record in look.records:
            read = self._forums[base].read(record)
            if isinstance(read, Bad):
                self._bad(read, news)
            elif read.number < look.high:
                reads.append(read)
        for read in sorted(reads, key=lambda read: read.number):
            watch.tell(read, news, now)
        for number in look.gone:
            watch.gone(number, news)
        self._advance(base, place, look, now)

    def _first(self, high: int) -> int:
        first: int = self.options.first
        return max(1, high - first)

    def _bad(self, bad: Bad, news: News) -> None:
        if self._unreadable.get(bad.record) is None:
            self._unreadable.put(bad.record, True)
            news.bad.append(bad)

    def _advance(self, base: str, place: Place, look: Look, now: float) -> None:
        pace, watch = self._paces[base], place.watch
        if look.recheck:
            pace.checks -= 1
            for number in watch.due(now):
                if look.low <= number < look.high and number not in look.open:
                    watch.looked(number)
        elif place.next is not None:
            place.next = max(place.next, look.high)
            pace.ahead = look.ahead if look.ahead is not None and place.next < look.ahead else None
            pace.checks = CHECKS
        watch.trim(self.options.recheck)
        more = look.ahead is not None or (pace.checks > 0 and bool(watch.due(now)))
        self._wait(pace, self.options.pause if more else self.options.poll)

    def _now(self) -> float:
        return self.tools.now().timestamp()

    def _failed(self, base: str, pace: Pace, error: HttpError) -> None:
        pace.failures += 1
        if not pace.reason:
            log.warning("forum %s: %s", base, error)
        pace.reason = str(error)
        longest = min(LONGEST_PAUSE_S, self.options.poll.total_seconds() * 2 ** min(pace.failures - 1, 10))
        self._wait(pace, timedelta(seconds=max(longest, error.after or 0.0)))

    def _wait(self, pace: Pace, pause: timedelta) -> None:
        pace.due = asyncio.get_running_loop().time() + pause.total_seconds() * self.tools.random.uniform(1.0, 1.1)
