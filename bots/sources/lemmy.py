"""Lemmy instances through their public API (join-lemmy.org/api): no credentials.

Each list (posts, comments; of the instance, or of communities) is read from its newest page back to the last number.
The address that a post has everywhere (`ap_id`) is its id: read on two instances it is one post.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from pydantic import Field, field_validator

from bots.http import HttpError
from bots.sources.base import Bad, Batch, Gap, Misconfigured, Retry, Source, SourceOptions, Tools
from bots.sources.lemmy_looks import CHECKS, Look, Looks
from bots.sources.lemmy_posts import Kind, read_thing
from bots.sources.lru import Lru
from bots.sources.markup import web_address
from bots.sources.watching import News, Watch
from config.units import Duration

log = logging.getLogger(__name__)

KINDS: tuple[Kind, ...] = ("post", "comment")
LONGEST_PAUSE_S = 6 * 3_600.0


class LemmyOptions(SourceOptions):
    """Which instances, and how often."""

    instances: Annotated[tuple[str, ...], Field(max_length=20)] = Field(
        default=(), description="Addresses of Lemmy instances, such as https://lemmy.world."
    )
    communities: Annotated[tuple[str, ...], Field(max_length=50)] = Field(
        default=(), description="Only these communities, such as technology or technology@lemmy.world; empty: all."
    )
    scope: Literal["Local", "All"] = Field(
        default="Local", description="Local: the instance's own communities; All: also those it knows from others."
    )
    poll: Duration = Field(default=timedelta(minutes=1), description="Pause between two looks, at most 12h.")
    pause: Duration = Field(default=timedelta(milliseconds=500), description="Pause between two pages, at most 1m.")
    first: Annotated[int, Field(ge=0, le=2_000)] = Field(
        default=100, description="At the first start, so many per list."
    )
    recheck: Annotated[int, Field(ge=50, le=20_000)] = Field(
        default=1_000, description="Posts per list that are looked at again."
    )

    @field_validator("poll", "pause")
    @classmethod
    def _within_reason(cls, pause: timedelta, info: Any) -> timedelta:
        most, named = (timedelta(hours=12), "12h") if info.field_name == "poll" else (timedelta(minutes=1), "1m")
        if not timedelta(0) < pause <= most:
            raise ValueError(f"write a pause of at most {named}, such as 1s")
        return pause

    @field_validator("instances")
    @classmethod
    def _addresses(cls, instances: tuple[str, ...]) -> tuple[str, ...]:
        for url in instances:
            if web_address(url) is None or "?" in url or "#" in url:
                raise ValueError(f"{url!r} is not the address of an instance (https://…)")
        return tuple(dict.fromkeys(url.rstrip("/") for url in instances))

    @field_validator("communities")
    @classmethod
    def _names(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        bare = tuple(dict.fromkeys(name.removeprefix("!") for name in names))
        for name in bare:
            if not name or "/" in name or " " in name:
                raise ValueError(f"{name!r} is not a community: write name or name@host, no address")
        return bare


class Place(msgspec.Struct):
    """A list's resume point: the `next` number (None: never read), the newest date told, what is looked at again."""

    next: int | None = None
    newest: float = 0.0
    watch: Watch = msgspec.field(default_factory=Watch)


class Pace(msgspec.Struct):
    """When a list is due (the loop's clock), and how often it failed in a row."""

    due: float = 0.0
    failures: int = 0
    reason: str = ""


