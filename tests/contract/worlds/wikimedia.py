"""EventStreams as the contract suite meets it: edits, bots, canaries, deletions, hidden revisions, bad records."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, ClassVar

from aiohttp import web

from bots.sources.wikimedia import Wikimedia, WikimediaOptions
from tests.contract.source_worlds import Told, World

BEGIN = 1_795_432_000  # 2026-11-23, in the hour before the suite's noon
TITLES = ("Olive oil", "Elsewhere", "Größe 日本語 🙂")
SERVERS = {"enwiki": "en.wikipedia.org", "dewiki": "de.wikipedia.org", "frwiki": "fr.wikipedia.org"}


class QuickWikimedia(Wikimedia):
    """A suite cannot wait a second between two connections."""

    pause_s: ClassVar[float] = 0.001


class KillableWikimedia(QuickWikimedia):
    """There are batches to be killed between."""

    most: ClassVar[int] = 7


class WikimediaWorld(World):
    """A log of 90 changes on three wikis; the position in it is the offset that Last-Event-ID tells."""

    source = KillableWikimedia

    def __init__(self) -> None:
        self.log: list[bytes] = []
        self.sinces: list[str] = []
        self._expected: dict[str, Told | None] = {}
        for number in range(90):
            wiki = list(SERVERS)[number % 3 if number % 2 else 0]
            self.edit(number, wiki, TITLES[number % 3], "bot" if number % 10 == 9 else f"user {number % 4}")
        self.log[20:20] = [b"{broken", b"[]", b"\xff", b"7", json.dumps({"meta": {}, "type": 5}).encode()]
        self.log.append(_line(self._change(200, "enwiki", "Olive oil") | {"revision": None}))
        self.log.append(_line(self._change(201, "enwiki", "Olive oil") | {"type": "categorize"}))
        self.canary()

    def _change(self, number: int, wiki: str, title: str, user: str = "Ana", **more: Any) -> dict[str, Any]:
        server = SERVERS[wiki]
        at = datetime.fromtimestamp(BEGIN + number, UTC).isoformat().replace("+00:00", "Z")
        return {
            "$schema": "/mediawiki/recentchange/1.0.0",
            "meta": {"domain": server, "dt": at, "stream": "mediawiki.recentchange", "id": f"id{number}"},
            "id": number,
            "type": "edit",
            "namespace": 0,
            "title": title,
            "comment": f"/* History */ see [[Spain|the land]] {number}",
            "timestamp": BEGIN + number,
            "user": user,
            "bot": user == "bot",
            "minor": False,
            "length": {"old": 5, "new": 9},
            "revision": {"old": 10_000 + number, "new": 20_000 + number},
            "server_url": f"https://{server}",
            "server_name": server,
            "server_script_path": "/w",
            "wiki": wiki,
        } | more

    def edit(self, number: int, wiki: str, title: str, user: str) -> None:
        """An edit; it is expected where the page and the wiki are wanted."""
        self.log.append(_line(self._change(number, wiki, title, user)))
        if title == "Elsewhere" or wiki == "frwiki":
            return
        server = SERVERS[wiki]
        name = f"wikimedia:{server}/{20_000 + number}"
        self._expected[name] = {
            "text": f"{title}\n\nHistory: see the land {number}",
            "reply_to": None,
            "thread": name,
            "author": f"wikimedia:{server}/{user}",
        }

    def canary(self) -> None:
        """What the service sends to show that a stream lives."""
        self.log.append(_line({"meta": {"domain": "canary", "dt": "2026-11-23T11:59:00Z"}, "type": "edit"}))

    def options(self) -> WikimediaOptions:
        return WikimediaOptions.model_validate(
            {
                "base_url": self.url,
                "wikis": ["enwiki", "de.wikipedia.org"],
                "pages": ["Olive_oil", "größe 日本語 🙂"],
                "silence": "100ms",
                "lookback": "2h",
            }
        )

    async def serve(self, request: web.Request) -> web.Response:
        if request.path != "/v2/stream/recentchange":
            raise web.HTTPNotFound
        known = request.headers.get("Last-Event-ID")
        if known is None:
            self.sinces.append(request.query["since"])
        start = json.loads(known)[0]["offset"] + 1 if known else 0
        if start >= len(self.log):
            self.canary()
        body = b":ok\n\n"
        for offset, line in list(enumerate(self.log))[start:]:
            position = json.dumps([{"topic": "eqiad.mediawiki.recentchange", "partition": 0, "offset": offset}])
            body += b"event: message\nid: " + position.encode() + b"\ndata: " + line + b"\n\n"
        return web.Response(body=body, content_type="text/event-stream")

    def change(self) -> bool:
        self.edit(300, "enwiki", "Olive oil", "Ana")
        hidden: dict[str, Any] = {
            "log_type": "delete",
            "log_action": "revision",
            "log_params": {"ids": ["20000", 5], "nfield": "1"},
        }
        self.log.append(_line(self._change(301, "enwiki", "Olive oil", type="log", **hidden)))
        self._expected["wikimedia:en.wikipedia.org/20000"] = None
        gone: dict[str, Any] = {"log_type": "delete", "log_action": "delete", "log_params": [], "type": "log"}
        title = TITLES[2]
        self.log.append(_line(self._change(302, "enwiki", title, **gone)))
        for name, told in self._expected.items():
            if told and told["text"].startswith(title) and "en.wikipedia" in name:
                self._expected[name] = None
        return True

    def expected(self) -> dict[str, Told | None]:
        return self._expected

    def bad(self) -> int:
        return 6


def _line(record: dict[str, Any]) -> bytes:
    return json.dumps(record).encode()
