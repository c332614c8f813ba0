"""Reviews of apps in Apple's App Store, by the public feed of each app and country: no credentials.

A feed holds the newest 500 reviews at most, in ten pages; the collector reads until a page brings nothing new.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Any, ClassVar, Self

import msgspec
from pydantic import Field, field_validator, model_validator

from bots.http import HttpError
from bots.sources.appstore_memory import Feed, Place
from bots.sources.appstore_reviews import NoReviews, Review, read_page
from bots.sources.base import Bad, Batch, Gap, Misconfigured, Retry, Source, SourceOptions, Tools
from bots.sources.lru import Lru
from bots.sources.option_types import between
from config.units import Duration

log = logging.getLogger(__name__)

PAGES = 10
CHUNK = 100
MOST_FEEDS = 100
LONGEST_PAUSE_S = 6 * 3_600.0
DEEP_S = 24 * 3_600.0


class AppStoreOptions(SourceOptions):
    """Which apps in which countries, and how often."""

    apps: tuple[str, ...] = Field(default=(), description="Numbers of the apps: the digits behind /id in the address.")
    countries: tuple[str, ...] = Field(default=("us",), description="Countries whose stores are read (us, de, jp, …).")
    every: Annotated[Duration, between(timedelta(minutes=1), timedelta(hours=12))] = Field(
        default=timedelta(minutes=30), description="Pause between two looks at one app in one country, 1m to 12h."
    )
    pause: Duration = Field(default=timedelta(seconds=2), description="Pause between two requests.")
    first: Annotated[int, Field(ge=1, le=PAGES)] = Field(
        default=2, description="At the first look, so many pages of 50 reviews back."
    )
    base_url: str = Field(default="https://itunes.apple.com", description="Address of the feeds.")

    @field_validator("apps")
    @classmethod
    def _numbers(cls, apps: tuple[str, ...]) -> tuple[str, ...]:
        for app in apps:
            if not re.fullmatch(r"\d{1,20}", app, re.ASCII):
                raise ValueError(f"{app!r} is no app's number: write the digits behind /id in its address, in quotes")
        return tuple(dict.fromkeys(apps))

    @field_validator("countries")
    @classmethod
    def _codes(cls, countries: tuple[str, ...]) -> tuple[str, ...]:
        for country in countries:
            if not re.fullmatch(r"[a-zA-Z]{2}", country):
                raise ValueError(f"{country!r} is no country: write two letters, such as us")
        return tuple(dict.fromkeys(country.lower() for country in countries))

    @model_validator(mode="after")
    def _not_too_many(self) -> Self:
        if len(self.apps) * len(self.countries) > MOST_FEEDS:
            raise ValueError(f"apps times countries is more than {MOST_FEEDS}: name fewer of them")
        return self


class AppStore(Source):
    """Any number of apps in any number of countries; one that cannot be read leaves the others alone."""

    name: ClassVar[str] = "appstore"
    options_type: ClassVar[type[SourceOptions]] = AppStoreOptions
    quiet_s: ClassVar[float] = 24 * 3_600.0  # each look is a sign of life, and the longest pause between two is shorter

    def __init__(self, options: Any, tools: Tools) -> None:
        super().__init__(options, tools)
        self._names = [f"{country}/{app}" for app in options.apps for country in options.countries]
        self._due: dict[str, float] = {}
        self._failures: dict[str, int] = {}
        self._told_bad: Lru[bytes, bool] = Lru(1_000)  # a page is read many times, its bad records are told once
        self._free_at = 0.0

    async def collect(self, cursor: Any) -> AsyncIterator[Batch]:
        """New and edited reviews of all apps, for ever."""
        if not self._names:
            raise Misconfigured("sources.appstore.apps: name at least one app and country, or disable the source")
        place = msgspec.convert(cursor or {}, Place)
        place.feeds = {name: place.feeds.get(name, Feed()) for name in self._names}
        self._resume(place)
        while True:
            name = min(self._due, key=lambda name: self._due[name])
            await asyncio.sleep(max(0.0, self._due[name] - asyncio.get_running_loop().time()))
            try:
                async for batch in self._look(place, name):
                    yield batch
            except HttpError as error:
                self._failed(name, error)
                place.stamp(name, self._now())
                yield Batch(cursor=msgspec.to_builtins(place))
                if len(self._failures) == len(self._names):
                    raise Retry(f"no reviews can be read; the last reason: {error}", error.after) from error
            else:
                self._failures.pop(name, None)
                self._wait(name, self.options.every.total_seconds())

    async def _look(self, place: Place, name: str) -> AsyncIterator[Batch]:
        """Fetch first, then tell; the resume points grow with what has been yielded."""
        feed = place.feeds[name]
        deep = feed.begun and self._now() - feed.deep >= DEEP_S
        reviews, bad, cut = await self._read(feed, name, deep=deep)
        gap = _gap(feed, reviews)
        if not feed.begun and cut:
            feed.floor = min((review.written for review in reviews), default=0)
        news = sorted((review for review in reviews if feed.op(review)), key=lambda review: review.written)
        for start in range(0, len(news), CHUNK):
            posts = [feed.tell(review) for review in news[start : start + CHUNK]]
            yield Batch(posts=posts, gap=gap, cursor=msgspec.to_builtins(place))
            gap = None
        posts = feed.gone(reviews)
        if deep or not feed.begun:
            feed.deep = self._now()
        feed.begun = True
        feed.forget(len(self._names))
        place.stamp(name, self._now())
        yield Batch(posts=posts, bad=self._fresh(bad), gap=gap, cursor=msgspec.to_builtins(place))

    async def _read(self, feed: Feed, name: str, *, deep: bool) -> tuple[list[Review], list[Bad], bool]:
        """The reviews, newest first, each once; whether there may be older ones."""
        reviews, bad = dict[str, Review](), list[Bad]()
        for number in range(1, (PAGES if feed.begun else self.options.first) + 1):
            found, worse = await self._page(name, number)
            fresh = any(feed.op(review) for review in found)
            for review in found:
                reviews.setdefault(review.native, review)
            bad += worse
            if not (found or worse) or not (fresh or deep):
                return list(reviews.values()), bad, False
        return list(reviews.values()), bad, True

    async def _page(self, name: str, number: int) -> tuple[list[Review], list[Bad]]:
        country, app = name.split("/")
        clock = asyncio.get_running_loop().time
        await asyncio.sleep(max(0.0, self._free_at - clock()))
        self._free_at = clock() + self.options.pause.total_seconds()
        path = f"{country}/rss/customerreviews/page={number}/id={app}/sortby=mostrecent/json"
        found = await self.tools.http.get_json(f"{self.options.base_url.rstrip('/')}/{path}")
        try:
            return read_page(found, app, country)
        except NoReviews as error:
            raise HttpError(f"app {name}: {error}", HTTPStatus.OK) from error

    def _fresh(self, bad: list[Bad]) -> list[Bad]:
        found = [item for item in bad if self._told_bad.get(item.record) is None]
        for item in found:
            self._told_bad.put(item.record, True)
        return found

    def _resume(self, place: Place) -> None:
        every = self.options.every.total_seconds()
        for name in sorted(self._names, key=lambda name: place.feeds[name].looked):
            if name not in self._due:
                self._wait(name, min(every, max(0.0, place.feeds[name].looked + every - self._now())), jitter=0.0)

    def _failed(self, name: str, error: HttpError) -> None:
        count = self._failures[name] = self._failures.get(name, 0) + 1
        if count == 1:
            log.warning("appstore, %s: %s", name, error)
        usual = self.options.every.total_seconds()
        self._wait(name, max(error.after or 0.0, min(LONGEST_PAUSE_S, usual * 2 ** min(count - 1, 10))))

    def _wait(self, name: str, seconds: float, jitter: float = 0.1) -> None:
        self._due[name] = asyncio.get_running_loop().time() + seconds * self.tools.random.uniform(1.0, 1.0 + jitter)

    def _now(self) -> float:
        return self.tools.now().timestamp()


def _gap(feed: Feed, reviews: list[Review]) -> Gap | None:
    """What is told of goes back to what was told before; if it does not, Apple has forgotten what lies between."""
    if not feed.seen or not reviews or any(review.native in feed.seen for review in reviews):
        return None
    newest, oldest = max(seen.written for seen in feed.seen.values()), min(review.written for review in reviews)
    if oldest <= newest:
        return None
    start, end = (datetime.fromtimestamp(moment, UTC) for moment in (newest, oldest))
    return Gap(start, end, "the feed ends before the last review that was seen")
