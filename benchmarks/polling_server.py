"""The networks that `benchmarks.polling` reads: 200 RSS feeds and a Mastodon server with 50 busy tags."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from multiprocessing.connection import Connection
from random import Random
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

from aiohttp import web

FEEDS, TAGS = 200, 50
IN_FEED = 25
"""Entries of a feed, the newest first; older ones fall out."""
PAGE = 40
PER_FIVE_MINUTES = 300
"""Requests of one address that a Mastodon server answers: https://docs.joinmastodon.org/api/rate-limits/"""
FEED_ENTRIES, TAG_POSTS = 5.0, 10.0
"""New ones a second, over all feeds and over all tags."""
WORDS = ("the", "new", "phone", "has", "a", "battery", "that", "lasts", "olé", "ñandú", "日本", "🙂")


class Served(NamedTuple):
    """What the server tells at the end."""

    written: list[str]
    looks: int
    unchanged: int
    most: int
    """Requests for tags in the busiest five minutes."""
    refused: int


class Network:
    """Everything that was written, and who asked for it how often."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.feeds: list[deque[dict[str, str]]] = [deque(maxlen=IN_FEED) for _ in range(FEEDS)]
        self.tags: list[list[dict[str, Any]]] = [[] for _ in range(TAGS)]
        self.written: list[str] = []
        self.asked: deque[float] = deque()
        self.looks = self.most = self.refused = self.unchanged = 0
        self.writing = True
        self._last = 0

    async def write(self) -> None:
        """New entries until told to stop."""
        while self.writing:
            await asyncio.sleep(1 / (FEED_ENTRIES + TAG_POSTS))
            name = f"n{len(self.written)}"
            text = " ".join(self.random.choices(WORDS, k=self.random.randint(5, 40))) + f" {name}"
            self.written.append(name)
            if self.random.random() < FEED_ENTRIES / (FEED_ENTRIES + TAG_POSTS):
                when = format_datetime(datetime.now(UTC))
                self.random.choice(self.feeds).appendleft({"guid": name, "text": text, "when": when})
            else:
                self.random.choice(self.tags).append(self._status(text))

    def _status(self, text: str) -> dict[str, Any]:
        now = datetime.now(UTC)
        self._last = max(self._last + 1, int(now.timestamp() * 1_000) << 16)  # as Mastodon numbers: time, then a count
        acct = f"user{self.random.randrange(2_000)}"
        account = {"id": acct, "acct": acct, "uri": f"https://social.example/users/{acct}", "note": ""}
        return {
            "id": str(self._last),
            "uri": f"https://social.example/{self._last}",
            "created_at": now.isoformat().replace("+00:00", "Z"),
            "account": account,
            "visibility": "public",
            "content": f"<p>{escape(text)}</p>",
        }

    async def feed(self, request: web.Request) -> web.Response:
        """One feed, or that it has not changed."""
        entries = self.feeds[int(request.match_info["number"])]
        etag = f'"{entries[0]["guid"] if entries else "empty"}"'
        self.looks += 1
        if request.headers.get("If-None-Match") == etag:
            self.unchanged += 1
            return web.Response(status=304, headers={"ETag": etag})
        items = "".join(
            f"<item><guid isPermaLink='false'>{each['guid']}</guid><title>{escape(each['text'])}</title>"
            f"<pubDate>{each['when']}</pubDate></item>"
            for each in entries
        )
        body = f"<?xml version='1.0'?><rss version='2.0'><channel><title>Feed</title>{items}</channel></rss>"
        return web.Response(body=body.encode(), content_type="application/rss+xml", headers={"ETag": etag})

    async def tag(self, request: web.Request) -> web.Response:
        """The page behind `min_id`, newest first; or the newest page."""
        if (refusal := self._limited()) is not None:
            return refusal
        posts = self.tags[int(request.match_info["name"].removeprefix("tag"))]
        if "min_id" in request.query:
            after = int(request.query["min_id"])
            page = [each for each in posts if int(each["id"]) > after][:PAGE]
        else:
            page = posts[-PAGE:]
        return web.json_response(page[::-1], headers=self._left())

    def _limited(self) -> web.Response | None:
        now = time.monotonic()
        while self.asked and self.asked[0] < now - 300:
            self.asked.popleft()
        if len(self.asked) >= PER_FIVE_MINUTES:
            self.refused += 1
            return web.json_response({"error": "Too many requests"}, status=429, headers=self._left())
        self.asked.append(now)
        self.most = max(self.most, len(self.asked))
        return None

    def _left(self) -> dict[str, str]:
        reset = (datetime.now(UTC) + timedelta(seconds=300)).isoformat().replace("+00:00", "Z")
        left = PER_FIVE_MINUTES - len(self.asked)
        return {
            "X-RateLimit-Limit": str(PER_FIVE_MINUTES),
            "X-RateLimit-Remaining": str(left),
            "X-RateLimit-Reset": reset,
        }


def serve(line: Connection) -> None:
    """A process: tell the address, write until "stop", then answer with what was written and how it was read."""
    asyncio.run(_serve(line))


async def _serve(line: Connection) -> None:
    network, app = Network(Random(1)), web.Application()
    app.router.add_get("/feed/{number}", network.feed)
    app.router.add_get("/api/v1/timelines/tag/{name}", network.tag)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    line.send(f"http://127.0.0.1:{runner.addresses[0][1]}")
    writer = asyncio.create_task(network.write())
    await asyncio.to_thread(line.recv)
    network.writing = False
    await writer
    await asyncio.to_thread(line.recv)
    line.send(Served(network.written, network.looks, network.unchanged, network.most, network.refused))
