"""Mastodon, and servers with its API: public and hashtag timelines of any number of servers, credentials optional.

The resume point follows the timelines as REST pages them (`min_id`), and nothing else. A stream brings the same posts
at once, and edits and deletions besides; the timelines are read all the same, so a broken stream loses nothing of them.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any, ClassVar

import msgspec

from bots.http import HttpError
from bots.sources.base import Bad, Batch, Misconfigured, Retry, Source, SourceOptions, Tools
from bots.sources.mastodon_api import Api, earlier, order
from bots.sources.mastodon_jobs import LONGEST_PAUSE_S, Job, Result
from bots.sources.mastodon_memory import Memory, Place
from bots.sources.mastodon_options import Instance, MastodonOptions
from bots.sources.mastodon_reader import Reader
from bots.sse import ServerEvent
from streams.tasks import Tasks

log = logging.getLogger(__name__)

PARALLEL = 8
MOST_EVENTS = 1_000  # of streams that wait to be handled; beyond, the streams wait
Streamed = tuple[Reader, ServerEvent]


class Mastodon(Source):
    """One server that fails leaves the others alone."""

    name: ClassVar[str] = "mastodon"
    options_type: ClassVar[type[SourceOptions]] = MastodonOptions
    names_root: ClassVar[bool] = False  # the API names the parent only; what stands above that is not always told
    quiet_s: ClassVar[float] = 3 * 3_600.0  # each look is a sign of life; the longest pause between two is an hour

    def __init__(self, options: Any, tools: Tools) -> None:
        super().__init__(options, tools)
        self._poll_s = options.poll.total_seconds()

    async def collect(self, cursor: Any) -> AsyncIterator[Batch]:
        """Posts of all timelines, their edits and deletions, for ever."""
        options: MastodonOptions = self.options
        if not options.instances:
            raise Misconfigured("sources.mastodon.instances: name at least one server, or disable the source")
        place = msgspec.convert(cursor or {}, Place)
        ages = [age.total_seconds() for age in options.recheck]
        memory = Memory(place, ages, options.recheck_most, lambda: self.tools.now().timestamp())
        readers = {instance.url: self._reader(instance) for instance in options.instances}
        jobs = self._jobs(readers)
        events: asyncio.Queue[Streamed] = asyncio.Queue(MOST_EVENTS)
        tasks = Tasks()
        try:
            for instance in options.instances:
                for timeline in instance.timelines if instance.streaming else ():
                    reader = readers[instance.url]
                    tasks.start(self._listen(reader, timeline, events), f"stream of {reader.host} {timeline}")
            while True:
                async for batch in self._turns(jobs, memory):
                    yield batch
                _complain(jobs)
                async for batch in self._streamed(events, memory, min(job.due for job in jobs)):
                    yield batch
        finally:
            await tasks.stop()

    def _reader(self, instance: Instance) -> Reader:
        token = instance.token.get_secret_value() if instance.token else None
        return Reader(Api(self.tools.http, instance.url, token, instance.streaming), self.options.lookups)

    def _jobs(self, readers: dict[str, Reader]) -> list[Job]:
        overlap_s, random = self.options.overlap.total_seconds(), self.tools.random
        names = [(instance.url, name) for instance in self.options.instances for name in instance.timelines]
        if self.options.recheck and self.options.recheck_most:
            names += [(instance.url, "") for instance in self.options.instances]
        return [Job(readers[url], name, self._poll_s, overlap_s, random) for url, name in names]

    async def _turns(self, jobs: list[Job], memory: Memory) -> AsyncIterator[Batch]:
        """What is due, that which waits longest first: also when each life of the process is short."""
        now = asyncio.get_running_loop().time()
        marks = memory.place.marks
        due = [job for job in jobs if job.due <= now]
        due = sorted(due, key=lambda job: marks[job.key].turn if job.key in marks else 0)[:PARALLEL]
        results = await asyncio.gather(*(job.run(memory) for job in due))
        for job, result in zip(due, results, strict=True):
            if result is not None:
                yield self._batch(job, result, memory)

    def _batch(self, job: Job, result: Result, memory: Memory) -> Batch:
        reader, place = job.reader, memory.place
        base = reader.api.base
        mark = place.took_turn(job.key)
        if job.timeline:
            newest = result.newest or ""
            mark.at = newest if result.more else ""
            mark.newest = max(mark.newest, newest, key=order)
        posts = memory.news(result.found, base, reader.host)
        posts += [post for uri in result.gone if (post := memory.gone(base, uri)) is not None]
        for uri in result.looked:
            memory.looked(base, uri)
        if job.timeline:
            memory.keep(mark, result.found, earlier(mark.newest, job.overlap_s))
        return Batch(posts=posts, bad=result.bad, cursor=msgspec.to_builtins(place))

    async def _streamed(self, events: asyncio.Queue[Streamed], memory: Memory, until: float) -> AsyncIterator[Batch]:
        """What streams bring until the next job is due."""
        loop = asyncio.get_running_loop()
        for _ in range(MOST_EVENTS):
            try:
                async with asyncio.timeout_at(max(until, loop.time())):
                    reader, event = await events.get()
            except TimeoutError:
                return
            batch = await self._heard(reader, event, memory)
            if batch.posts or batch.bad:
                yield batch

    async def _heard(self, reader: Reader, event: ServerEvent, memory: Memory) -> Batch:
        base = reader.api.base
        if event.kind == "delete":
            number = event.data.decode(errors="replace").strip()
            known = reader.known(number)
            uri = known.post.partition(":")[2] if known else memory.uri_of(base, number)
            post = memory.gone(base, uri) if uri else None
            return Batch(posts=[post] if post else [], cursor=msgspec.to_builtins(memory.place))
        if event.kind not in ("update", "status.update"):
            return Batch()
        try:
            record = msgspec.json.decode(event.data)
        except (ValueError, RecursionError) as error:
            return Batch(bad=[Bad(event.data, f"an event that is no JSON: {error}")])
        try:
            found, bad = await reader.read([record])
        except HttpError as error:
            log.info("%s does not tell what an event answers: %s", reader.host, error)
            if event.kind == "update":  # the timeline, read soon, has it too
                return Batch()
            found, bad = await reader.read([record], ask=False)
        posts = memory.news(found, base, reader.host)
        return Batch(posts=posts, bad=bad, cursor=msgspec.to_builtins(memory.place))

    async def _listen(self, reader: Reader, timeline: str, events: asyncio.Queue[Streamed]) -> None:
        """One stream, opened again whenever it ends."""
        failures = 0
        while True:
            after = 0.0
            try:
                async for event in reader.api.events(timeline):
                    failures = 0
                    await events.put((reader, event))
                reason = "the server ended it"
            except Retry as error:
                reason, after = str(error), error.after or 0.0
            if not failures:
                log.info("stream of %s %s: %s", reader.host, timeline, reason)
            failures += 1
            pause = max(after, min(LONGEST_PAUSE_S, self._poll_s * 2 ** min(failures - 1, 12)))
            await asyncio.sleep(pause * self.tools.random.uniform(1.0, 1.5))


def _complain(jobs: list[Job]) -> None:
    """When no timeline can be read, that is the whole source's failure."""
    timelines = [job for job in jobs if job.timeline]
    if all(job.unauthorized for job in timelines):
        raise Misconfigured("sources.mastodon.instances: every server asks for a valid token (token_file)")
    if all(job.failures for job in timelines):
        after = min(job.after for job in timelines)
        raise Retry("no timeline can be read; the last one: " + timelines[-1].reason, after or None)
