"""A collector of Reddit on a world, with a clock that the test turns."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from datetime import UTC, datetime
from random import Random
from typing import Any, cast

from aiohttp import web

from bots.http import Http
from bots.sources.base import Batch, Tools
from bots.sources.reddit import Reddit
from bots.sources.reddit_options import RedditOptions
from config.schema import Brand
from tests.contract.worlds.reddit import ID, SECRET, RedditWorld

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
BRANDS = (Brand(name="acme", terms=("Acme", 'the "big" one')), Brand(name="tags", hashtags=("x",)))


class Desk:
    """The world behind a server that a test may make answer otherwise: the first of `instead` whose path it is."""

    def __init__(self) -> None:
        self.world, self.now, self.cursor = RedditWorld(), NOON, cast(Any, None)
        self.instead: dict[str, Callable[[web.Request], Awaitable[web.Response]]] = {}
        self.asked: list[web.Request] = []

    async def serve(self, request: web.Request) -> web.Response:
        """One request."""
        self.asked.append(request)
        for part, answer in self.instead.items():
            if part in request.path:
                return await answer(request)
        return await self.world.serve(request)

    def source(self, http: Http, **options: Any) -> Reddit:
        """In a new process."""
        given: dict[str, Any] = {
            "auth_url": self.world.url,
            "api_url": self.world.url,
            "client_id": ID,
            "client_secret": SECRET,
        }
        given |= {"username": "acme_listens", "subreddits": ["acme"], "poll": "1ms", "first": 1_000}
        tools = Tools(http=http, now=lambda: self.now, random=Random(1), brands=BRANDS)
        return Reddit(RedditOptions.model_validate(given | options), tools)

    async def read(self, source: Reddit, most: int) -> list[Batch]:
        """So many batches, on from the last."""
        batches = []
        async with aclosing(cast(Any, source.collect(self.cursor))) as stream:
            for _ in range(most):
                batches.append(await anext(stream))
                self.cursor = json.loads(json.dumps(batches[-1].cursor))
        return batches

    def paths(self, part: str) -> list[web.Request]:
        """The requests for what has `part` in its path."""
        return [request for request in self.asked if part in request.path]


def told(batches: list[Batch]) -> list[tuple[str, str]]:
    """What happened to what, without the platform."""
    return [(post.op, post.id.removeprefix("reddit:")) for batch in batches for post in batch.posts]


def answering(status: int, body: Any, headers: dict[str, str] | None = None) -> Callable[[web.Request], Any]:
    """Always the same."""

    async def answer(request: web.Request) -> web.Response:
        return web.json_response(body, status=status, headers=headers)

    return answer
