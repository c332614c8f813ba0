"""Nostr: public notes and reposts from several relays at once, without credentials."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, ClassVar
from urllib.parse import urlsplit

import msgspec
from pydantic import Field, field_validator

from bots.sources.base import Bad, Batch, Gap, Retry, Source, SourceOptions, Tools
from bots.sources.nostr_events import DELETION, NOTE, REPOST, VANISH, check_signature, read_event
from bots.sources.nostr_memory import Memory, Place
from bots.sources.nostr_relay import Arrival, Filter, Relay
from config.units import Duration
from streams.records import BadPost, Post
from streams.tasks import Tasks

log = logging.getLogger(__name__)

LONGEST_PAUSE_S = 300.0


class NostrOptions(SourceOptions):
    """Which relays, and what of them."""

    relays: Annotated[tuple[str, ...], Field(min_length=1, max_length=20)] = Field(
        default=("wss://relay.damus.io", "wss://nos.lol", "wss://relay.primal.net"),
        description="Relays (wss://…), all read at once; an event that several have is told once.",
    )
    tags: Annotated[tuple[str, ...], Field(max_length=100)] = Field(
        default=(), description="Only notes with one of these hashtags; empty: every note and repost."
    )
    signatures: bool = Field(default=True, description="Whether to check every event's signature.")
    viewer: str = Field(default="https://njump.me/", description="Where people read a note: its name is put behind.")
    lookback: Annotated[Duration, Field(ge=timedelta(0))] = Field(
        default=timedelta(hours=1), description="At the first start, begin this long ago."
    )
    overlap: Annotated[Duration, Field(ge=timedelta(0), le=timedelta(days=1))] = Field(
        default=timedelta(minutes=10), description="How far to step back at each connection: authors' clocks differ."
    )
    furthest: Annotated[Duration, Field(ge=timedelta(hours=1))] = Field(
        default=timedelta(days=2), description="After an absence, go back this far at most; the rest is a gap."
    )
    silence: Annotated[Duration, Field(gt=timedelta(0), le=timedelta(minutes=5))] = Field(
        default=timedelta(seconds=30), description="A relay that does not answer for so long has failed."
    )

    @field_validator("relays")
    @classmethod
    def _addresses(cls, relays: tuple[str, ...]) -> tuple[str, ...]:
        urls = tuple((relay if "://" in relay else f"wss://{relay}").rstrip("/") for relay in relays)
        for url in urls:
            parts = urlsplit(url)
            if parts.scheme not in ("ws", "wss") or not parts.hostname:
                raise ValueError(f"{url!r} is not a websocket address (wss://…)")
            if parts.username or parts.query or parts.fragment:
                raise ValueError(f"{parts.hostname}: only the address of the relay, without user or query")
        return tuple(dict.fromkeys(urls))

    @field_validator("tags")
    @classmethod
    def _hashtags(cls, tags: tuple[str, ...]) -> tuple[str, ...]:
        if any(not tag.strip().removeprefix("#") for tag in tags):
            raise ValueError("a hashtag is empty")
        return tuple(dict.fromkeys(tag.strip().removeprefix("#").lower() for tag in tags))


class Nostr(Source):
    """All relays at once; one that fails is tried again by itself, and when all fail the source does."""

    name: ClassVar[str] = "nostr"
    options_type: ClassVar[type[SourceOptions]] = NostrOptions
    names_root: ClassVar[bool] = False  # old clients and mistaken ones name the parent only
    beat_s: ClassVar[float] = 30.0  # a sign of life at least so often
    pause_s: ClassVar[float] = 1.0  # before the second try of one relay; then twice as long, and so on

    def __init__(self, options: NostrOptions, tools: Tools) -> None:
        super().__init__(options, tools)
        self._wanted = frozenset(options.tags)
        self._rests: dict[str, float] = {}  # relay -> loop time until which it asked to be left alone

    async def collect(self, cursor: Any) -> AsyncIterator[Batch]:
        """What the relays bring, each from where it had come to."""
        place = msgspec.convert(cursor, Place) if cursor is not None else Place()
        place.relays = {url: at for url, at in place.relays.items() if url in self.options.relays}
        memory, failed = Memory(place.told), dict[str, Retry]()
        queue: asyncio.Queue[Arrival] = asyncio.Queue(maxsize=4)
        deaths: list[BaseException] = []
        tasks = Tasks(on_death=deaths.append)
        for url in self.options.relays:
            tasks.start(self._follow(url, place, queue), name=f"nostr {url}")
        try:
            if (gap := self._gap(place)) is not None:
                yield Batch(gap=gap)
            while True:
                yield await self._next(queue, place, memory, failed)
                if deaths:
                    raise deaths[0]
        finally:
            await tasks.stop()

    async def _next(
        self, queue: asyncio.Queue[Arrival], place: Place, memory: Memory, failed: dict[str, Retry]
    ) -> Batch:
        """The next batch with something in it, or an empty one after a while. Raises `Retry` when no relay is left."""
        loop = asyncio.get_running_loop()
        until = loop.time() + self.beat_s
        while not memory.answered or loop.time() < until:
            try:
                async with asyncio.timeout_at(until if memory.answered else None):
                    arrival = await queue.get()
            except TimeoutError:
                break
            if arrival.failure is not None:
                failed[arrival.relay] = arrival.failure
                if len(failed) == len(self.options.relays):
                    raise _all(failed)
                continue
            failed.pop(arrival.relay, None)
            batch = await asyncio.to_thread(self._told, arrival, place, memory)  # signatures take milliseconds each
            if batch is not None:
                return batch
        return Batch(bad=memory.take_bad())

    def _told(self, arrival: Arrival, place: Place, memory: Memory) -> Batch | None:
        """What is new in an arrival; None: nothing that moves the resume point on."""
        posts = list[Post]()
        reached = before = place.relays.get(arrival.relay, 0)
        for item in arrival.bad:
            memory.hold_bad(item)
        for record in arrival.events:
            try:
                event = read_event(record)
                if not memory.knows(event.id):
                    if self.options.signatures:
                        check_signature(event)
                    posts += memory.posts(event, self.options.viewer, self._wanted)
            except BadPost as error:
                memory.hold_bad(Bad(record, str(error), arrival.relay))
                continue
            if arrival.live:  # an author may write any date: never go on later than when it came
                reached = max(reached, min(event.created_at, arrival.at))
        if arrival.reached is not None:
            reached, memory.answered = max(reached, arrival.reached), True
        if not posts and reached == before and not memory.crowded:
            return None
        if reached:
            place.relays[arrival.relay] = reached
        place.told = memory.newest()
        return Batch(posts=posts, bad=memory.take_bad(), cursor=msgspec.to_builtins(place))

    async def _follow(self, url: str, place: Place, queue: asyncio.Queue[Arrival]) -> None:
        """Connect again and again; each failure is told to the consumer, who knows how the others fare."""
        failures, loop, silence_s = 0, asyncio.get_running_loop(), self.options.silence.total_seconds()
        while True:
            await asyncio.sleep(max(0.0, self._rests.get(url, 0.0) - loop.time()))
            before = place.relays.get(url)
            relay = Relay(url, self._filters(before), self.tools.http, self.tools.now, silence_s)
            try:
                await relay.read(queue)
            except Retry as failure:
                log.info("%s", failure)
                failures = 1 if place.relays.get(url) != before else failures + 1
                self._rests[url] = loop.time() + (failure.after or 0.0)
                await queue.put(Arrival(url, failure=failure))
            longest = min(LONGEST_PAUSE_S, self.pause_s * 2 ** min(failures, 20))
            await asyncio.sleep(self.tools.random.uniform(0.5, 1.0) * longest)

    def _filters(self, reached: int | None) -> Sequence[Filter]:
        now, overlap = self.tools.now(), self.options.overlap
        since = now - self.options.lookback if reached is None else datetime.fromtimestamp(reached, UTC) - overlap
        start = {"since": int(max(since, now - self.options.furthest).timestamp())}
        if not self.options.tags:
            return [{"kinds": [NOTE, REPOST, DELETION, VANISH], **start}]
        # Deletions carry no hashtags; whose they are is seen when they come.
        return [
            {"kinds": [NOTE], "#t": list(self.options.tags), **start},
            {"kinds": [DELETION, VANISH], **start},
        ]

    def _gap(self, place: Place) -> Gap | None:
        begin = self.tools.now() - self.options.furthest
        if not place.relays or (reached := datetime.fromtimestamp(max(place.relays.values()), UTC)) >= begin:
            return None
        return Gap(reached, begin, f"away for longer than sources.nostr.furthest ({self.options.furthest})")


def _all(failed: Mapping[str, Retry]) -> Retry:
    """No relay is left: wait as long as the most patient one asks, if all ask for it."""
    afters = [failure.after for failure in failed.values() if failure.after is not None]
    last = list(failed.values())[-1]
    return Retry(f"no relay can be read; the last one: {last}", min(afters) if len(afters) == len(failed) else None)
