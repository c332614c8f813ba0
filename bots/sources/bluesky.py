"""Bluesky, by Jetstream: every public post and repost of the network, without credentials."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, aclosing
from datetime import timedelta
from http import HTTPStatus
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import urlsplit

import msgspec
from aiohttp import ClientError, ClientWebSocketResponse, WSServerHandshakeError
from pydantic import Field, field_validator

from bots.http import seconds_of
from bots.sources.base import Batch, Retry, Source, SourceOptions, Tools
from bots.sources.bluesky_posts import GONE, Handles
from bots.sources.bluesky_threads import Backfill
from bots.sources.frames import Frames
from bots.sources.hosts import Hosts
from bots.sources.jetstream import MAX_FRAME, POST, REPOST, V2_SUBPROTOCOL, Version, microseconds, subscription
from bots.sources.jetstream_reader import Place, Reader, cursor_for
from bots.sources.markup import web_address
from config.units import Duration
from streams.tasks import Tasks
from streams.terms import Terms

Collection = Literal["app.bsky.feed.post", "app.bsky.feed.repost"]
State = Literal["deleted", "takendown", "suspended", "deactivated"]
# A server that knows only v1 has nothing at v2's path.
_NOT_HERE = {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED}


class BlueskyOptions(SourceOptions):
    """Options of `sources.bluesky`."""

    hosts: Annotated[tuple[str, ...], Field(min_length=1)] = Field(
        default=(
            "wss://jetstream.us-east.bsky.network",
            "wss://jetstream.us-west.bsky.network",
            "wss://jetstream2.us-east.bsky.network",
        ),
        description="Jetstream servers, the preferred one first; the next takes over when one keeps failing.",
    )
    version: Literal["auto", "v1", "v2"] = Field(
        default="auto", description="Wire version; auto: v2, or v1 where a server does not speak it."
    )
    collections: Annotated[tuple[Collection, ...], Field(min_length=1)] = Field(
        default=(POST, REPOST), description="What to collect: posts, reposts or both."
    )
    silence: Annotated[Duration, Field(gt=timedelta(0), le=timedelta(minutes=2))] = Field(
        default=timedelta(seconds=30), description="No event for this long is a stall: reconnect."
    )
    overlap: Annotated[Duration, Field(ge=timedelta(0))] = Field(
        default=timedelta(minutes=1), description="How far to step back in time when another server takes over."
    )
    lookback: Annotated[Duration, Field(ge=timedelta(0))] = Field(
        default=timedelta(minutes=5), description="At the first start, begin this long ago."
    )
    gone: tuple[State, ...] = Field(
        default=GONE, description="States of an account that remove all of its posts; when it is back, new ones count."
    )
    away: Annotated[Duration, Field(ge=timedelta(0))] = Field(
        default=timedelta(minutes=15), description="How long to stay away from a preferred server that failed."
    )

    backfill_threads: bool = Field(
        default=True,
        description="Whether threads that began before the first start are fetched once a brand is named in them.",
    )
    api_url: str = Field(default="https://public.api.bsky.app", description="Address of the API that has threads.")
    thread_pause: Annotated[Duration, Field(ge=timedelta(0), le=timedelta(hours=1))] = Field(
        default=timedelta(seconds=1), description="Pause between two threads that are fetched."
    )

    @field_validator("api_url")
    @classmethod
    def _address(cls, url: str) -> str:
        if web_address(url) is None:
            raise ValueError(f"{url!r} is not a web address (https://…)")
        return url.rstrip("/")

    @field_validator("hosts")
    @classmethod
    def _urls(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        urls = tuple((host if "://" in host else f"wss://{host}").rstrip("/") for host in hosts)
        for url in urls:
            parts = urlsplit(url)
            if parts.scheme not in ("ws", "wss") or not parts.hostname:
                raise ValueError(f"{url!r} is not a websocket address (wss://…)")
            if parts.username or parts.path or parts.query or parts.fragment:
                raise ValueError(f"{parts.hostname}: only the address of the server, without user, path or query")
        return urls


class Bluesky(Source):
    """One connection at a time; a failure is raised, and the next call goes on, on the next host if need be."""

    name: ClassVar[str] = "bluesky"
    options_type: ClassVar[type[SourceOptions]] = BlueskyOptions

    def __init__(self, options: BlueskyOptions, tools: Tools) -> None:
        super().__init__(options, tools)
        self._hosts = Hosts(options.hosts, away=options.away)
        self._handles = Handles()

    async def collect(self, cursor: Any) -> AsyncIterator[Batch]:
        """Yield what the stream brings, from `cursor` on, and with it what was said before in threads about a brand."""
        place = msgspec.convert(cursor, Place) if cursor is not None else None
        backfill, tasks = self._backfill(cursor, place), Tasks()
        try:
            if backfill is not None:
                tasks.start(backfill.run(), "threads of bluesky")
            async with aclosing(self._connections(place, backfill)) as batches:
                async for batch in batches:
                    yield batch
        finally:
            await tasks.stop()

    def _backfill(self, cursor: Any, place: Place | None) -> Backfill | None:
        options: BlueskyOptions = self.options
        if not (options.backfill_threads and self.tools.brands):
            return None
        pause_s, terms = options.thread_pause.total_seconds(), Terms(self.tools.brands)
        backfill = Backfill(self.tools.http, options.api_url, pause_s, terms, self._handles)
        begin = microseconds(self.tools.now() - options.lookback)
        backfill.resume(cursor, begin if place is None else place.time)
        return backfill

    async def _connections(self, place: Place | None, backfill: Backfill | None) -> AsyncGenerator[Batch, None]:
        while True:
            host = self._hosts.pick(self.tools.now())
            try:
                async with aclosing(self._connection(host, place, backfill)) as batches:
                    async for batch in batches:
                        place = msgspec.convert(batch.cursor, Place | None) or place
                        yield batch
            except Retry:
                self._hosts.failed(self.tools.now())
                raise
            except (ClientError, OSError) as error:  # OSError: time-outs too
                self._hosts.failed(self.tools.now())
                raise _retry(host, error) from error
            if place is not None:  # the connection was given up on purpose: its numbering is not to be relied on
                place = msgspec.structs.replace(place, seq=0)

    async def _connection(
        self, host: str, place: Place | None, backfill: Backfill | None
    ) -> AsyncGenerator[Batch, None]:
        """One connection, until it fails (`Retry`), or is given up to resume by time, here or on the first host."""
        options: BlueskyOptions = self.options
        async with AsyncExitStack() as stack:
            socket, version, asked = await self._open(stack, host, place)
            reader = Reader(host, version, place, asked, options.silence, self._handles, options.gone)
            frames = await stack.enter_async_context(Frames(socket))
            if backfill is not None:
                backfill.on_found = frames.nudge
                frames.nudge()  # something may have been found while there was no connection
            while not self._hosts.first_is_due(self.tools.now()):
                arrived = await frames.ready(options.silence.total_seconds())
                batch = reader.batch(arrived) if backfill is None else backfill.join(reader.batch(arrived))
                if arrived:
                    self._hosts.delivered()
                if batch.posts or batch.bad or (arrived and batch.cursor is not None):
                    yield batch
                if reader.ended is not None:
                    raise Retry(f"{host} ended the stream: {reader.ended.name} {reader.ended.message}".strip())
                if reader.unknown_cursor:
                    return

    async def _open(
        self, stack: AsyncExitStack, host: str, place: Place | None
    ) -> tuple[ClientWebSocketResponse[bool], Version, int | None]:
        """Connect with the newest wire and the most exact cursor that the host accepts."""
        options: BlueskyOptions = self.options
        version: Version = "v1" if options.version == "v1" else "v2"
        begin = self.tools.now() - options.lookback
        while True:
            asked = cursor_for(place, host, version, options.overlap, begin)
            try:
                return await self._connect(stack, host, version, asked), version, asked
            except WSServerHandshakeError as error:
                if error.status in _NOT_HERE and version == "v2" and options.version == "auto":
                    version = "v1"
                elif error.status == HTTPStatus.BAD_REQUEST and place is not None and asked == place.seq:
                    place = msgspec.structs.replace(place, seq=0)  # CursorTooOld: by time the host begins at its oldest
                else:
                    raise

    async def _connect(
        self, stack: AsyncExitStack, host: str, version: Version, asked: int | None
    ) -> ClientWebSocketResponse[bool]:
        options: BlueskyOptions = self.options
        url = subscription(host, version, options.collections, asked)
        # Frames stay bytes: decoding is done once, by the reader, and one that is not UTF-8 costs itself alone.
        opening = self.tools.http.websocket(
            url, protocols=(V2_SUBPROTOCOL,) if version == "v2" else (), max_msg_size=MAX_FRAME, decode_text=False
        )
        return await stack.enter_async_context(opening)


def _retry(host: str, error: Exception) -> Retry:
    if isinstance(error, WSServerHandshakeError):
        after = seconds_of(error.headers.get("Retry-After")) if error.headers is not None else None
        return Retry(f"{host} refused the connection: {error.status}", after)
    return Retry(f"{host}: {error or type(error).__name__}")
