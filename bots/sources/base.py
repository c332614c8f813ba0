"""The contract of a source: one network's events, turned into posts, in batches that carry a resume point.

A source only reads its network and yields `Batch`es. The runner does the rest: it publishes the posts, saves a batch's
cursor after Kafka has acknowledged everything up to it, backs off, notices silence and records gaps.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from random import Random
from typing import TYPE_CHECKING, Any, ClassVar, Final

import msgspec
from pydantic import Field

from config.schema import Brand, Section
from streams.records import Post

if TYPE_CHECKING:
    from bots.http import Http
    from bots.inbox import Inbox


LOOKS_S: Final = (3_600.0, 86_400.0, 7 * 86_400.0, 30 * 86_400.0)
"""So many seconds after it was told a post is looked at again, where the network tells of no edits and deletions."""


class Bad(msgspec.Struct, frozen=True):
    """A record that could not become a post: it goes to `dead-letters`."""

    record: bytes
    reason: str
    offset: str = ""


class Gap(msgspec.Struct, frozen=True):
    """Something the network no longer has: from, to and why."""

    start: datetime
    end: datetime
    reason: str


class Batch(msgspec.Struct, frozen=True):
    """Posts in the network's order, and where to go on once Kafka holds them (JSON-able; `None`: as before)."""

    posts: Sequence[Post] = ()
    cursor: Any = None
    bad: Sequence[Bad] = ()
    gap: Gap | None = None


class SourceOptions(Section):
    """Options every source has."""

    enabled: bool = Field(default=True, description="Whether to collect from it.")


class Tools(msgspec.Struct, frozen=True):
    """What a source is given: it opens no connection, clock or dice of its own."""

    http: Http
    now: Callable[[], datetime]
    random: Random
    brands: Sequence[Brand]
    inbox: Inbox | None = None
    """What `/ingest` took in: for `webhook` alone."""


class Source(ABC):
    """One network. `names_root` says whether its posts carry `thread`; if not, the runner finds it on the way."""

    name: ClassVar[str]
    options_type: ClassVar[type[SourceOptions]]
    names_root: ClassVar[bool] = True
    endless: ClassVar[bool] = True  # False: `collect` ends, and so does the role (replay of a file)
    # The watchdog never calls a source silent before so many seconds without a batch. A source that polls yields an
    # empty batch, the sign of life, after each poll that brought nothing.
    quiet_s: ClassVar[float] = 120.0

    def __init__(self, options: Any, tools: Tools) -> None:
        self.options, self.tools = options, tools

    @classmethod
    def several(cls, options: Any, tools: Tools) -> Sequence[Source]:
        """What these options ask for: nearly always one source."""
        return [cls(options, tools)]

    @property
    def key(self) -> str:
        """Under what the resume point is kept; a source that may run several times at once tells them apart here."""
        return self.name

    def saved(self, cursor: Any) -> None:  # noqa: B027 - most networks need not know
        """Kafka holds this resume point and all before it: at the start the one that was found, then each new one.

        For networks that forget what they are told was read: `collect` also goes on from resume points that are not
        saved yet.
        """

    @abstractmethod
    def collect(self, cursor: Any) -> AsyncIterator[Batch]:
        """Yield batches from `cursor` on (`None`: first start).

        Raises `Retry` to be called again, `Misconfigured` to stop.
        """


class Retry(Exception):
    """The network failed for now; `after` seconds (if it said so) before the next try."""

    def __init__(self, reason: str, after: float | None = None) -> None:
        super().__init__(reason)
        self.after = after


class HttpError(Retry):
    """The server did not give what was asked for.

    `status` is 0 when there was no answer at all; `body` holds the first 16 KiB of what the server said instead.
    """

    def __init__(self, reason: str, status: int = 0, after: float | None = None, body: bytes = b"") -> None:
        super().__init__(reason, after)
        self.status, self.body = status, body


class Misconfigured(Exception):
    """The source cannot work with its options; the text names the key."""
