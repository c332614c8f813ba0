"""Wikipedia and its sisters: edits of pages around a brand, by EventStreams, without credentials."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Any, ClassVar, cast
from urllib.parse import urlencode

import msgspec
from pydantic import Field, field_validator

from bots.http import HttpError
from bots.sources.base import Bad, Batch, Gap, Misconfigured, Retry, Source, SourceOptions, Tools
from bots.sources.option_types import BaseUrl
from bots.sources.wikimedia_changes import Change, Titles, apply, read_change
from bots.sse import ServerEvent
from config.units import Duration
from streams.records import BadPost, Post

MOST_POSTS = 50  # of one batch
FLUSH_S = 1.0
SKIPPED = timedelta(minutes=10)  # all wikis together are never silent for so long


class WikimediaOptions(SourceOptions):
    """Which wikis, which pages."""

    base_url: BaseUrl = Field(default="https://stream.wikimedia.org", description="Address of EventStreams.")
    wikis: Annotated[tuple[str, ...], Field(max_length=1_000)] = Field(
        default=(), description="Only these wikis, by database or server name (enwiki, de.wikipedia.org); empty: all."
    )
    pages: Annotated[tuple[str, ...], Field(max_length=10_000)] = Field(
        default=(), description="Titles of pages whose edits are wanted, on each of these wikis."
    )
    brands: bool = Field(
        default=True, description="Whether pages whose title names a brand (its terms) are wanted too."
    )
    bots: bool = Field(default=True, description="Whether edits by bots are wanted; they are marked as such.")
    lookback: Annotated[Duration, Field(ge=timedelta(0), le=timedelta(days=7))] = Field(
        default=timedelta(hours=1), description="At the first start, begin this long ago, at most 7d."
    )
    silence: Annotated[Duration, Field(gt=timedelta(0), le=timedelta(minutes=10))] = Field(
        default=timedelta(minutes=1), description="No event of any wiki for so long is a stall: connect again."
    )

    @field_validator("pages", "wikis")
    @classmethod
    def _filled(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if any(not name.strip() for name in names):
            raise ValueError("a name is empty")
        return names


class Place(msgspec.Struct):
    """The resume point: the stream's own, its time in Unix seconds, and the newest posts told with their pages."""

    id: str | None = None
    at: float = 0.0
    told: dict[str, str] = {}


class Wikimedia(Source):
    """One connection at a time; the service ends each after some minutes, and the next goes on behind it."""

    name: ClassVar[str] = "wikimedia"
    options_type: ClassVar[type[SourceOptions]] = WikimediaOptions
    pause_s: ClassVar[float] = 1.0
    most: ClassVar[int] = MOST_POSTS  # of one batch

    def __init__(self, options: WikimediaOptions, tools: Tools) -> None:
        super().__init__(options, tools)
        terms = [term for brand in tools.brands for term in brand.terms] if options.brands else []
        self._titles = Titles(options.wikis, options.pages, terms)

    async def collect(self, cursor: Any) -> AsyncIterator[Batch]:
        """Edits as they come, for ever."""
        if not self._titles:
            raise Misconfigured("sources.wikimedia.pages: name a page, or a brand with terms, or disable the source")
        place = msgspec.convert(cursor, Place) if cursor is not None else Place()
        while True:
            try:
                async with aclosing(self._connection(place)) as batches:
                    async for batch in batches:
                        yield batch
            except HttpError as error:
                if error.status != HTTPStatus.BAD_REQUEST or place.id is None:
                    raise
                place.id = None  # the service does not know the position (any more): go on by time
            await asyncio.sleep(self.pause_s * self.tools.random.uniform(0.5, 1.0))

    async def _connection(self, place: Place) -> AsyncGenerator[Batch, None]:
        """One connection to its end. Raises `Retry`, also for one that ends without having said anything."""
        posts, bad = list[Post](), list[Bad]()
        before, gap, heard = place.at, cast("Gap | None", None), False
        loop = asyncio.get_running_loop()
        flushed = loop.time()
        quiet_s = self.options.silence.total_seconds()
        stream = self.tools.http.events(self._url(place), last_id=place.id, quiet_s=quiet_s)
        async with aclosing(cast(Any, stream)) as events:
            async for event in events:
                self._take(event, place, posts, bad)
                if not heard:
                    gap, heard = self._gap(before, place.at), True
                if max(len(posts), len(bad)) >= self.most or loop.time() - flushed > FLUSH_S:
                    yield Batch(posts, msgspec.to_builtins(place), bad, gap)
                    posts, bad, gap, flushed = [], [], None, loop.time()
        if not heard:
            raise Retry(f"{self.options.base_url} ended the stream without an event")
        yield Batch(posts, msgspec.to_builtins(place), bad, gap)

    def _take(self, event: ServerEvent, place: Place, posts: list[Post], bad: list[Bad]) -> None:
        try:
            change = read_change(event.data)
            if change.seconds:
                place.at = change.seconds
            if self._wanted(change):
                posts += apply(change, place.told)
        except BadPost as error:
            bad.append(Bad(event.data, str(error), event.id or ""))
        place.id = event.id or place.id

    def _wanted(self, change: Change) -> bool:
        return self._titles.wanted(change) and (self.options.bots or not change.bot or change.type == "log")

    def _url(self, place: Place) -> str:
        url = f"{self.options.base_url}/v2/stream/recentchange"
        if place.id is not None:
            return url
        since = datetime.fromtimestamp(place.at, UTC) if place.at else self.tools.now() - self.options.lookback
        return f"{url}?{urlencode({'since': since.strftime('%Y-%m-%dT%H:%M:%SZ')})}"

    def _gap(self, before: float, first: float) -> Gap | None:
        if not before or first - before <= SKIPPED.total_seconds():
            return None
        start, end = datetime.fromtimestamp(before, UTC), datetime.fromtimestamp(first, UTC)
        return Gap(start, end, "the service went on later than it was asked to")
