"""Circles and graphs of the brands held here: columns from the frame, names from the ledger, the work aside."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Hashable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np

from config.schema import Config
from streams.api.later import Later
from streams.api.params import Span
from streams.api.problems import unavailable
from streams.api.proxy import moving
from streams.desk import Desk
from streams.graph.answers import Circles, Person
from streams.graph.aside import Aside, JobFailed
from streams.graph.export import Format
from streams.graph.job import Parts, encoded
from streams.graph.material import Material, Posts, gather
from streams.graph.salt import salt_in
from streams.graph.texts import Shelf
from streams.records import Author, Entry
from streams.views.columns import Ints, identity, moment
from streams.views.frame import Snapshot
from streams.views.window import Window

log = logging.getLogger(__name__)

AT_ONCE: Final = 20  # entries read before others have a turn
_MS: Final = timedelta(milliseconds=1)  # the ledger's index rounds to it
_SAME_MOMENT: Final = 500  # entries of one brand

_circles = msgspec.msgpack.Decoder(Circles)


class _Unnamed(NamedTuple):
    """An answer whose people are hashes, and a post of each of them."""

    answer: Circles
    times: Ints
    posts: Ints


class CircleRoom:
    """Works out circles, one after the other. `now` is the clock."""

    def __init__(self, desk: Desk, config: Config, now: Callable[[], datetime]) -> None:
        self._desk, self._config, self._now = desk, config, now
        self._later, self._aside = Later(), Aside()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="graph")
        self._turn = asyncio.Lock()  # the columns of one brand at a time are enough to hold
        self._document: Hashable = None  # the last that was asked for: only one that nobody fetches is kept

    async def stop(self) -> None:
        """Give up what is being worked out."""
        self._aside.stop()
        await self._later.stop()
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def circles(self, brand: str, span: Span) -> Circles:
        """The circles of a window, at most a minute old. Raises `Problem` 503 while they are being worked out."""
        made: _Unnamed = await self._get(brand, span, None, partial(self._work_circles, brand, span))
        # Names are looked up each time: somebody who was forgotten a moment ago is named no more.
        return named(made.answer, await self._authors(brand, made.times, made.posts))

    async def graph(self, brand: str, span: Span, form: Format) -> bytes:
        """The document. It may be large, so it is not kept once it has been fetched, or another is asked for."""
        key = _key(brand, span, form)
        if self._document != key:
            self._later.forget(self._document)
            self._document = key
        document: bytes = await self._get(brand, span, form, partial(self._work_graph, brand, span, form))
        self._later.forget(key)
        return document

    async def _get(self, brand: str, span: Span, form: Format | None, work: Callable[[], Any]) -> Any:
        version = self._desk.version(brand) if span.pinned else None  # an open window moves on with the clock
        return await self._later.get(_key(brand, span, form), version, work)

    async def _work_circles(self, brand: str, span: Span) -> _Unnamed:
        async with self._turn:
            material = await self._material(brand, span)
            with TemporaryDirectory(prefix="tertulia-") as notes:
                shelf = Shelf(str(self._shelf(brand)), notes)
                out = await self._run(await self._thread(partial(encoded, material, shelf=shelf)))
            self._shelf(brand)  # a store whose partition has moved meanwhile may not know of the last deletions
        made: _Unnamed = await self._thread(_located, _circles.decode(out), material.posts)
        return made

    async def _work_graph(self, brand: str, span: Span, form: Format) -> bytes:
        salt = await self._thread(salt_in, self._config.data_dir)
        async with self._turn:
            material = await self._material(brand, span)
            return await self._run(await self._thread(encoded, material, form, salt))

    async def _material(self, brand: str, span: Span) -> Material:
        snapshot = self._snapshot(brand)
        window = Window(span.start, span.to)
        found: Material = await self._thread(gather, snapshot, self._config, brand, window, self._now())
        return found

    def _snapshot(self, brand: str) -> Snapshot:
        try:
            return self._desk.frame(brand).snapshot()
        except KeyError as error:
            raise moving(brand) from error

    def _shelf(self, brand: str) -> Path:
        try:
            return self._desk.shelf(brand)
        except KeyError as error:
            raise moving(brand) from error

    async def _thread(self, work: Callable[..., Any], *given: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._pool, work, *given)

    async def _run(self, job: Parts) -> bytes:
        try:
            return await self._aside.run(job)
        except JobFailed as error:
            log.error("%s", error)
            raise unavailable("the graph could not be worked out; the worker's log says why", retry_after=10) from error

    async def _authors(self, brand: str, times: Ints, posts: Ints) -> dict[str, Author]:
        """Hash, as text -> who wrote one of these posts."""
        authors = [entry.post.author async for entry in self._entries(brand, times, posts)]
        return {str(identity(author.id)): author for author in authors if author is not None}

    async def _entries(self, brand: str, times: Ints, posts: Ints) -> AsyncIterator[Entry]:
        """Those of the posts that are still there."""
        for number, (time, post) in enumerate(zip(times.tolist(), posts.tolist(), strict=True)):
            if number % AT_ONCE == AT_ONCE - 1:
                await asyncio.sleep(0)
            at = moment(time)
            try:
                page = self._desk.entries(brand, at - _MS, at + 2 * _MS, None, _SAME_MOMENT)
            except KeyError as error:
                raise moving(brand) from error
            entry = next((entry for entry in page.entries if identity(entry.post.id) == post), None)
            if entry is not None:
                yield entry


def _key(brand: str, span: Span, form: Format | None) -> tuple[object, ...]:
    return (brand, form, span.length, span.to if span.pinned else None)


def _located(answer: Circles, posts: Posts) -> _Unnamed:
    """With the newest post of each person, by which the ledger knows them."""
    people = [*answer.brokers, *(person for circle in answer.circles for person in circle.voices)]
    hashes = np.unique(np.array([int(person.author) for person in people], dtype=np.int64))
    order = np.argsort(posts.author, kind="stable")
    at = order[np.searchsorted(posts.author[order], hashes, side="right") - 1]
    return _Unnamed(answer, posts.time[at], posts.post[at])


def named(answer: Circles, authors: Mapping[str, Author]) -> Circles:
    """The answer with ids and handles in place of hashes; who has gone meanwhile is left out."""

    def those(people: Sequence[Person]) -> list[Person]:
        known = ((person, authors[person.author]) for person in people if person.author in authors)
        return [msgspec.structs.replace(p, author=author.id, handle=author.handle) for p, author in known]

    circles = [msgspec.structs.replace(circle, voices=those(circle.voices)) for circle in answer.circles]
    return msgspec.structs.replace(answer, circles=circles, brokers=those(answer.brokers))
