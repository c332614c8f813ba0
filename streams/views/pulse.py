"""All numbers of one brand in one window."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from config.schema import Views
from streams.views.asked import Asked, Confusion, Share
from streams.views.base import PULSE, VIEWS, View
from streams.views.evenness import Unevenness
from streams.views.fragmentation import Fragmentation
from streams.views.frame import Frame, Snapshot
from streams.views.reciprocity import Reciprocity
from streams.views.renewal import Renewal
from streams.views.response import FirstResponse
from streams.views.rows import Rows
from streams.views.sentiment import Sentiment
from streams.views.voice import voice_counts
from streams.views.window import Window


class Pulse(msgspec.Struct, frozen=True, kw_only=True):
    """What `/pulse` answers, share of voice apart, which needs the other brands."""

    start: datetime
    end: datetime
    platform: str | None
    lang: str | None
    since: datetime | None
    posts: int
    authors: int
    by_kind: dict[str, int]
    by_platform: dict[str, int]
    by_lang: dict[str, int]
    sentiment: Sentiment
    peer_share: Share
    threads_without_brand: Share
    reciprocity: Reciprocity
    unevenness: Unevenness
    fragmentation: Fragmentation
    first_response: FirstResponse
    renewal: Renewal


def pulse(
    frame: Frame | Snapshot,
    window: Window,
    settings: Views,
    confusion: Mapping[str, Confusion] | None = None,
    platform: str | None = None,
    lang: str | None = None,
) -> Pulse:
    """Its views over one window. In another thread pass `frame.snapshot()`, taken where the frame is changed."""
    rows = frame.rows(window, platform=platform, lang=lang)
    answers: dict[str, Any] = _answers(PULSE, rows, Asked(settings, confusion or {}))
    volume = answers.pop("volume")
    return Pulse(
        start=window.start,
        end=window.end,
        platform=platform,
        lang=lang,
        since=rows.snapshot.since,
        posts=volume.posts,
        authors=volume.authors,
        by_kind=volume.by_kind,
        by_platform=volume.by_platform,
        by_lang=volume.by_lang,
        **{name: answers[name] for name in Pulse.__struct_fields__ if name in answers},
    )


def numbers(
    frame: Frame | Snapshot,
    window: Window,
    settings: Views,
    confusion: Mapping[str, Confusion] | None = None,
    platform: str | None = None,
    lang: str | None = None,
) -> dict[str, msgspec.Struct]:
    """Every number there is by name, the brand's part of the share of voice too: what exactness is tested on."""
    rows = frame.rows(window, platform=platform, lang=lang)
    return {**_answers(VIEWS, rows, Asked(settings, confusion or {})), "voice_counts": voice_counts(rows)}


def _answers(views: Mapping[str, View], rows: Rows, asked: Asked) -> dict[str, msgspec.Struct]:
    return {name: view(rows, asked) for name, view in views.items()}
