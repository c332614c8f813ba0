"""A Mastodon server of the contract suite: paged timelines, threads, edits, deletions, and what is not to be told."""

from __future__ import annotations

import json
from html import escape
from typing import Any

from aiohttp import web

from bots.sources.base import SourceOptions
from bots.sources.mastodon import Mastodon
from bots.sources.mastodon_options import MastodonOptions
from tests.contract.source_worlds import Told, World

START_MS = 1_795_000_000_000
ODD = ("naïve ñandú", "日本語のテキスト", "👩‍👩‍👧‍👦 🏳️‍🌈", "مرحبا بالعالم", "e\u0301 combining", "<not> & 'markup'")
HIDDEN = {31: "unlisted", 47: "private"}  # never told, though what answers them is
SILENT = {33: "noindex", 52: "#nobot"}  # their authors ask to be left out
TAGGED = 7  # every so many-th carries the hashtag


def number_of(index: int) -> str:
    """Ids as Mastodon makes them: ten seconds apart."""
    return str((START_MS + index * 10_000) << 16)


class MastodonWorld(World):
    """100 statuses of two servers in one federated timeline and in a hashtag's; older ones stand above some of them."""

    source = Mastodon

    def __init__(self) -> None:
        # The first look sees the newest 40; threads lead up to older ones.
        self.statuses = {index: self._status(index) for index in range(1, 101)}
        self.parents = {70: 69, 71: 70, 72: 31, 73: 71, 90: 2, 2: 1, 91: 90, 95: 33}
        for index, parent in self.parents.items():
            self.statuses[index] |= {"in_reply_to_id": number_of(parent), "in_reply_to_account_id": "9"}
        self.visible = set(range(61, 101))
        self.malformed: dict[str, Any] = {number_of(64): {"id": number_of(64), "content": 5, "account": None}}
        self.edited: set[int] = set()
        self.deleted: set[int] = set()

    def options(self) -> SourceOptions:
        return MastodonOptions.model_validate(
            {
                "instances": [{"url": self.url, "timelines": ["federated", "#Tag"]}],
                "poll": "10ms",
                "recheck": ["0s"] * 40,
                "recheck_most": 8_000,
                "lookups": 40,
            }
        )

    async def serve(self, request: web.Request) -> web.Response:
        path = request.path.removeprefix("/api/v1/")
        if path in ("timelines/public", "timelines/tag/tag"):
            return self._page(request, 7 if path.endswith("tag") else 1)
        kind, number, *rest = path.split("/")
        index = next((index for index in self.statuses if number_of(index) == number), 0)
        if kind != "statuses" or not index or index in self.deleted:
            return web.json_response({"error": "Record not found"}, status=404)
        if rest == ["context"]:
            return web.json_response({"ancestors": self._above(index), "descendants": []})
        return web.json_response(self.statuses[index])

    def change(self) -> bool:
        for index in (65, 71):
            self.statuses[index] |= {"content": "<p>edited</p>", "edited_at": "2026-11-23T11:00:00.000Z"}
            self.edited.add(index)
        self.deleted = {66, 2, 84}
        self.visible |= set(range(101, 160))
        self.statuses |= {index: self._status(index) for index in range(101, 160)}
        self.statuses[150] |= {"in_reply_to_id": number_of(73)}
        self.parents[150] = 73
        return True

    def expected(self) -> dict[str, Told | None]:
        shown = {index for index in self._listed(1) if index != 64}
        shown |= {above for index in shown for above in self._chain(index)}
        hidden = HIDDEN.keys() | SILENT.keys()
        return {f"mastodon:{self.statuses[index]['uri']}": self._told(index) for index in (shown | {2}) - hidden}

    def _told(self, index: int) -> Told | None:
        if index in self.deleted:
            return None
        status = self.statuses[index]
        parent = self.parents.get(index)
        return {
            "text": "edited" if index in self.edited else _words(index),
            "reply_to": f"mastodon:{self.statuses[parent]['uri']}" if parent else None,
            "author": f"mastodon:{status['account']['uri']}",
            "thread": f"mastodon:{self.statuses[[*self._chain(index), index][0]]['uri']}",
        }

    def _chain(self, index: int) -> list[int]:
        """What stands above, root first."""
        parent = self.parents.get(index)
        return [*self._chain(parent), parent] if parent else []

    def _above(self, index: int) -> list[dict[str, Any]]:
        return [self.statuses[above] for above in self._chain(index)]

    def _listed(self, every: int) -> list[int]:
        return [index for index in sorted(self.visible) if index % every == 0]

    def _page(self, request: web.Request, every: int) -> web.Response:
        after, limit = request.query.get("min_id"), min(int(request.query["limit"]), 40)
        found = [index for index in self._listed(every) if index not in self.deleted]
        if after is None:
            found = found[-limit:]
        else:
            found = [index for index in found if int(number_of(index)) > int(after)][:limit]
        records = [self.malformed.get(number_of(index), self.statuses[index]) for index in reversed(found)]
        headers = {"Link": f'<{self.url}{request.path}?min_id={number_of(found[-1])}>; rel="prev"'} if found else {}
        return web.Response(
            body=json.dumps(records).encode(),
            content_type="application/json",
            headers={**headers, "X-RateLimit-Limit": "300"},
        )

    def _status(self, index: int) -> dict[str, Any]:
        home = index % 3 == 0
        server = self.url or "https://one.example" if home else "https://two.example"
        name = f"user{index % 5}"
        tag = f"#<span>{'tag' if index % TAGGED == 0 else 'other'}</span>"
        link = f'<a href="{server}/tags/x" class="mention hashtag" rel="tag">{tag}</a>'
        return {
            "id": number_of(index),
            "uri": f"{server}/users/{name}/statuses/{index}",
            "url": f"{server}/@{name}/{index}",
            "created_at": "2026-11-23T10:00:00.000Z",
            "edited_at": None,
            "in_reply_to_id": None,
            "in_reply_to_account_id": None,
            "visibility": HIDDEN.get(index, "public"),
            "content": f"<p>{escape(ODD[index % len(ODD)])} {index}</p><p>{link}</p>",
            "account": {
                "id": str(index % 5),
                "acct": name if home else f"{name}@two.example",
                "uri": f"{server}/users/{name}",
                "note": "<p>robots? <a>#<span>nobot</span></a></p>" if SILENT.get(index) == "#nobot" else "<p>hi</p>",
                "noindex": True if SILENT.get(index) == "noindex" else None,
            },
        }


def _words(index: int) -> str:
    """What a person reads there, after NFC."""
    words = ODD[index % len(ODD)].replace("e\u0301", "é")
    return f"{words} {index}\n\n#{'tag' if index % TAGGED == 0 else 'other'}"
