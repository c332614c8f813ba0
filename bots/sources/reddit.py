"""Reddit through its official API, for an application that Reddit has approved (docs/sources/reddit.md).

New submissions and comments of named subreddits, and if wanted a search for the brands' terms. Each list is read from
its newest end back to what is known; edits and deletions come from that, and from later looks by name.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, ClassVar

import msgspec

from bots.http import HttpError
from bots.sources.base import Bad, Batch, Gap, Misconfigured, Source, SourceOptions, Tools
from bots.sources.lru import Lru
from bots.sources.reddit_api import CLOSED, LIMIT, RedditApi
from bots.sources.reddit_looks import Look, Looks
from bots.sources.reddit_options import RedditOptions
from bots.sources.reddit_posts import Authors, Thing, read_post, said_in
from bots.sources.watching import News, Watch
from config.schema import Brand

log = logging.getLogger(__name__)

MOST_QUERY = 500  # characters; Reddit takes 512
LEAST_WATCHED = 50  # of one list


class Place(msgspec.Struct):
    """A list's resume point: the `next` number (None: never read), the newest date told, what is looked at again, and
    the turn in which it was read: turns count up, so that the list that waited longest comes first after a kill.
    """

    next: int | None = None
    turn: int = 0
    newest: float = 0.0
    watch: Watch = msgspec.field(default_factory=Watch)


class Reddit(Source):
    """The lists of one application; one that fails leaves the others alone."""

    name: ClassVar[str] = "reddit"
    options_type: ClassVar[type[SourceOptions]] = RedditOptions
    quiet_s: ClassVar[float] = 3 * 3_600.0  # each look is a sign of life, and the longest pause between two is shorter

    def __init__(self, options: Any, tools: Tools) -> None:
        super().__init__(options, tools)
        self._api = RedditApi(options, tools)
        self._lists = dict(self._make_lists())
        self._authors: Authors = Lru(20_000)
        self._unreadable: Lru[bytes, bool] = Lru(1_000)  # records without a number, told once
        self._failing: set[str] = set()
        self._checked = False

    async def collect(self, cursor: Any) -> AsyncIterator[Batch]:
        """New submissions and comments, their edits and deletions, for ever."""
        self._require()
        kept = msgspec.convert(cursor or {}, dict[str, Place], str_keys=True)
        places = {key: kept.get(key, Place()) for key in self._lists}
        if not self._checked:
            await self._check()
            self._checked = True
        while True:
            failed = 0
            for key in sorted(places, key=lambda key: places[key].turn):
                places[key].turn = 1 + max(place.turn for place in places.values())
                try:
                    look = await self._look(key, places[key])
                except HttpError as error:
                    failed += 1
                    await self._judge(key, error, last=failed == len(self._lists))
                    continue
                self._failing.discard(key)
                yield self._tell(key, places, look)
            await asyncio.sleep(self.options.poll.total_seconds() * self.tools.random.uniform(1.0, 1.1))

    def _make_lists(self) -> Iterator[tuple[str, Looks]]:
        if self.options.subreddits:
            joined = "+".join(self.options.subreddits)
            yield "new", Looks(self._api, f"r/{joined}/new", {}, "t3", whole=True)
            yield "comments", Looks(self._api, f"r/{joined}/comments", {}, "t1", whole=True)
        for brand in self.tools.brands if self.options.search else ():
            for number, query in enumerate(queries(brand)):
                asked = {"q": query, "sort": "new", "type": "link", "include_over_18": "on"}
                yield f"search {brand.name} {number}", Looks(self._api, "search", asked, "t3", whole=False)

    def _require(self) -> None:
        if not self.options.client_id or self.options.client_secret is None:
            raise Misconfigured("sources.reddit.client_id, client_secret: Reddit lets nobody read without them")
        if not self.options.username:
            raise Misconfigured("sources.reddit.username: Reddit asks that a User-Agent names the account behind it")
        if not self._lists:
            raise Misconfigured("sources.reddit.subreddits: name at least one, or set search and brands with terms")

    async def _check(self) -> None:
        """Reddit leaves a closed subreddit out of a list of several, and does not say so."""
        for name in self.options.subreddits:
            if (why := await self._api.closed(name)) is not None:
                raise Misconfigured(f"sources.reddit.subreddits: r/{name} cannot be read: {why}")

    async def _look(self, key: str, place: Place) -> Look:
        due = place.watch.due(self._now())[:LIMIT]
        return await self._lists[key].look(place.next, self.options.first, place.watch, due)

    async def _judge(self, key: str, error: HttpError, *, last: bool) -> None:
        """Go on with the other lists, unless the trouble is everybody's."""
        if error.status in CLOSED and not key.startswith("search"):
            await self._check()
        everybodys = not error.status or error.status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.UNAUTHORIZED)
        if last or everybodys or error.after is not None:
            raise error
        if key not in self._failing:
            log.warning("reddit %s: %s", key, error)
        self._failing.add(key)

    def _tell(self, key: str, places: dict[str, Place], look: Look) -> Batch:
        """What a look tells, by number; and where the list stands after it."""
        place, now, news = places[key], self._now(), News()
        gap = _gap(place, look)
        if place.next is None:
            place.watch.floor = _floor(sorted(look.things), self.options.first)
        for thing in look.things.values():
            if isinstance(thing, Thing) and thing.public:
                self._authors.put(thing.name, thing.signed)
        told = {one.id for other in places if other != key for one in places[other].watch.known.values()}
        for number, thing in sorted(look.things.items()):
            known = place.watch.known.get(number)
            if known is not None and known.said == said_in(thing):
                continue
            read = read_post(thing, number, self._authors)
            if not read.id or read.id not in told:  # in a subreddit and found by a search, it is the same post
                place.watch.tell(read, news, now)
        for number in look.gone:
            place.watch.gone(number, news)
        for number in look.checked:
            place.watch.looked(number)
        news.bad += [bad for bad in look.nameless if self._is_new(bad)]
        place.watch.trim(max(LEAST_WATCHED, self.options.recheck // len(self._lists)))
        place.next = max(place.next or 0, max(look.things, default=-1) + 1)
        dates = [post.created_at.timestamp() for post in news.posts if post.created_at is not None]
        place.newest = max([place.newest, *dates])
        return Batch(posts=news.posts, bad=news.bad, gap=gap, cursor=msgspec.to_builtins(places, str_keys=True))

    def _is_new(self, bad: Bad) -> bool:
        known = self._unreadable.get(bad.record)
        self._unreadable.put(bad.record, True)
        return known is None

    def _now(self) -> float:
        return self.tools.now().timestamp()


def queries(brand: Brand) -> list[str]:
    """Searches that find a brand's terms, each short enough for Reddit."""
    found: list[str] = []
    for term in brand.terms:
        quoted = '"' + term.replace('"', " ").strip()[: MOST_QUERY - 2] + '"'
        if found and len(found[-1]) + len(" OR ") + len(quoted) <= MOST_QUERY:
            found[-1] += f" OR {quoted}"
        else:
            found.append(quoted)
    return found


def _floor(numbers: Sequence[int], first: int) -> int:
    """At the first look, the lowest of the `first` newest numbers."""
    newest = numbers[-first:] if first else []
    return min(newest, default=max(numbers, default=-1) + 1) if len(newest) == first else 0


def _gap(place: Place, look: Look) -> Gap | None:
    if not look.torn or look.oldest is None:
        return None
    start = datetime.fromtimestamp(min(place.newest, look.oldest.timestamp()), UTC)
    return Gap(start, look.oldest, "more was written than Reddit's lists hold")
