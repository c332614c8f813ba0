"""Threads, by the keyword search of Meta's Threads API: one search per term of the brands, in turn.

Meta tells of no edits and deletions without a public address for its calls, so posts are looked at again, one by one.
Sources: developers.facebook.com/docs/threads/keyword-search, /reference/media-retrieval.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

import msgspec

from bots.http import HttpError
from bots.sources.base import LOOKS_S, Bad, Batch, Gap, Misconfigured, Retry, Source, SourceOptions, Tools
from bots.sources.second_looks import Complaints, SecondLooks
from bots.sources.threads_api import Resting, ThreadsApi
from bots.sources.threads_memory import Place, Search
from bots.sources.threads_options import ThreadsOptions
from bots.sources.threads_posts import Read, deletion, read_all
from bots.sources.threads_token import Token
from config.schema import Brand
from streams.records import Post

log = logging.getLogger(__name__)

DAY_S = 86_400.0
OVERLAP_S = 600  # searched again: a post may be found some minutes after it was written, or edited
EARLIEST = 1_688_540_400  # the API takes no earlier `since`
MOST_PAGES = 20  # of one walk back
LOOKS = 5  # posts that are looked at again in one go
SECOND = ""
LONGEST_PAUSE_S = 6 * 3_600.0


class ThreadsNet(Source):
    """Any number of searches; one that fails leaves the others alone."""

    name: ClassVar[str] = "threads"
    options_type: ClassVar[type[SourceOptions]] = ThreadsOptions
    quiet_s: ClassVar[float] = 13 * 3_600.0  # each look is a sign of life, and the longest pause between two is shorter
    waits_s: ClassVar[Sequence[float]] = LOOKS_S
    look_pause_s: ClassVar[float] = 60.0
    pace: ClassVar[float] = 1.0

    def __init__(self, options: ThreadsOptions, tools: Tools) -> None:
        super().__init__(options, tools)
        self._names = options.searches or searches_of(tools.brands)
        self._free = 0.0  # when the next query may be made (the loop's clock)
        self._due: dict[str, float] = {}
        self._failures: dict[str, int] = {}

    async def collect(self, cursor: Any) -> AsyncIterator[Batch]:
        """New posts of all searches, then edits and deletions, for ever."""
        options: ThreadsOptions = self.options
        if options.token is None:
            raise Misconfigured("sources.threads.token: Threads wants an access token (token_file)")
        if not self._names:
            raise Misconfigured("sources.threads.searches: the brands have neither terms nor hashtags")
        api = ThreadsApi(self.tools.http, options.base_url, options.token.get_secret_value())
        token = Token(api, options.token_store, self.tools.now)
        place = self._resume(cursor)
        looks, complaints = SecondLooks(place.threads, self.waits_s), Complaints()
        while True:
            await token.attend()
            key = await self._next(place, looks)
            try:
                doing = self._look_again(api, place, looks) if key == SECOND else self._page(api, place, key, looks)
                posts, bad, gap = await doing
            except HttpError as error:
                yield self._batch(place)  # its turn is over, also after a restart
                self._failed(key, error, place)
                continue
            self._failures.pop(key, None)
            yield complaints.without_known(self._batch(place, posts, bad, gap))

    def _resume(self, cursor: Any) -> Place:
        place = msgspec.convert(cursor or {}, Place)
        start = max(EARLIEST, int(self._now() - self.options.first.total_seconds()))
        place.searches = {name: place.searches.get(name) or Search(start) for name in self._names}
        return place

    async def _next(self, place: Place, looks: SecondLooks) -> str:
        """Wait until a search, or a post, is due; that which waits longest comes first."""
        loop = asyncio.get_running_loop()
        while True:
            second = self.options.recheck and looks.due(self._now(), 1)
            starts = {key: max(self._free, self._due.get(key, 0.0)) for key in place.searches}
            starts |= {SECOND: self._due.get(SECOND, 0.0)} if second else {}
            key = min(starts, key=lambda key: (starts[key], place.searches[key].turn if key else place.looked))
            if starts[key] <= loop.time():
                wait = 0.0 if key == SECOND else place.wait_s(self.options.queries_per_day, self._now())
                if wait:
                    raise Resting(f"{self.options.queries_per_day} queries were made in 24 hours", after=wait)
                return key
            await asyncio.sleep(min(starts[key] - loop.time(), self.look_pause_s))

    async def _page(
        self, api: ThreadsApi, place: Place, key: str, looks: SecondLooks
    ) -> tuple[list[Post], list[Bad], Gap | None]:
        """One page of a search."""
        search, now, loop = place.searches[key], self._now(), asyncio.get_running_loop()
        place.turn += 1
        search.turn = place.turn
        since = max(EARLIEST, search.since - OVERLAP_S)
        page = await api.search(key, since, search.until, search.after)
        found, bad = read_all(page.records)
        if page.records:  # those without results do not count
            place.spend(now)
            self._free = loop.time() + self.pace * DAY_S / self.options.queries_per_day
        oldest = int(min((read.at for read in found), default=0.0))
        search.top = max([search.top, *(min(int(now), int(read.at)) for read in found)])
        search.pages += 1
        stuck = not page.after and (not oldest or oldest == search.until)
        gap = None
        if page.more and not stuck and search.pages < MOST_PAGES:
            search.until, search.after = search.until if page.after else oldest, page.after
            self._due[key] = 0.0
        else:
            if page.more and oldest > search.since:
                gap = Gap(_moment(search.since), _moment(oldest), "more was posted than one search goes back")
            search.begin_anew(max(search.since, search.top))
            self._wait(key, self.options.every.total_seconds())
        return _news(found, looks, now), bad, gap

    async def _look_again(
        self, api: ThreadsApi, place: Place, looks: SecondLooks
    ) -> tuple[list[Post], list[Bad], Gap | None]:
        """Ask for some posts once more. One that is gone and one that may not be read look alike, so a deletion is only
        believed where another post could be read at the same time.
        """
        place.turn += 1
        place.looked = place.turn
        now, due = self._now(), looks.due(self._now(), LOOKS)
        there, missing = await api.posts(due)
        if missing and not there:
            there, _ = await api.posts([name for name in reversed(looks.threads) if name not in due][:1])
            if not there:
                log.warning("threads: no post could be read again: does the app have advanced access to threads_basic?")
                missing = []
        found, bad = read_all(there)
        posts = _news(found, looks, now) + [deletion(name) for number in missing for name in looks.gone(number)]
        for number in due:
            looks.looked(number)
        self._wait(SECOND, self.look_pause_s)
        return posts, bad, None

    def _failed(self, key: str, error: HttpError, place: Place) -> None:
        """Go on with the others, unless the trouble is everybody's."""
        if isinstance(error, Resting) or error.after is not None:
            raise error
        count = self._failures[key] = self._failures.get(key, 0) + 1
        if count == 1:
            log.warning("threads, %s: %s", key or "second looks", error)
        if key != SECOND:
            search = place.searches[key]
            search.begin_anew(search.since)  # the next page may be what it stumbles over
        if self._failures.keys() >= set(self._names):
            raise Retry(f"no search works; the last reason: {error}")
        usual = self.options.every.total_seconds() if key else self.look_pause_s
        self._wait(key, min(LONGEST_PAUSE_S, usual * 2 ** min(count - 1, 10)))

    def _wait(self, key: str, seconds: float) -> None:
        self._due[key] = asyncio.get_running_loop().time() + seconds * self.tools.random.uniform(1.0, 1.1)

    def _batch(
        self, place: Place, posts: Sequence[Post] = (), bad: Sequence[Bad] = (), gap: Gap | None = None
    ) -> Batch:
        return Batch(posts, msgspec.to_builtins(place), bad, gap)

    def _now(self) -> float:
        return self.tools.now().timestamp()


def searches_of(brands: Sequence[Brand]) -> tuple[str, ...]:
    """The brands' terms, and their hashtags as topics."""
    found = [" ".join(term.split()) for brand in brands for term in brand.terms]
    found += [f"#{tag.strip().lstrip('#')}" for brand in brands for tag in brand.hashtags]
    return tuple(dict.fromkeys(name for name in found if name.lstrip("#")))


def _news(found: Sequence[Read], looks: SecondLooks, now: float) -> list[Post]:
    told = ((read.post, looks.news(read.number, read.number, read.said, now)) for read in found)
    return [msgspec.structs.replace(post, op=op) for post, op in told if op]


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
