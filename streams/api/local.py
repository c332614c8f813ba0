"""Answers about the brands held here. The columns are taken in the event loop, the numbers are made in a thread.

A frame changes with every entry and is not thread-safe, so what a thread gets is a copy of the rows of the window.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from config.schema import Config
from streams.api.answers import LivePulse
from streams.api.cache import Answers
from streams.api.params import DEFAULT_WINDOW, Question
from streams.api.proxy import moving
from streams.desk import Desk, Page
from streams.records import SENTIMENTS
from streams.views.frame import Frame, Rows, Window

Confusion = Sequence[Sequence[float]]


class Local:
    """The desk, its numbers and a short memory of answers. `now` is the clock."""

    def __init__(
        self,
        desk: Desk,
        config: Config,
        confusion: Mapping[str, Confusion] | None,
        now: Callable[[], datetime],
    ) -> None:
        self._desk, self._settings, self._confusion, self._now = desk, config.views, confusion, now
        self._answers = Answers()

    def stop(self) -> None:
        """Let go of the threads."""
        self._answers.stop()

    def holds(self, brand: str) -> bool:
        """Whether the brand can be answered here, now."""
        return brand in self._desk.brands()

    def _frame(self, brand: str) -> Frame:
        try:
            return self._desk.frame(brand)
        except KeyError as error:  # its partition has gone since `holds`
            raise moving(brand) from error

    async def pulse(self, brand: str, question: Question) -> LivePulse:
        """The numbers of one window in short."""
        span = question.span
        window = Window.last(span.length, span.to)
        rows = self._frame(brand).rows(window, platform=question.platform, lang=question.lang)
        key = ("pulse", brand, self._desk.version(brand), question.key)
        return await self._answers.get(key, lambda: _short(brand, span.to, rows))

    async def short(self, brand: str) -> LivePulse:
        """The last 24 hours in short, for the live stream. Raises `KeyError` when the brand is not here."""
        rows = self._desk.frame(brand).rows(Window.last(DEFAULT_WINDOW, to := self._now()))
        return await self._answers.get(("short", brand, self._desk.version(brand)), lambda: _short(brand, to, rows))

    def entries(self, brand: str, start: datetime, end: datetime, after: str | None, limit: int) -> Page:
        """Entries, newest first. Raises `ValueError` for a bad `after`."""
        try:
            return self._desk.entries(brand, start, end, after, limit)
        except KeyError as error:
            raise moving(brand) from error


def _short(brand: str, to: datetime, rows: Rows) -> LivePulse:
    judged = rows.sentiment[rows.judged]
    negative, neutral, positive = (int((judged == code).sum()) for code in range(len(SENTIMENTS)))
    net = (positive - negative) / (positive + neutral + negative) if len(judged) else None
    return LivePulse(brand, to, len(rows), len(rows.authors), net)
