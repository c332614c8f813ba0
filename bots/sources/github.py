"""GitHub through its REST API: issues, pull requests, their comments, and releases of named repositories.

Issues and comments are asked for by the time of their last change, oldest first, which brings edits as well. GitHub
tells of no deletions: threads are looked at again. The allowance GitHub states is spread over the time it is for.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, ClassVar

import msgspec

from bots.http import HttpError
from bots.sources.base import LOOKS_S, Bad, Batch, Misconfigured, Source, SourceOptions, Tools
from bots.sources.github_api import Api, GitHubOptions
from bots.sources.github_posts import KINDS, Names, Record
from bots.sources.second_looks import Complaints, SecondLooks, Threads
from streams.records import Post

log = logging.getLogger(__name__)

OVERLAP_S = 120  # asked for again: lists lag a little behind, and what was told is known
SECOND = "second looks"
_GONE = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})


class Stream(msgspec.Struct):
    """One list of one repository: read up to `since` (Unix time), the page to go on with, the validator of its only
    page, the turn in which it was read to its end, and the newest release met on the way there.
    """

    since: int = 0
    page: int = 1
    etag: str | None = None
    turn: int = 0
    newest: int = 0


class Place(msgspec.Struct):
    """The resume point. Turns count up, so that those who waited longest come first after any interruption."""

    streams: dict[str, Stream]
    threads: Threads = {}
    turn: int = 0


class GitHub(Source):
    """Any number of repositories; one that cannot be read leaves the others alone."""

    name: ClassVar[str] = "github"
    options_type: ClassVar[type[SourceOptions]] = GitHubOptions
    quiet_s: ClassVar[float] = 2 * 3_600.0  # an hour's allowance that is used up is waited for
    waits_s: ClassVar[Sequence[float]] = LOOKS_S

    def __init__(self, options: Any, tools: Tools) -> None:
        super().__init__(options, tools)
        self._names = Names(options.base_url)
        self._api = Api(options, tools, self._names)
        self._failing: set[str] = set()

    async def collect(self, cursor: Any) -> AsyncIterator[Batch]:
        """What is new and edited in all lists, then what vanished, for ever."""
        if not self.options.repositories:
            raise Misconfigured("sources.github.repositories: name at least one, or disable the source")
        place = self._resume(cursor)
        looks, bad = SecondLooks(place.threads, self.waits_s), Complaints()
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
            await asyncio.sleep(max(self._api.poll_s, self.options.every.total_seconds()))

    def _resume(self, cursor: Any) -> Place:
        old = msgspec.convert(cursor, Place) if cursor is not None else Place({})
        start = int(self._now() - self.options.first.total_seconds())
        wanted = [f"{name} {kind}" for name in self.options.repositories for kind in KINDS]
        old.streams = {key: old.streams.get(key) or Stream(start) for key in (*wanted, SECOND)}
        for thread in list(old.threads):
            if _repository(thread) not in self.options.repositories:
                del old.threads[thread]
        return old

    def _judge(self, key: str, error: HttpError, *, last: bool) -> None:
        """Go on with the other lists, unless the trouble is everybody's."""
        if error.status == HTTPStatus.UNAUTHORIZED:
            raise Misconfigured(f"sources.github.token: it is not accepted ({error})") from error
        if last or _everybodys(error):
            raise error
        if key not in self._failing:
            log.warning("%s: %s", key, error)
        self._failing.add(key)

    async def _turn(self, place: Place, key: str, looks: SecondLooks) -> AsyncIterator[Batch]:
        if key == SECOND:
            turn = self._second(place, looks)
        elif key.endswith(" releases"):
            turn = self._releases(place, key, looks)
        else:
            turn = self._ascending(place, key, looks)
        async for batch in turn:
            yield batch

    async def _ascending(self, place: Place, key: str, looks: SecondLooks) -> AsyncIterator[Batch]:
        """Issues or comments by their last change, to the end of the list."""
        stream, more = place.streams[key], True
        while more:
            asked = {"state": "all", "sort": "updated", "direction": "asc", "since": _iso(stream.since - OVERLAP_S)}
            found, etag = await self._api.page(key, asked, stream.page, stream.etag)
            # A time from the future must not hide what comes before it.
            newest = min(self._now(), max([record.at for record in found.records], default=0))
            moved = newest > stream.since
            more = found.more
            # Later pages may have moved up meanwhile: only a list of one page need not be read again.
            stream.etag = None if moved or more or stream.page > 1 else etag
            stream.since = max(stream.since, int(newest))
            stream.page = stream.page + 1 if more and not moved else 1
            stream.turn = stream.turn if more else place.turn
            yield self._batch(place, found.records, found.bad, looks)

    async def _releases(self, place: Place, key: str, looks: SecondLooks) -> AsyncIterator[Batch]:
        """Releases, newest first, until a page holds none that came since the last look."""
        stream, more, since = place.streams[key], True, place.streams[key].since - OVERLAP_S
        while more:
            found, etag = await self._api.page(key, {}, stream.page, stream.etag)
            records = [record for record in reversed(found.records) if record.at >= since or looks.told(record.thread)]
            stream.newest = max([stream.newest, *(record.at for record in records if record.at <= self._now())])
            more = found.more and any(record.at >= since for record in records)
            if not more:
                stream.since, stream.turn = max(stream.since, stream.newest), place.turn
            stream.etag = None if more or stream.page > 1 else etag
            stream.page = stream.page + 1 if more else 1
            yield self._batch(place, records, found.bad, looks)

    def _batch(self, place: Place, records: Iterable[Record], bad: Sequence[Bad], looks: SecondLooks) -> Batch:
        posts, now = list[Post](), self._now()
        for record in records:
            if not record.post.text:  # nothing but a picture, say
                posts += self._deletions(record.thread, looks.gone(record.thread, [record.name]))
            elif op := looks.news(record.thread, record.name, record.post.text, now):
                posts.append(msgspec.structs.replace(record.post, op=op))
        return Batch(posts=posts, bad=bad, cursor=msgspec.to_builtins(place))

    async def _second(self, place: Place, looks: SecondLooks) -> AsyncIterator[Batch]:
        """Look again at threads that are due; of those that are gone, or miss comments, tell the deletions."""
        posts, trouble = list[Post](), None
        for thread in looks.due(self._now(), self.options.recheck):
            try:
                vanished = await self._vanished(thread, looks.told(thread))
            except HttpError as error:
                trouble = error
                break
            looks.looked(thread)
            posts += self._deletions(thread, looks.gone(thread, vanished))
        place.streams[SECOND].turn = place.turn
        yield Batch(posts=posts, cursor=msgspec.to_builtins(place))
        if trouble is not None:
            raise trouble

    async def _vanished(self, thread: str, told: Sequence[str]) -> list[str]:
        try:
            there = await self._api.there(thread)
        except HttpError as error:
            if error.status in _GONE:
                return list(told)
            if _everybodys(error):
                raise
            return []
        return [] if there is None else [name for name in told if name and name not in there]

    def _deletions(self, thread: str, names: Iterable[str]) -> list[Post]:
        return [self._names.deletion(thread, name) for name in names]

    def _now(self) -> float:
        return self.tools.now().timestamp()


def _everybodys(error: HttpError) -> bool:
    """Whether all requests meet it: no connection, or a limit."""
    return not error.status or error.status == HTTPStatus.TOO_MANY_REQUESTS or error.after is not None


def _repository(thread: str) -> str:
    return thread.rsplit("/", 2)[0]


def _iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
