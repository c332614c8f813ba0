"""Share of voice: every brand of a group brings its counts, from wherever it is held; who is missing is named."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import msgspec
from aiohttp import web

from config.schema import Config
from streams.api.answers import BrandVoice, Voice
from streams.api.local import Local
from streams.api.params import Question
from streams.api.problems import Problem, unavailable
from streams.api.proxy import Proxy
from streams.views.voice import ShareOfVoice, VoiceCounts

_counts = msgspec.json.Decoder(VoiceCounts)


class Voices:
    """Gathers the counts of a group."""

    def __init__(self, config: Config, local: Local, proxy: Proxy) -> None:
        self._config, self._local, self._proxy = config, local, proxy

    async def gather(self, request: web.Request, brand: str, question: Question) -> Voice:
        """Share of voice of every brand in `brand`'s group, over one and the same window, the largest first.

        Raises `Problem` when `brand` itself does not answer; the others are named in `missing`.
        """
        names, counts = await self._counts(request, brand, question)
        order = sorted(counts, key=lambda name: (-counts[name].posts, name))
        shares = await self._local.shares(counts, order)
        brands = [BrandVoice(name, share) for name, share in zip(order, shares, strict=True)]
        group, missing = self._config.brand(brand).group, [name for name in names if name not in counts]
        return Voice(brand, group, question.span.start, question.span.to, brands, missing)

    async def own(self, request: web.Request, brand: str, question: Question) -> tuple[ShareOfVoice, Sequence[str]]:
        """The share of `brand` alone, and who is missing. Raises `Problem` as `gather` does."""
        names, counts = await self._counts(request, brand, question)
        (share,) = await self._local.shares(counts, [brand])
        return share, [name for name in names if name not in counts]

    async def _counts(
        self, request: web.Request, brand: str, question: Question
    ) -> tuple[Sequence[str], Mapping[str, VoiceCounts]]:
        """(the brands of the group, the counts of those that answered)."""
        group = self._config.brand(brand).group
        names = [other.name for other in self._config.brands if other.group == group]
        here, own = await asyncio.gather(
            self._local.voice_counts_beside(names, question),  # of all: brands of a group share what was counted
            self._of(request, brand, question),
        )
        if isinstance(own, Problem):
            raise own
        away = [name for name in names if name not in here and name != brand]
        found = await asyncio.gather(*(self._of(request, name, question) for name in away))
        known = {**here, brand: own, **dict(zip(away, found, strict=True))}
        counts = {name: count for name in names if isinstance(count := known[name], VoiceCounts)}
        return names, counts

    async def _of(self, request: web.Request, brand: str, question: Question) -> VoiceCounts | Problem:
        try:
            if self._local.holds(brand):
                return await self._local.voice_counts(brand, question)
            path = f"/api/brands/{brand}/voice-counts?{question.pinned_query()}"
            answer = await self._proxy.ask(brand, path, request, last=True)
        except Problem as problem:
            return problem
        if answer.status != web.HTTPOk.status_code:
            return unavailable(f"{brand}: its worker answered with status {answer.status}")
        return _counts.decode(answer.body)
