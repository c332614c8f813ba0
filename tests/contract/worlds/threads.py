"""Threads: posts and answers that a term and a topic find, and malformed records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from aiohttp import web

from bots.sources.base import SourceOptions
from bots.sources.threads import ThreadsNet
from bots.sources.threads_options import ThreadsOptions
from tests.bots.sources.threads_server import TOKEN, ThreadsServer, stamp
from tests.contract.source_worlds import Told, World

NOON = 1_795_435_200  # 2026-11-23T12:00:00Z, the suite's time
ODD = ("plain", "two\nlines", "👩🏽‍🚀 ﷽ \u202eright", "日本語 の 投稿", "<b> & \x00 nul", "e\u0301 combining")


class QuickThreads(ThreadsNet):
    """A suite cannot wait minutes, let alone a month."""

    waits_s: ClassVar[Sequence[float]] = range(-2_000, 0)  # always due, those first that had the fewest looks
    look_pause_s: ClassVar[float] = 0.0
    pace: ClassVar[float] = 0.0


class ThreadsWorld(World):
    """90 posts, found by a word, a topic, or both."""

    source = QuickThreads

    def __init__(self) -> None:
        self.server = ThreadsServer(page=17)
        self.told: dict[str, Told | None] = {}
        for number in range(60):
            above = number - 1 if number % 7 == 3 else None
            topic = {"topic_tag": "Acme"} if number % 5 == 0 else {}
            self.say(number, f"acme {number} {ODD[number % len(ODD)]}", above, **topic)
        for number in range(60, 90):
            self.say(number, f"about it {number}", None, topic_tag="Acme")
        self.server.posts["1000000089"] |= {"text": None, "alt_text": "a picture"}
        self.told["threads:1000000089"] = (self.told["threads:1000000089"] or {}) | {"text": "a picture"}
        first = dict(self.server.posts["1000000001"])
        nameless = {name: value for name, value in first.items() if name != "username"}
        self.server.odd = [first | {"timestamp": "soon"}, nameless, "acme", None, {"id": "no number"}]

    def say(self, number: int, text: str, above: int | None, **more: Any) -> None:
        """Someone posts."""
        name = str(1_000_000_000 + number)
        post: dict[str, Any] = {"id": name, "media_type": "TEXT_POST", "text": text, "username": f"user.{number % 5}"}
        post |= {"timestamp": stamp(NOON - 86_400 + number * 60), "is_reply": above is not None, **more}
        parent = str(1_000_000_000 + above) if above is not None else None
        if parent:
            post |= {"root_post": {"id": parent}, "replied_to": {"id": parent}}
        self.server.posts[name] = post | {"permalink": f"https://www.threads.com/@user/post/{name}"}
        self.told[f"threads:{name}"] = {
            "text": text.replace("\x00", "").replace("e\u0301", "é"),
            "reply_to": f"threads:{parent}" if parent else None,
            "thread": f"threads:{parent or name}",
            "author": f"threads:user.{number % 5}",
        }

    def options(self) -> SourceOptions:
        options = {"token": TOKEN, "searches": ["acme", "#Acme"], "base_url": self.url, "every": "10ms", "first": "7d"}
        return ThreadsOptions.model_validate(options)

    async def serve(self, request: web.Request) -> web.Response:
        return await self.server.serve(request)

    def change(self) -> bool:
        self.server.posts["1000000020"] |= {"text": "acme, edited"}
        self.told["threads:1000000020"] = (self.told["threads:1000000020"] or {}) | {"text": "acme, edited"}
        for number in (21, 70):
            del self.server.posts[str(1_000_000_000 + number)]
            self.told[f"threads:{1_000_000_000 + number}"] = None
        for number in range(90, 96):
            self.say(number, f"acme news {number}", None)
        return True

    def expected(self) -> dict[str, Told | None]:
        return self.told

    def bad(self) -> int:
        return 5
