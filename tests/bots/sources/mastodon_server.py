"""A Mastodon server on loopback that a test fills, and a collector with a clock that is set by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import aclosing
from datetime import UTC, datetime
from random import Random
from typing import Any, cast

from aiohttp import web

from bots.http import Http
from bots.sources.base import Batch, Tools
from bots.sources.mastodon import Mastodon
from bots.sources.mastodon_options import MastodonOptions
from streams.records import Post

NOW = datetime(2026, 11, 3, 10, tzinfo=UTC)
SECOND = 1_000 << 16
BASE = 1_795_000_000_000 << 16


def status(number: int, **more: Any) -> dict[str, Any]:
    """A status as a server gives it, `number` seconds after the first."""
    account = {"id": "1", "acct": "ana@a.example", "uri": "https://a.example/users/ana", "note": ""}
    return {
        "id": str(BASE + number * SECOND),
        "uri": f"https://a.example/{number}",
        "created_at": "2026-11-03T09:00:00Z",
        "account": account,
        "visibility": "public",
        "content": f"<p>post {number}</p>",
    } | more


class Server:
    """A server's statuses, and what its stream says on each connection."""

    def __init__(self, *statuses: dict[str, Any]) -> None:
        self.statuses = list(statuses)
        self.above: dict[str, list[dict[str, Any]]] = {}
        self.stream = b""
        self.refusal: Callable[[str], web.Response | None] = lambda path: None
        self.most = 40
        self.asked: list[str] = []
        self.tokens: set[str | None] = set()
        self.url = ""

    async def serve(self, request: web.Request) -> web.Response:
        """One answer."""
        path = request.path.removeprefix("/api/v1/")
        self.asked.append(path)
        self.tokens.add(request.headers.get("Authorization"))
        refusal = self.refusal(path)
        if refusal is not None:
            return refusal
        if path.startswith("streaming/"):
            return web.Response(body=self.stream, content_type="text/event-stream")
        if path.startswith("timelines/"):
            after = int(request.query.get("min_id", "0"))
            return web.json_response([each for each in self.statuses if int(each["id"]) > after][: self.most][::-1])
        if path.endswith("/context"):
            return web.json_response({"ancestors": self.above.get(path.split("/")[1], []), "descendants": []})
        found = next((each for each in self.statuses if path == f"statuses/{each['id']}"), None)
        return web.json_response(found or {"error": "gone"}, status=200 if found else 404)


class Collector:
    """The source as the runner would drive it, with a clock that is set by hand."""

    def __init__(self, http: Http, *servers: Server, instance: dict[str, Any] | None = None, **options: Any) -> None:
        instances = [{"url": server.url, "timelines": ["local"]} | (instance or {}) for server in servers]
        settings = {"poll": "2ms", "overlap": "10s", "instances": instances, **options}
        self.now, self.cursor = NOW, cast(Any, None)
        self.source = Mastodon(MastodonOptions.model_validate(settings), Tools(http, lambda: self.now, Random(1), ()))

    async def run(self, enough: Callable[[list[Post]], bool], *, batches: int = 400) -> list[Post]:
        """What is told until it is enough."""
        posts: list[Post] = []
        async with aclosing(cast(Any, self.source.collect(self.cursor))) as stream:
            async for batch in stream:
                assert isinstance(batch, Batch)
                posts += batch.posts
                self.cursor = json.loads(json.dumps(batch.cursor)) if batch.cursor is not None else self.cursor
                batches -= 1
                if enough(posts) or not batches:
                    break
        return posts


def many(count: int) -> Callable[[list[Post]], bool]:
    """Until so many posts were told."""
    return lambda posts: len(posts) >= count


def texts(posts: list[Post]) -> list[str]:
    return [f"{each.op} {each.text}".strip() for each in posts]
