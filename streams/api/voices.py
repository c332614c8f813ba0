"""Share of voice: every brand of a group brings its counts, from wherever it is held; who is missing is named."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import msgspec
from aiohttp import web

from config.schema import Config
from streams.api.answers import BrandVoice, Voice
from streams.api.local import Local
from streams.api.params import Question
from streams.api.problems import Problem, unavailable
from streams.api.proxy import Proxy
from streams.views.voice import VoiceCounts, share_of_voice

_counts = msgspec.json.Decoder(VoiceCounts)


class Voices:
    """Gathers the counts of a group."""

    def __init__(self, config: Config, local: Local, proxy: Proxy) -> None:
        self._config, self._local, self._proxy = config, local, proxy

    async def gather(self, request: web.Request, brand: str, question: Question) -> Voice:
        """Share of voice of every brand in `brand`'s group, over one and the same window.

        Raises `Problem` when `brand` itself does not answer; the others are named in `missing`.
        """
        group = self._config.brand(brand).group
        names = [other.name for other in self._config.brands if other.group == group]
        found = await asyncio.gather(*(self._of(request, name, question) for name in names))
        answers = dict(zip(names, found, strict=True))
        if isinstance(own := answers[brand], Problem):
            raise own
        counts = {name: count for name, count in answers.items() if isinstance(count, VoiceCounts)}
        missing = [name for name in names if name not in counts]
        return Voice(brand, group, question.span.start, question.span.to, self._shares(counts), missing)

    def _shares(self, counts: Mapping[str, VoiceCounts]) -> list[BrandVoice]:
        """The largest first."""
        order = sorted(counts, key=lambda name: (-counts[name].posts, name))
        return [BrandVoice(name, share_of_voice(name, counts, self._local.asked)) for name in order]

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
