"""X, by the filtered stream of its API v2: what rules made of the brands match, as it happens. It costs money.

The stream keeps nothing for those who are away: what was missed is searched for while the stream is read again. X tells
of deletions to enterprises only, so posts are looked at again. Sources: docs.x.com/x-api.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from typing import Any, ClassVar

import msgspec

from bots.http import HttpError
from bots.sources.base import LOOKS_S, Batch, Gap, Misconfigured, Retry, Source, SourceOptions, Tools
from bots.sources.lines import Lines
from bots.sources.lru import Lru
from bots.sources.second_looks import fingerprint
from bots.sources.x_api import XApi
from bots.sources.x_memory import DAY_S, OVERLAP_S, Memory, Place, moment
from bots.sources.x_options import XOptions
from bots.sources.x_problems import settled
from bots.sources.x_reading import Reader
from bots.sources.x_rules import Rule, queries_of, rules_of, synchronise

log = logging.getLogger(__name__)

SHORT_S = 10.0  # an absence so short is no gap: the stream is a few seconds late anyway


class X(Source):
    """One connection at a time; a failure is raised, and the next call goes on."""

    name: ClassVar[str] = "x"
    options_type: ClassVar[type[SourceOptions]] = XOptions
    waits_s: ClassVar[Sequence[float]] = LOOKS_S
    beat_s: ClassVar[float] = 5.0  # how often it is asked whether there is something to search for or to look at
    pause_s: ClassVar[float] = 2.5  # between two requests; X allows 450 searches in 15 minutes
    rest_s: ClassVar[float] = 60.0  # after one that failed
    late_s: ClassVar[float] = 40.0  # recent search knows posts half a minute after they were written

    def __init__(self, options: XOptions, tools: Tools) -> None:
        super().__init__(options, tools)
        self._free, self._failing = 0.0, False
        self._paid: Lru[int, int] = Lru(50_000)

    async def collect(self, cursor: Any) -> AsyncIterator[Batch]:
        """Posts as they come, with what was missed, edited and deleted, for ever."""
        options: XOptions = self.options
        rules = self._rules()
        assert options.token is not None, "`_rules` looked"
        api = XApi(self.tools.http, options.base_url, options.token.get_secret_value())
        reader = self._reader(api, msgspec.convert(cursor or {}, Place))
        self._stop_when_spent(reader.place)
        try:
            reader.rules = await synchronise(api, rules)
        except HttpError as error:
            raise settled(error) from error
        absent = self._now() - reader.place.at if reader.place.at else 0.0
        again = options.backfill_minutes if absent else 0
        async with Lines(api.stream(again, options.silence.total_seconds())) as lines:
            first = await self._opened(lines, again)
            if (gap := self._missed(reader, 60.0 * again)) is not None:
                yield reader.batch(gap=gap)
            async with aclosing(self._listen(lines, first, reader)) as batches:
                async for batch in batches:
                    yield batch

    def _rules(self) -> list[Rule]:
        options: XOptions = self.options
        if options.token is None:
            raise Misconfigured("sources.x.token: X wants a bearer token (token_file), or disable the source")
        rules = rules_of(self.tools.brands, options.rules, options.rule_length)
        if not rules:
            raise Misconfigured("sources.x.rules: the brands have nothing that X could match; write rules by hand")
        return rules

    def _reader(self, api: XApi, place: Place) -> Reader:
        options: XOptions = self.options
        queries = queries_of(self.tools.brands, options.rules, options.rule_length)
        if place.queries != fingerprint("\n".join(queries)):
            place.queries = fingerprint("\n".join(queries))
            for hole in place.holes:
                hole.query, hole.page = 0, ""
        return Reader(api, Memory(place, self.waits_s, options.recheck, self._paid), queries, self._now)

    async def _opened(self, lines: Lines, backfill_minutes: int) -> list[bytes]:
        try:
            return await lines.ready(None)
        except HttpError as error:
            raise settled(error, "backfill_minutes" if backfill_minutes else "token") from error

    def _missed(self, reader: Reader, repeated_s: float) -> Gap | None:
        """What was missed since the last connection is searched for; what cannot be is a gap."""
        options: XOptions = self.options
        now, before, place = self._now(), reader.place.at, reader.place
        place.at = now
        start = before - OVERLAP_S if before else now - options.first.total_seconds()
        if start >= now or (before and now - before + SHORT_S <= repeated_s):
            return None
        if options.search and reader.queries:
            place.missed(start, now)
        reason = ""
        if not options.search:
            reason = "nobody listened, and sources.x.search is off"
            before = min([before, *(hole.start for hole in place.holes)])
            place.holes = []
        elif len(reader.queries) < len(options.rules):
            reason = "nobody listened, and some of sources.x.rules are too long to search"
        return Gap(moment(before), moment(now), reason) if reason and before and now - before > SHORT_S else None

    async def _listen(self, lines: Lines, first: list[bytes], reader: Reader) -> AsyncGenerator[Batch, None]:
        loop = asyncio.get_running_loop()
        arrived, heard = first, self._now()  # what arrives while a batch is being taken counts as not heard yet
        while True:
            batch = await self._work(reader)
            if batch is not None:
                yield batch
            if any(arrived) or (arrived and batch is None):
                yield reader.lines(arrived, heard)
            if reader.ended:
                raise Retry(f"X ended the stream: {reader.ended}")
            if not reader.place.left(self.options.most_posts_per_day, self._now()):
                yield self._spent(reader)
                self._stop_when_spent(reader.place)
            arrived, heard = await lines.ready(loop.time() + self.beat_s), self._now()

    async def _work(self, reader: Reader) -> Batch | None:
        """One request for what was missed, or for another look, in turn; None: nothing is due."""
        place, loop = reader.place, asyncio.get_running_loop()
        if loop.time() < self._free:
            return None
        most, now = self.options.most_posts_per_day, self._now()
        left, again = place.left(most, now), place.left_for_looks(most, now)
        holes = [hole for hole in place.holes if left and (hole.begun or hole.end + self.late_s <= now)]
        due = again and reader.memory.due(now, 1)
        if not (holes or due):
            return None
        place.turn += 1
        self._free = loop.time() + self.pause_s
        try:
            filling = holes and (place.turn % 2 or not due)
            batch = await (reader.fill(holes[0], left) if filling else reader.look_again(again))
        except HttpError as error:
            self._free = loop.time() + max(error.after or 0.0, self.rest_s)
            if not self._failing:
                log.warning("x: what was missed or edited cannot be asked for now: %s", error)
            self._failing = True
            return None
        self._failing = False
        return batch

    def _spent(self, reader: Reader) -> Batch:
        """The day's money is spent: what comes until midnight is a gap, known from now on."""
        now, place = self._now(), reader.place
        place.at = float((int(now) // DAY_S + 1) * DAY_S)
        most = self.options.most_posts_per_day
        return reader.batch(gap=Gap(moment(now), moment(place.at), f"{most} posts were read: most_posts_per_day"))

    def _stop_when_spent(self, place: Place) -> None:
        now, most = self._now(), self.options.most_posts_per_day
        if not place.left(most, now):
            again = moment((int(now) // DAY_S + 1) * DAY_S)
            reason = f"sources.x.most_posts_per_day: {most} posts were read today"
            raise Retry(f"{reason}; reading goes on at {again:%Y-%m-%d %H:%M} UTC", again.timestamp() - now)

    def _now(self) -> float:
        return self.tools.now().timestamp()
