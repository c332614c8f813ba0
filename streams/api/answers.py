"""The answers of the API that are not themselves a view's, as msgspec structs; `/openapi.json` is made from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from streams.api.gaps import WindowGap
from streams.api.problems import ProblemDetails
from streams.records import Entry, SourceStatus
from streams.views.pulse import Pulse
from streams.views.series import Series
from streams.views.voice import ShareOfVoice


class Healthy(msgspec.Struct, frozen=True):
    """The process runs and its event loop turns."""

    ok: bool = True


class Ready(msgspec.Struct, frozen=True):
    """Whether the numbers of this worker are whole, and for which brands it answers itself."""

    ready: bool
    brands: Sequence[str]


class BrandInfo(msgspec.Struct, frozen=True):
    """One configured brand; `here`: this worker holds its entries."""

    name: str
    title: str
    description: str
    group: str
    here: bool


class Brands(msgspec.Struct, frozen=True):
    """All configured brands."""

    brands: Sequence[BrandInfo]


class Mentions(msgspec.Struct, frozen=True):
    """Entries of a window, newest first. `next` is the path of the following page, for the same moment."""

    brand: str
    start: datetime
    to: datetime
    mentions: Sequence[Entry]
    after: str | None = None
    next: str | None = None


class LivePulse(msgspec.Struct, frozen=True):
    """The `data` of a `pulse` event in `/api/live`: the last 24 hours in short. `net` is absent with no judged post."""

    brand: str
    to: datetime
    posts: int
    authors: int
    net: float | None = None


class Sources(msgspec.Struct, frozen=True):
    """Every network that is or was collected from, without its resume point."""

    sources: Sequence[SourceStatus]


class BrandVoice(msgspec.Struct, frozen=True):
    """One brand's share among those of the group that answered."""

    brand: str
    voice: ShareOfVoice


class Voice(msgspec.Struct, frozen=True):
    """Share of voice in a group. Brands in `missing` could not be asked: the shares of the others are too large."""

    brand: str
    group: str
    start: datetime
    to: datetime
    brands: Sequence[BrandVoice]
    missing: Sequence[str]


class BrandSeries(Series, frozen=True, kw_only=True):
    """Posts and sentiment over time; `gaps`: what a network could not tell of that time."""

    gaps: Sequence[WindowGap] = ()


class BrandPulse(Pulse, frozen=True, kw_only=True):
    """All numbers of a window. `share_of_voice` is among those of the group that answered; the others: `missing`.
    With `gaps` the numbers are of less than the whole window."""

    brand: str
    share_of_voice: ShareOfVoice
    missing: Sequence[str] = ()
    gaps: Sequence[WindowGap] = ()


class Ingested(msgspec.Struct, frozen=True):
    """Every record is kept: `accepted` posts and deletions; `ignored` are those that the inlet does not want."""

    accepted: int
    ignored: int


class RefusedRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """A record that is no post, by its place in the request (the first is 0), and why."""

    index: int
    reason: str
    id: str | None = None


class NotAllIngested(ProblemDetails, frozen=True, kw_only=True):
    """Not every record could be kept. Those of `refused` never can be; those of `unacknowledged` were not acknowledged
    by Kafka in time: send the request again. The `accepted` others are kept, and may come again."""

    accepted: int
    ignored: int
    refused: Sequence[RefusedRecord]
    unacknowledged: Sequence[int]


class Forget(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `/api/forget` is asked: erase this author (by id) and collect nothing of them again; with `undo`, collect
    again from now on. `by`: who asks, for the audit."""

    author: str
    undo: bool = False
    by: str = ""


class Forgotten(msgspec.Struct, frozen=True):
    """What was ordered, when, and how far it is: done, or in how many of the partitions it has not arrived yet."""

    author: str
    at: datetime
    undo: bool
    partitions: int
    to_go: int


class Applied(msgspec.Struct, frozen=True):
    """How far the partitions held here are: topic -> partition -> the last offset that was applied."""

    topics: Mapping[str, Mapping[int, int]]
