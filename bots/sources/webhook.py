"""What senders brought to `/ingest`: each inlet is a source of its own, read from the inbox (decision 13)."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, cast

import msgspec
from aiokafka import ConsumerRecord
from aiokafka.errors import KafkaError
from pydantic import Field, field_validator

from bots.inbox import Inbox, Page
from bots.sources.base import Bad, Batch, Gap, Misconfigured, Retry, Source, SourceOptions, Tools
from config.inlets import SOURCE, Inlet
from streams.inbox import Refused, opened
from streams.records import BadPost, Post, parse_post


class WebhookOptions(SourceOptions):
    """Who may send."""

    inlets: Annotated[tuple[Inlet, ...], Field(max_length=50)] = Field(
        default=(), description="Senders that bring posts to POST /ingest/{name} (docs/sources/webhook.md)."
    )

    @field_validator("inlets")
    @classmethod
    def _names_are_free(cls, inlets: tuple[Inlet, ...]) -> tuple[Inlet, ...]:
        from bots.sources.registry import SOURCES  # noqa: PLC0415 - it knows this file

        for name, count in Counter(inlet.name for inlet in inlets).items():
            if count > 1:
                raise ValueError(f"{count} inlets are called {name!r}")
            if name in SOURCES:
                raise ValueError(f"the name {name!r} is that of a source; take another, its `platform` may be the same")
        return inlets


class Place(msgspec.Struct, frozen=True):
    """Where to go on in the inbox, and when it was read so far (ms since 1970)."""

    offset: int = 0
    ms: int = 0


class Webhook(Source):
    """The posts of one inlet. They name parents, perhaps not the root: threads are found on the way."""

    name: ClassVar[str] = SOURCE
    options_type: ClassVar[type[SourceOptions]] = WebhookOptions
    names_root: ClassVar[bool] = False
    quiet_s: ClassVar[float] = 24 * 3_600.0  # people write when they like: half a day without a review is no silence

    def __init__(self, options: Any, tools: Tools, inlet: Inlet | None = None) -> None:
        super().__init__(options, tools)
        self._inlet = inlet
        if inlet is not None and tools.inbox is not None:
            tools.inbox.join(inlet.name)

    @classmethod
    def several(cls, options: Any, tools: Tools) -> Sequence[Source]:
        """One for each inlet; without any, one that says so."""
        return [cls(options, tools, inlet) for inlet in options.inlets] or [cls(options, tools)]

    @property
    def key(self) -> str:
        """The inlet's name."""
        return self._inlet.name if self._inlet is not None else self.name

    def saved(self, cursor: Any) -> None:
        """What was taken need not stay in the inbox."""
        if self.tools.inbox is not None and self._inlet is not None and cursor is not None:
            self.tools.inbox.saved(self._inlet.name, msgspec.convert(cursor, Place).offset)

    async def collect(self, cursor: Any) -> AsyncIterator[Batch]:
        """The inlet's part of the inbox, from the resume point on."""
        if self._inlet is None:
            raise Misconfigured("sources.webhook.inlets: name at least one inlet, or disable the source")
        place = msgspec.convert(cursor, Place) if cursor is not None else Place()
        try:
            async with aclosing(cast(Any, self._inbox.pages(self._inlet.name, place.offset))) as pages:
                async for page in pages:
                    batch, place = self._batch(page, place)
                    yield batch
        except KafkaError as error:
            raise Retry(f"the inbox cannot be read: {error}") from error

    @property
    def _inbox(self) -> Inbox:
        assert self.tools.inbox is not None, "the collector brings it"
        return self.tools.inbox

    def _batch(self, page: Page, before: Place) -> tuple[Batch, Place]:
        posts: list[Post] = []
        bad: list[Bad] = []
        for record in page.records:
            _open(record, posts, bad)
        place = before if page.next == before.offset else Place(page.next, round(self.tools.now().timestamp() * 1_000))
        gap = self._gap(page, before) if page.lost else None
        moved = msgspec.to_builtins(place) if place != before else None
        return Batch(posts=posts, bad=bad, cursor=moved, gap=gap), place

    def _gap(self, page: Page, before: Place) -> Gap:
        now = self.tools.now()
        end = datetime.fromtimestamp(page.records[0].timestamp / 1_000, UTC) if page.records else now
        start = datetime.fromtimestamp(before.ms / 1_000, UTC) if before.ms else end
        return Gap(min(start, end), end, "the collector was away for longer than Kafka keeps the inbox")


def _open(record: ConsumerRecord, posts: list[Post], bad: list[Bad]) -> None:
    """Our own worker wrote it, perhaps of another version: what cannot be read is kept as a dead letter."""
    try:
        found = opened(record)
        if isinstance(found, Refused):
            bad.append(Bad(found.record, found.reason, found.place))
        else:
            posts.append(parse_post(found))
    except (BadPost, msgspec.DecodeError) as error:
        bad.append(Bad(bytes(record.value), f"unreadable in the inbox: {error}", f"inbox/{record.offset}"))