class Lemmy(Source):
    """Posts and comments of the instances; a list that fails leaves the others alone."""

    name: ClassVar[str] = "lemmy"
    options_type: ClassVar[type[SourceOptions]] = LemmyOptions
    quiet_s: ClassVar[float] = 24 * 3_600.0  # each look is a sign of life, and the longest pause between two is shorter

    def __init__(self, options: Any, tools: Tools) -> None:
        super().__init__(options, tools)
        self._lists: dict[str, Looks] = {}
        for base in options.instances:
            for community in options.communities or ("",):
                # A community of another instance is not local: its list would be empty.
                params = {"community_name": community, "type_": "All"} if community else {"type_": options.scope}
                for kind in KINDS:
                    looks = Looks(tools.http, base, kind, params, options.pause.total_seconds())
                    self._lists[f"{base} {kind} {community}".strip()] = looks
        self._paces = {key: Pace() for key in self._lists}
        self._unreadable: Lru[bytes, bool] = Lru(1_000)  # records without a number, told once

    async def collect(self, cursor: Any) -> AsyncIterator[Batch]:
        """New posts and comments of all lists, their edits and deletions, for ever."""
        if not self._lists:
            raise Misconfigured("sources.lemmy.instances: name at least one instance, or disable the source")
        kept = msgspec.convert(cursor or {}, dict[str, Place], str_keys=True)
        places = {key: kept.get(key, Place()) for key in self._lists}
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(max(0.0, min(pace.due for pace in self._paces.values()) - loop.time()))
            keys = [key for key, pace in self._paces.items() if pace.due <= loop.time()]
            looks = {key: await self._try(key, places[key]) for key in keys}
            news = News()
            gaps = [self._tell(key, places, look, news) for key, look in looks.items() if look is not None]
            cursor = msgspec.to_builtins(places, str_keys=True)
            yield Batch(posts=news.posts, bad=news.bad, gap=_widest(gaps), cursor=cursor)
            if keys and all(pace.failures for pace in self._paces.values()):
                raise Retry("no instance can be read; the last one: " + self._paces[keys[-1]].reason)

    async def _try(self, key: str, place: Place) -> Look | None:
        pace, poll_s = self._paces[key], self.options.poll.total_seconds()
        try:
            due = place.watch.due(self._now())[:CHECKS]
            look = await self._lists[key].look(place.next, self.options.first, place.watch, due)
        except HttpError as error:
            pace.failures += 1
            if not pace.reason:
                log.warning("lemmy %s: %s", key, error)
            pace.reason = str(error)
            longest = min(LONGEST_PAUSE_S, poll_s * 2 ** min(pace.failures - 1, 10))
            self._wait(pace, max(longest, error.after or 0.0))
            return None
        pace.failures, pace.reason = 0, ""
        self._wait(pace, poll_s)
        return look

    def _tell(self, key: str, places: dict[str, Place], look: Look, news: News) -> Gap | None:
        """What a look tells, by number; and where the list stands after it. Returns what could not be read."""
        place, now, before = places[key], self._now(), len(news.posts)
        gap = _gap(place, look)
        if place.next is None:
            place.watch.floor = self._floor(sorted(look.views))
        told = {known.id for other in places if other != key for known in places[other].watch.known.values()}
        for number, view in sorted(look.views.items()):
            read = read_thing(view, number, look.parents)
            if not read.id or read.id not in told:  # read on another instance: it is the same post
                place.watch.tell(read, news, now)
        for number in look.gone:
            place.watch.gone(number, news)
        for number in look.checked:
            place.watch.looked(number)
        for bad in look.nameless:
            self._bad(bad, news)
        place.watch.trim(self.options.recheck)
        place.next = max(place.next or 0, max(look.views, default=-1) + 1)
        dates = [post.created_at.timestamp() for post in news.posts[before:] if post.created_at is not None]
        place.newest = max([place.newest, *dates])
        return gap

    def _floor(self, numbers: list[int]) -> int:
        newest = numbers[-self.options.first :] if self.options.first else []
        return min(newest, default=max(numbers, default=-1) + 1) if len(newest) == self.options.first else 0

    def _bad(self, bad: Bad, news: News) -> None:
        if self._unreadable.get(bad.record) is None:
            self._unreadable.put(bad.record, True)
            news.bad.append(bad)

    def _now(self) -> float:
        return self.tools.now().timestamp()

    def _wait(self, pace: Pace, seconds: float) -> None:
        pace.due = asyncio.get_running_loop().time() + seconds * self.tools.random.uniform(1.0, 1.1)


def _gap(place: Place, look: Look) -> Gap | None:
    if not look.torn or look.oldest is None:
        return None
    start = datetime.fromtimestamp(min(place.newest, look.oldest.timestamp()), UTC)
    return Gap(start, look.oldest, "more was posted than one look goes back")


def _widest(found: list[Gap | None]) -> Gap | None:
    gaps = [gap for gap in found if gap is not None]
    return Gap(min(gap.start for gap in gaps), max(gap.end for gap in gaps), gaps[0].reason) if gaps else None
