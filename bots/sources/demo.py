"""A simulated community that talks about the configured brands: for trying Tertulia out, without any network.

Everything follows from the seed and the clock: each minute draws its conversations from `Random("seed:minute")`, so
the resume point is only a time, and after a crash the same posts come again under the same ids.
"""

from __future__ import annotations

import asyncio
import heapq
import math
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from random import Random
from typing import Annotated, Any, ClassVar

import msgspec
from pydantic import Field

from bots.sources.base import Batch, Misconfigured, Source, SourceOptions, Tools
from bots.sources.demo_people import Community
from bots.sources.demo_plan import Plan
from bots.sources.demo_talk import MEAN_SIZE, SPAN_S, Happening, Talk
from config.units import Duration

SLOT_S = 60
BATCH = 500
NAP_S = 30.0  # the longest silence: an empty batch after it says that the source lives
_CHATTER = 0.15  # share of conversations that are about no brand at all
_LANGS = ("es", "en")


class DemoOptions(SourceOptions):
    """Options of `sources.demo`."""

    rate: Annotated[float, Field(gt=0, le=1_000)] = Field(
        default=0.1, description="Posts per second outside crises and campaigns, over all brands."
    )
    seed: int = Field(default=1, description="Another seed, another community.")
    speed: Annotated[float, Field(ge=1, le=100)] = Field(
        default=1.0, description="How many times faster crises (every 3 h) and campaigns (daily) follow each other."
    )
    backfill: Annotated[Duration, Field(ge=timedelta(0), le=timedelta(days=90))] = Field(
        default=timedelta(hours=24), description="At the first start, how much past is made up."
    )


class Resume(msgspec.Struct, frozen=True):
    """A resume point: the last happening told (unix ms and id).

    `live` is the first start, around which the plan is laid out; no conversation is older than `begin` (unix s).
    """

    live: float
    begin: float
    at: int
    id: str = ""


class Demo(Source):
    """The simulated community."""

    name: ClassVar[str] = "demo"
    options_type: ClassVar[type[SourceOptions]] = DemoOptions

    def __init__(self, options: DemoOptions, tools: Tools) -> None:
        super().__init__(options, tools)
        self._langs = _languages(tools)
        self._talk = Talk(Community(options.seed, self._langs), tools.brands, self._langs)

    async def collect(self, cursor: Any) -> AsyncIterator[Batch]:
        """Yield the past at once, then each post at its time."""
        if not self.tools.brands:
            raise Misconfigured("sources.demo talks about the configured brands, and `brands` is empty")
        resume = self._resume(cursor)
        told: list[Happening] = []
        for happening in self.happenings(resume):
            while (wait := happening.at / 1_000 - self.tools.now().timestamp()) > 0:
                if told:
                    yield _batch(told, resume)
                    told = []
                await asyncio.sleep(min(wait, NAP_S))
                if wait > NAP_S:
                    yield Batch()
            told.append(happening)
            if len(told) >= BATCH:
                yield _batch(told, resume)
                told = []

    def happenings(self, resume: Resume) -> Iterator[Happening]:
        """All that happens after the resume point, in order, without end."""
        plan = Plan(self.options.seed, len(self.tools.brands), resume.live, self.options.speed)
        after = Happening(resume.at, resume.id)
        heap: list[Happening] = []
        slot = math.ceil(max(resume.begin, resume.at / 1_000 - SPAN_S - SLOT_S) / SLOT_S)
        while True:
            for happening in self._slot(plan, slot):
                if (happening.at, happening.id) > (after.at, after.id):
                    heapq.heappush(heap, happening)
            slot += 1
            while heap and heap[0].at < slot * SLOT_S * 1_000:
                yield heapq.heappop(heap)

    def _slot(self, plan: Plan, slot: int) -> Iterator[Happening]:
        """The conversations that begin within one minute."""
        options: DemoOptions = self.options
        rng = Random(f"{options.seed}:{slot}")
        start = float(slot * SLOT_S)
        per_slot = options.rate * SLOT_S / MEAN_SIZE
        weights = [
            1 / rank for rank in range(1, len(self.tools.brands) + 1)
        ]  # the first brand is the most talked about
        for brand, weight in enumerate(weights):
            share = (1 - _CHATTER) * weight / sum(weights)
            for number in range(_poisson(rng, per_slot * share * plan.intensity(brand, start))):
                at = start + rng.random() * SLOT_S
                name = f"{options.seed}-{slot}-{brand}-{number}"
                yield from self._talk.conversation(Random(name), name, at, brand, plan.now(brand, at))
        for number in range(_poisson(rng, per_slot * _CHATTER)):
            name = f"{options.seed}-{slot}-x-{number}"
            yield from self._talk.conversation(Random(name), name, start + rng.random() * SLOT_S, None, None)
        yield from self._own_words(plan, slot)

    def _own_words(self, plan: Plan, slot: int) -> Iterator[Happening]:
        """What the brands themselves say at the known moments."""
        start = slot * SLOT_S
        for moment in plan.moments(start):
            spoken = (
                (("launch", moment.start),)
                if moment.kind == "campaign"
                else (("statement", moment.start + 480), ("solved", moment.end))
            )
            for rule, at in spoken:
                if start <= at < start + SLOT_S:
                    name = f"{self.options.seed}-{slot}-{rule}-{moment.brand}"
                    yield self._talk.spoken_by_brand(Random(name), name, rule, at, moment.brand)

    def _resume(self, cursor: Any) -> Resume:
        now = self.tools.now().timestamp()
        begin = now - self.options.backfill.total_seconds()
        if cursor is None:
            return Resume(now, begin, round(begin * 1_000))
        resume = msgspec.convert(cursor, Resume)
        # After a long pause the community has not waited: nothing is lost that ever was.
        return resume if resume.at >= begin * 1_000 else Resume(resume.live, begin, round(begin * 1_000))


def _batch(told: list[Happening], resume: Resume) -> Batch:
    last = told[-1]
    return Batch(
        [happening.post for happening in told], msgspec.to_builtins(Resume(resume.live, resume.begin, last.at, last.id))
    )


def _languages(tools: Tools) -> tuple[str, ...]:
    """Both languages, or the one that all brands listen to."""
    wanted = {lang.split("-")[0] for brand in tools.brands for lang in (brand.languages or _LANGS)}
    return tuple(lang for lang in _LANGS if lang in wanted) or _LANGS


def _poisson(rng: Random, mean: float) -> int:
    """A Poisson number (Knuth's method; by halves where the mean is large)."""
    if mean > 50:
        return _poisson(rng, mean / 2) + _poisson(rng, mean / 2)
    limit, product, count = math.exp(-mean), rng.random(), 0
    while product > limit:
        product *= rng.random()
        count += 1
    return count
