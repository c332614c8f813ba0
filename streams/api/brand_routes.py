"""The routes about one brand: answered from the desk when the brand is here, else by the worker that holds it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import msgspec
from aiohttp import web

from config.schema import Config
from streams.api import answers
from streams.api.gaps import WindowGap, within
from streams.api.health_answers import BrandHealth, HealthFigures
from streams.api.healths import Healths
from streams.api.local import Local
from streams.api.params import Params, Question, after, form, limit, name
from streams.api.problems import bad_parameter, unknown
from streams.api.proxy import Proxy
from streams.api.service_routes import reply
from streams.api.voices import Voices
from streams.graph.answers import Circles
from streams.graph.export import Format
from streams.records import SourceStatus

Answer = Callable[[web.Request, str], Awaitable[Any]]
Handler = Callable[[web.Request], Awaitable[web.Response]]
MEDIA: Mapping[Format, str] = {"json": "application/json", "graphml": "application/xml"}


class BrandRoutes:
    """Handlers of the table `routes.BRAND`, by operation."""

    def __init__(
        self,
        config: Config,
        local: Local,
        proxy: Proxy,
        params: Params,
        sources: Callable[[], Sequence[SourceStatus]],
    ) -> None:
        self._names = [brand.name for brand in config.brands]
        self._local, self._proxy, self._params = local, proxy, params
        self._voices = Voices(config, local, proxy)
        self._healths = Healths(config, local, proxy)
        self._sources = sources

    def handlers(self) -> dict[str, Handler]:
        """Operation -> handler."""
        return {
            "pulse": self._where_it_is(self._pulse),
            "series": self._where_it_is(self._series),
            "mentions": self._where_it_is(self._mentions),
            "voice_counts": self._where_it_is(self._voice_counts),
            "voice": self.voice,
            "circles": self._where_it_is(self._circles),
            "graph": self.graph,
            "health": self._where_it_is(self._health),
            "health_figures": self._where_it_is(self._health_figures),
        }

    def _where_it_is(self, answer: Answer) -> Handler:
        async def handle(request: web.Request) -> web.Response:
            brand = self._brand(request)
            if not self._local.holds(brand):
                return await self._proxy.pass_on(brand, request)
            return reply(await answer(request, brand))

        return handle

    def _brand(self, request: web.Request) -> str:
        name = request.match_info["brand"]
        if name not in self._names:
            raise unknown("brand", name, self._names)
        return name

    async def _pulse(self, request: web.Request, brand: str) -> Any:
        question = self._params.question(request)
        numbers, (share, missing) = await asyncio.gather(
            self._local.pulse(brand, question), self._voices.own(request, brand, question)
        )
        known = msgspec.structs.asdict(numbers)
        gaps = self._gaps(question)
        return answers.BrandPulse(**known, brand=brand, share_of_voice=share, missing=missing, gaps=gaps)

    async def _series(self, request: web.Request, brand: str) -> Any:
        question = self._params.question(request)
        points = await self._local.series(brand, question, self._params.step(request, question.span.length))
        return answers.BrandSeries(**msgspec.structs.asdict(points), gaps=self._gaps(question))

    def _gaps(self, question: Question) -> Sequence[WindowGap]:
        return within(self._sources(), question.span.start, question.span.to, question.platform)

    async def _voice_counts(self, request: web.Request, brand: str) -> Any:
        return await self._local.voice_counts(brand, self._params.question(request))

    async def voice(self, request: web.Request) -> web.Response:
        """Share of voice in the brand's group; any worker can gather it."""
        return reply(await self._voices.gather(request, self._brand(request), self._params.question(request)))

    async def _mentions(self, request: web.Request, brand: str) -> answers.Mentions:
        span, size = self._params.span(request), limit(request)
        try:
            page = self._local.entries(brand, span.start, span.to, after(request), size)
        except ValueError as error:
            raise bad_parameter("after", str(error)) from error
        # The next page is asked for the same moment: with a moving `to` the window's far end would move as well.
        query = span.pinned_query(limit=str(size), after=page.after or "")
        following = f"/api/brands/{brand}/mentions?{query}" if page.after else None
        return answers.Mentions(brand, span.start, span.to, page.entries, page.after, following)

    async def _circles(self, request: web.Request, brand: str) -> Circles:
        return await self._local.circles.circles(brand, self._params.span(request))

    async def _health(self, request: web.Request, brand: str) -> BrandHealth:
        span, say = self._params.span(request), name(request, "say") or "en"
        gaps = within(self._sources(), span.start - span.length, span.to)
        return await self._healths.answer(request, brand, span, say, gaps)

    async def _health_figures(self, request: web.Request, brand: str) -> HealthFigures:
        return HealthFigures(await self._local.health.figures(brand, self._params.span(request)))

    async def graph(self, request: web.Request) -> web.Response:
        """The graph behind the circles as a document, from wherever the brand is."""
        brand, span, wanted = self._brand(request), self._params.span(request), form(request)
        if not self._local.holds(brand):
            return await self._proxy.pass_on(brand, request)
        body = await self._local.circles.graph(brand, span, wanted)
        return web.Response(body=body, content_type=MEDIA[wanted], headers={"Cache-Control": "no-store"})
