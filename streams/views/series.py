"""Numbers over time, for charts."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import msgspec
import numpy as np

from config.schema import Views
from streams.records import SENTIMENTS
from streams.views.asked import Asked
from streams.views.columns import Bools, Ints, moment, unique
from streams.views.rows import Rows, Snapshot
from streams.views.window import Window

MAX_POINTS: Final = 10_000


class Point(msgspec.Struct, frozen=True):
    """[start, start + step), cut at the window's end. `net` is None with too few judged posts or authors behind it."""

    start: datetime
    posts: int
    authors: int
    negative: int
    neutral: int
    positive: int
    net: float | None


class Series(msgspec.Struct, frozen=True):
    """The points of a window, without gaps, oldest first."""

    start: datetime
    end: datetime
    step_s: float
    points: list[Point]


def series(
    snapshot: Snapshot,
    window: Window,
    step: timedelta,
    settings: Views,
    platform: str | None = None,
    lang: str | None = None,
) -> Series:
    """Cut the window into steps from its start. Raises `ValueError` for no step, or more than `MAX_POINTS` of them."""
    step_us = step // timedelta(microseconds=1)
    if step_us <= 0 or (window.end - window.start) / step > MAX_POINTS:
        raise ValueError(f"a series has 1 to {MAX_POINTS} points; the step {step} does not fit the window")
    rows = snapshot.rows(window, platform=platform, lang=lang)
    count = max(0, -(-(rows.end - rows.start) // step_us))
    bins = (rows.time - rows.start) // step_us
    posts, authors = np.bincount(bins, minlength=count), _authors(rows, bins, count)
    judged = rows.judged
    cells = np.bincount(bins[judged] * len(SENTIMENTS) + rows.sentiment[judged], minlength=count * len(SENTIMENTS))
    classes, judges = cells.reshape(-1, len(SENTIMENTS)), _authors(rows, bins, count, judged)
    asked = Asked(settings)
    starts = [moment(rows.start + number * step_us) for number in range(count)]
    points = [
        Point(starts[n], int(posts[n]), int(authors[n]), *_classes(classes[n]), _net(classes[n], int(judges[n]), asked))
        for n in range(count)
    ]
    return Series(window.start, window.end, step.total_seconds(), points)


def _authors(rows: Rows, bins: Ints, count: int, which: Bools | slice = slice(None)) -> Ints:
    """Distinct authors per bin."""
    width = max(1, len(rows.authors))
    pairs = unique(bins[which] * width + rows.author_number[which])
    return np.bincount(pairs // width, minlength=count)


def _classes(counts: Ints) -> tuple[int, int, int]:
    negative, neutral, positive = (int(count) for count in counts)
    return negative, neutral, positive


def _net(counts: Ints, authors: int, asked: Asked) -> float | None:
    negative, neutral, positive = _classes(counts)
    total = negative + neutral + positive
    return None if asked.too_few(total, authors) else (positive - negative) / total
