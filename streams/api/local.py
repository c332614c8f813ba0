"""Answers about the brands held here. The columns are taken in the event loop, the numbers are made in a thread.

A frame changes with every entry and is not thread-safe, so what a thread gets is a copy of the rows of the window.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final, NamedTuple, TypeVar

from config.schema import Config
from streams.api.answers import LivePulse
from streams.api.cache import Answers
from streams.api.circles import CircleRoom
from streams.api.health_room import HealthRoom
from streams.api.params import DEFAULT_WINDOW, Question
from streams.api.proxy import moving
from streams.desk import Desk, Page
from streams.records import SENTIMENTS
from streams.views.asked import Asked, Confusion
from streams.views.frame import Frame, Snapshot, Window
from streams.views.pulse import Pulse, pulse
from streams.views.series import Series, series
from streams.views.voice import ShareOfVoice, Shares, VoiceCounts, voice_counts

T = TypeVar("T")
BESIDE_S: Final = (0.5, 2.0)  # from when on the counts of the others in a share of voice are renewed, and thrown away


class Shorts(NamedTuple):
    """Pulses for the live stream, and the seconds of a core that they took."""

    pulses: Sequence[LivePulse]
    cost_s: float


class Local:
    """The desk, its numbers and a short memory of answers. `now` is the clock."""

    def __init__(
        self,
        desk: Desk,
        config: Config,
        confusion: Mapping[str, Confusion] | None,
        now: Callable[[], datetime],
    ) -> None:
        self._desk, self._now = desk, now
        self.asked = Asked(config.views, confusion or {})
        self._answers = Answers()
        self.circles = CircleRoom(desk, config, now)
        self.health = HealthRoom(desk, self.asked)

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

    async def pulse(self, brand: str, question: Question) -> Pulse:
        """All numbers of one window but the share of voice."""
        window, platform, lang = _window(question), question.platform, question.lang
        settings, confusion = self.asked.settings, self.asked.confusion
        return await self._answer(
            "pulse", brand, question, lambda snapshot: pulse(snapshot, window, settings, confusion, platform, lang)
        )

    async def series(self, brand: str, question: Question, step: timedelta) -> Series:
        """Posts and sentiment, step by step."""
        window, platform, lang, settings = _window(question), question.platform, question.lang, self.asked.settings
        return await self._answer(
            f"series {step}",
            brand,
            question,
            lambda snapshot: series(snapshot, window, step, settings, platform, lang),
        )

    async def voice_counts(self, brand: str, question: Question) -> VoiceCounts:
        """What the brand brings to a share of voice."""
        window, platform, lang = _window(question), question.platform, question.lang
        return await self._answer(
            "voice", brand, question, lambda snapshot: voice_counts(snapshot.rows(window, platform=platform, lang=lang))
        )

    async def voice_counts_beside(self, brands: Sequence[str], question: Question) -> Mapping[str, VoiceCounts]:
        """The same of all `brands` that are here, for the share of one of them. In an open window they may be from a
        moment ago: else each question would count a whole group anew while entries come in."""
        here = self._here(brands)
        if question.span.pinned:
            return dict(zip(here, await asyncio.gather(*(self.voice_counts(b, question) for b in here)), strict=True))
        window, platform, lang = _window(question), question.platform, question.lang

        def prepare() -> Callable[[], Mapping[str, VoiceCounts]]:
            held = {brand: self._frame(brand).snapshot() for brand in here}
            return lambda: {
                brand: voice_counts(snapshot.rows(window, platform=platform, lang=lang))
                for brand, snapshot in held.items()
            }

        return await self._answers.recent(("voice beside", tuple(here), question.key), prepare, *BESIDE_S)

    def _here(self, brands: Sequence[str]) -> list[str]:
        held = frozenset(self._desk.brands())
        return [brand for brand in brands if brand in held]

    async def shares(self, counts: Mapping[str, VoiceCounts], brands: Sequence[str]) -> list[ShareOfVoice]:
        """The shares of some brands of a group, from the counts of all."""

        def compute() -> list[ShareOfVoice]:
            shares = Shares(counts, self.asked)
            return [shares.of(brand) for brand in brands]

        return await self._answers.run(compute)

    async def _answer(self, what: str, brand: str, question: Question, compute: Callable[[Snapshot], T]) -> T:
        key = (what, brand, self._desk.version(brand), question.key)
        return await self._answers.get(key, self._prepared(brand, compute))

    def _prepared(self, brand: str, compute: Callable[[Snapshot], T]) -> Callable[[], Callable[[], T]]:
        """`compute` over the entries of the moment in which they are wanted."""
        frame = self._frame(brand)
        return lambda: partial(compute, frame.snapshot())

    async def shorts(self, brands: Sequence[str]) -> Shorts:
        """The last 24 hours in short of those brands that are here, for the live stream."""
        held, to = {brand: self._desk.frame(brand).snapshot() for brand in self._here(brands)}, self._now()
        return await self._answers.run_behind(partial(_shorts, held, to))

    def entries(self, brand: str, start: datetime, end: datetime, after: str | None, limit: int) -> Page:
        """Entries, newest first. Raises `ValueError` for a bad `after`."""
        try:
            return self._desk.entries(brand, start, end, after, limit)
        except KeyError as error:
            raise moving(brand) from error


def _window(question: Question) -> Window:
    return Window(question.span.start, question.span.to)


def _shorts(held: Mapping[str, Snapshot], to: datetime) -> Shorts:
    begun = time.thread_time()
    pulses = [_short(brand, to, snapshot) for brand, snapshot in held.items()]
    return Shorts(pulses, time.thread_time() - begun)


def _short(brand: str, to: datetime, snapshot: Snapshot) -> LivePulse:
    rows = snapshot.rows(Window.last(DEFAULT_WINDOW, to))
    judged = rows.sentiment[rows.judged]
    negative, neutral, positive = (int((judged == code).sum()) for code in range(len(SENTIMENTS)))
    net = (positive - negative) / (positive + neutral + negative) if len(judged) else None
    return LivePulse(brand, to, len(rows), len(rows.authors), net)
