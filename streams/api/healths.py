"""The whole answer of `/health`: what this worker knows, the other brands of the group, and the circles that moved."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from aiohttp import web

from config.schema import Config
from streams.api.circle_moves import circle_moves
from streams.api.gaps import WindowGap
from streams.api.health_answers import BrandHealth, CircleMove, ComponentHealth, HealthFigures, HealthSummary
from streams.api.health_room import Found
from streams.api.health_sentences import summary
from streams.api.local import Local
from streams.api.params import Span
from streams.api.peers import PART_S
from streams.api.problems import Problem
from streams.api.proxy import Proxy
from streams.views.components import BY_NAME, Figure
from streams.views.standing import MIN_OTHERS, MIN_WINDOWS, standing

OTHERS: Final = 4  # of a group, asked at once: all of a large one would be refused as too much at once
CIRCLES_S: Final = 3.0  # that an answer waits for them: they are an ornament to it
_figures = msgspec.json.Decoder(HealthFigures)


class Healths:
    """Answers for a brand that is held here."""

    def __init__(self, config: Config, local: Local, proxy: Proxy) -> None:
        self._config, self._local, self._proxy = config, local, proxy

    async def answer(
        self, request: web.Request, brand: str, span: Span, lang: str, gaps: Sequence[WindowGap]
    ) -> BrandHealth:
        """Raises `Problem` when the brand itself cannot be answered; other brands are named in `missing`."""
        found = await self._local.health.own(brand, span)
        then = Span(span.length, found.health.end, pinned=True)  # others are asked for the very same window
        changes = {name: each.change for name, each in found.health.components.items() if each.change is not None}
        moved = [name for name, change in changes.items() if change.real]
        others, (circles, why) = await asyncio.gather(
            self._others(request, brand, then), self._circles(brand, span, then, wanted=bool(moved))
        )
        known = {name: figures for name, figures in others.items() if figures is not None}
        made = BrandHealth(
            brand=brand,
            group=self._config.brand(brand).group,
            start=then.start,
            to=then.to,
            since=found.health.since,
            windows=found.health.windows,
            min_windows=MIN_WINDOWS,
            components=_beside(found, known),
            moved=moved,
            tested=sum(change.real is not None for change in changes.values()),
            posts=found.posts,
            circles=circles,
            circles_missing=why,
            summary=HealthSummary("", ()),
            missing=[name for name in others if name not in known],
            gaps=gaps,
        )
        return msgspec.structs.replace(made, summary=summary(made, lang))

    async def _others(self, request: web.Request, brand: str, span: Span) -> dict[str, Mapping[str, Figure] | None]:
        group, turns = self._config.brand(brand).group, asyncio.Semaphore(OTHERS)
        names = [other.name for other in self._config.brands if other.group == group and other.name != brand]

        async def one(name: str) -> Mapping[str, Figure] | None:
            async with turns:
                return await self._of(request, name, span)

        found = await asyncio.gather(*map(one, names))
        return dict(zip(names, found, strict=True))

    async def _of(self, request: web.Request, brand: str, span: Span) -> Mapping[str, Figure] | None:
        try:
            if self._local.holds(brand):
                async with asyncio.timeout(PART_S):
                    return await self._local.health.figures(brand, span)
            path = f"/api/brands/{brand}/health-figures?{span.pinned_query()}"
            answer = await self._proxy.ask(brand, path, request, last=True)
        except (Problem, TimeoutError):
            return None
        return _figures.decode(answer.body).figures if answer.status == web.HTTPOk.status_code else None

    async def _circles(
        self, brand: str, span: Span, then: Span, *, wanted: bool
    ) -> tuple[Sequence[CircleMove], str | None]:
        """Those that moved, and why there is nothing to say of them."""
        if not wanted:
            return (), None
        room, before = self._local.circles, Span(span.length, then.start, pinned=True)
        try:
            async with asyncio.timeout(CIRCLES_S):
                pair = await asyncio.gather(room.circles(brand, span), room.circles(brand, before))
        except TimeoutError:
            return (), "the circles are still being worked out; ask again in a few seconds"
        except Problem as problem:
            return (), str(problem)
        return circle_moves(*pair), None


def _beside(found: Found, others: Mapping[str, Mapping[str, Figure]]) -> dict[str, ComponentHealth]:
    made = {}
    for name, each in found.health.components.items():
        beside = [figures[name] for figures in others.values()]
        made[name] = ComponentHealth(
            now=each.now,
            history=each.history,
            change=each.change,
            group=standing(each.now, beside, MIN_OTHERS),
            better=BY_NAME[name].better,
            unit=BY_NAME[name].unit,
        )
    return made
