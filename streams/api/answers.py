"""The answers of the API that are not themselves a view's, as msgspec structs; `/openapi.json` is made from them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from streams.api.gaps import WindowGap
from streams.records import Alert, Entry, SourceStatus
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


class Alerts(msgspec.Struct, frozen=True):
    """Alerts that fire now, and those that resolved lately; the newest first."""

    alerts: Sequence[Alert]


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
