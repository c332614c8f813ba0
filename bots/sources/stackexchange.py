"""Stack Exchange through its API: questions with given tags, their answers, and the comments on both.

Questions are asked for by their last activity, oldest first: a new answer or an edit is one, a comment is not. So whole
questions are looked at again a few times, up to 100 in one request, which brings comments and shows deletions.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Sequence
from http import HTTPStatus
from typing import Any, ClassVar

import msgspec

from bots.http import HttpError
from bots.sources.base import LOOKS_S, Bad, Batch, Misconfigured, Source, SourceOptions, Tools
from bots.sources.second_looks import Complaints, SecondLooks, Threads
from bots.sources.stackexchange_api import Api, StackExchangeOptions
from bots.sources.stackexchange_posts import Talk, deletion, read_talks
from streams.records import Post

log = logging.getLogger(__name__)

MOST_IDS = 100
OVERLAP_S = 120  # asked for again: answers are cached for a minute, and what was told is known
REFUSED_S = 600.0  # a ban is told as a plain 400; asking on would prolong it
SECOND = "second looks"


class Stream(msgspec.Struct):
    """One tag: read up to `since` (Unix time), the page to go on with, the turn in which it was read to its end."""

    since: int = 0
    page: int = 1
    turn: int = 0


class Place(msgspec.Struct):
    """The resume point. Turns count up, so that those who waited longest come first after any interruption."""

    streams: dict[str, Stream]
    threads: Threads = {}
    turn: int = 0
    filter: str = ""


class StackExchange(Source):
    """Any number of tags; one that cannot be read leaves the others alone."""

    name: ClassVar[str] = "stackexchange"
    options_type: ClassVar[type[SourceOptions]] = StackExchangeOptions
    quiet_s: ClassVar[float] = 25 * 3_600.0  # the last request of a day may wait for the next one
    waits_s: ClassVar[Sequence[float]] = LOOKS_S

    def __init__(self, options: Any, tools: Tools) -> None:
        super().__init__(options, tools)
        self._api = Api(options, tools)
        self._failing: set[str] = set()

    async def collect(self, cursor: Any) -> AsyncIterator[Batch]:
        """What is new and edited under all tags, then what came and went unannounced, for ever."""
        if not self.options.tags:
            raise Misconfigured("sources.stackexchange.tags: name at least one, or disable the source")
        place = self._resume(cursor)
        looks, bad = SecondLooks(place.threads, self.waits_s), Complaints()
        place.filter = place.filter or await self._api.make_filter()
        while True:
            failed = 0
            for key in sorted(place.streams, key=lambda key: place.streams[key].turn):
                place.turn += 1
                try:
                    async for batch in self._turn(place, key, looks):
                        yield bad.without_known(batch)
                    self._failing.discard(key)
                except HttpError as error:
                    failed += 1
                    place.streams[key].turn = place.turn
                    yield Batch(cursor=msgspec.to_builtins(place))
                    self._judge(key, error, last=failed >= len(place.streams) - 1)
            await asyncio.sleep(self.options.every.total_seconds())

    def _resume(self, cursor: Any) -> Place:
        place = msgspec.convert(cursor, Place) if cursor is not None else Place({})
        start = int(self._now() - self.options.first.total_seconds())
        place.streams = {key: place.streams.get(key) or Stream(start) for key in (*self.options.tags, SECOND)}
        sites = {tag.partition("/")[0] for tag in self.options.tags}
        for thread in list(place.threads):
            if _site(thread) not in sites:
                del place.threads[thread]
        return place

    def _judge(self, key: str, error: HttpError, *, last: bool) -> None:
        """Go on with the other tags, unless the trouble is everybody's."""
        if not error.status or error.status == HTTPStatus.TOO_MANY_REQUESTS or error.after is not None:
            raise error
        if last:
            raise HttpError(str(error), error.status, REFUSED_S) from error
        if key not in self._failing:
            log.warning("%s: %s", key, error)
        self._failing.add(key)

    async def _turn(self, place: Place, key: str, looks: SecondLooks) -> AsyncIterator[Batch]:
        async for batch in self._second(place, looks) if key == SECOND else self._ascending(place, key, looks):
            yield batch

    async def _ascending(self, place: Place, key: str, looks: SecondLooks) -> AsyncIterator[Batch]:
        """The questions of a tag by their last activity, to the end of the list."""
        site, _, tag = key.partition("/")
        stream, more = place.streams[key], True
        while more:
            asked = {"site": site, "tagged": tag, "sort": "activity", "order": "asc", "filter": place.filter}
            asked |= {"min": str(stream.since - OVERLAP_S), "page": str(stream.page)}
            answer = await self._api.ask("questions", asked)
            talks, bad = await asyncio.to_thread(read_talks, answer.items, site)
            # A time from the future must not hide what comes before it.
            newest = min(int(self._now()), max([talk.at for talk in talks], default=0))
            moved, more = newest > stream.since, answer.has_more
            stream.since = max(stream.since, newest)
            stream.page = stream.page + 1 if more and not moved else 1
            stream.turn = stream.turn if more else place.turn
            yield self._batch(place, talks, bad, looks)

    async def _second(self, place: Place, looks: SecondLooks) -> AsyncIterator[Batch]:
        """Read questions that are due once more: all of one site, that which waits longest."""
        due = looks.due(self._now(), MOST_IDS)
        asked = [thread for thread in due if _site(thread) == _site(due[0])]
        talks, bad, gone = list[Talk](), list[Bad](), list[Post]()
        if asked:
            ids = ";".join(thread.partition("/")[2] for thread in asked)
            answer = await self._api.ask(f"questions/{ids}", {"site": _site(due[0]), "filter": place.filter})
            talks, bad = await asyncio.to_thread(read_talks, answer.items, _site(due[0]))
            there = {talk.thread for talk in talks}
            # A question that cannot be read may be one of those that seem to be missing.
            whole = len(talks) == len(answer.items) and not answer.has_more
            missing = [thread for thread in asked if thread not in there] if whole else []
            gone = [deletion(thread, name) for thread in missing for name in looks.gone(thread)]
        place.streams[SECOND].turn = place.turn
        for thread in asked:
            looks.looked(thread)
        batch = self._batch(place, talks, bad, looks)
        yield msgspec.structs.replace(batch, posts=[*batch.posts, *gone])

    def _batch(self, place: Place, talks: Iterable[Talk], bad: Sequence[Bad], looks: SecondLooks) -> Batch:
        posts = list[Post]()
        for talk in talks:
            worded = {name: post for name, post in talk.posts.items() if post.text}
            for name, post in worded.items():
                if op := looks.news(talk.thread, name, post.text, self._now()):
                    posts.append(msgspec.structs.replace(post, op=op))
            missing = [] if talk.bad else [name for name in looks.told(talk.thread) if name not in worded]
            posts += [deletion(talk.thread, name) for name in looks.gone(talk.thread, missing)]
        return Batch(posts=posts, bad=bad, cursor=msgspec.to_builtins(place))

    def _now(self) -> float:
        return self.tools.now().timestamp()


def _site(thread: str) -> str:
    return thread.partition("/")[0]
