"""What the networks of the contract suite hold, as their servers would send it, and an independent reading of it."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from pathlib import Path
from random import Random
from typing import Any
from xml.sax.saxutils import escape

from aiohttp import web

from bots.sources.base import Source, SourceOptions
from bots.sources.hackernews import HackerNews, HackerNewsOptions
from bots.sources.replay import Replay, ReplayOptions
from bots.sources.rss import Rss, RssOptions
from config.schema import Brand

Told = dict[str, Any]
"""What matters of a post in a comparison: text, parent, thread, author; or None once it is deleted."""


class World(ABC):
    """One network at two times: as it is found, and after `change` (edits, deletions, news)."""

    source: type[Source]
    url = ""
    brands: tuple[Brand, ...] = ()
    """Those in the config, where the source looks at them."""
    dice = Random(1)
    """Of what goes wrong beyond the faults of `SourceServer`, in streams."""
    wrong = 0
    """How often that has been."""

    @abstractmethod
    def options(self) -> SourceOptions:
        """How the source is to collect it."""

    @abstractmethod
    def expected(self) -> dict[str, Told | None]:
        """What must have been told by now, by post id; None: that it was deleted."""

    @abstractmethod
    def change(self) -> bool:
        """Later: False where the network does not change (a file)."""

    def bad(self) -> int:
        """At least so many records must have become dead letters."""
        return 1

    async def serve(self, request: web.Request) -> web.Response:
        """The network's answer."""
        raise web.HTTPNotFound


class HackerNewsWorld(World):
    """120 items: stories, comments on comments, a poll, a job, deleted, dead, late and malformed ones."""

    source = HackerNews

    def __init__(self) -> None:
        self.items: dict[int, Any] = {}
        for number in range(1, 121):
            kind = "story" if number % 12 == 1 else "comment"
            item = {"id": number, "type": kind, "by": f"user{number % 7}", "time": 1_790_000_000 + number}
            if kind == "story":
                item |= {
                    "title": f"Story &amp; more {number}",
                    "url": f"https://example.org/{number}",
                    "descendants": 11,
                }
            else:
                item |= {
                    "text": f"<p>It&#x27;s {number}</p><p>second <i>part</i>",
                    "parent": number - 1 - number % 2 * (number % 12 > 2),
                }
            self.items[number] = item
        self.items[13] |= {"type": "job"}
        self.items[25] |= {"type": "poll"}
        self.items[26] = {
            "id": 26,
            "type": "pollopt",
            "by": "user1",
            "time": 1_790_000_026,
            "poll": 25,
            "text": "yes",
            "score": 3,
        }
        for number in (30, 42):
            self.items[number] = {
                "id": number,
                "type": "comment",
                "deleted": True,
                "time": 1_790_000_000,
                "parent": number - 1,
            }
        self.items[50] |= {"dead": True}
        self.items[60] = {"id": 60, "type": "comment", "parent": 59}  # neither signed nor deleted
        self.late = {77: 2, 97: 1}  # not there at the first looks; what answers them must still find its story
        self.edited: list[int] = []

    def options(self) -> SourceOptions:
        return HackerNewsOptions.model_validate({"base_url": self.url, "poll": "10ms", "first": 1_000, "parallel": 4})

    async def serve(self, request: web.Request) -> web.Response:
        name = request.path.removeprefix("/v0/").removesuffix(".json")
        if name == "maxitem":
            return web.json_response(max(self.items))
        if name == "updates":
            return web.json_response({"items": self.edited, "profiles": []})
        number = int(name.removeprefix("item/"))
        if self.late.get(number, 0) > 0:
            self.late[number] -= 1
            return web.json_response(None)
        return web.json_response(self.items.get(number))

    def change(self) -> bool:
        self.items[5] |= {"text": "edited"}
        self.items[8] = {"id": 8, "type": "comment", "deleted": True, "parent": 7, "time": 1_790_000_008}
        self.items[121] = {
            "id": 121,
            "type": "comment",
            "by": "late",
            "time": 1_790_000_200,
            "text": "new",
            "parent": 100,
        }
        self.edited = [5, 8, 9, 10_000]
        return True

    def expected(self) -> dict[str, Told | None]:
        return {f"hackernews:{number}": self._told(number) for number in self.items if number != 60}

    def _told(self, number: int) -> Told | None:
        item = self.items[number]
        if item.get("deleted") or item.get("dead"):
            return None
        root = number
        while (above := self.items[root].get("parent") or self.items[root].get("poll")) is not None:
            root = above
        above = item.get("parent") or item.get("poll")
        text = f"It's {number}\n\nsecond part" if item.get("text", "").startswith("<p>") else item.get("text", "")
        return {
            "text": item.get("title", "").replace("&amp;", "&") or text,
            "reply_to": f"hackernews:{above}" if above else None,
            "thread": f"hackernews:{root}",
            "author": f"hackernews:{item['by']}",
        }


class RssWorld(World):
    """Two good feeds, one in Atom and one in RSS, and one that is no feed at all; validators are honoured."""

    source = Rss

    def __init__(self) -> None:
        self.entries = {
            "/a.xml": {f"a{n}": f"Entry {n} <b>&amp;</b> more" for n in range(30)},
            "/b.xml": {f"b{n}": f"<p>Hallo {n}</p>" for n in range(12)},
        }

    def options(self) -> SourceOptions:
        feeds = [f"{self.url}{path}" for path in ("/broken.xml", *self.entries)]
        return RssOptions.model_construct(feeds=tuple(feeds), every=_Blink())

    async def serve(self, request: web.Request) -> web.Response:
        entries = self.entries.get(request.path)
        if entries is None:
            return web.Response(text="<html><p>not a feed", content_type="text/html")
        tag = f'"{hash(tuple(entries.items()))}"'
        if request.headers.get("If-None-Match") == tag:
            return web.Response(status=304, headers={"ETag": tag})
        make = _atom if request.path == "/a.xml" else _rss
        return web.Response(body=make(entries).encode(), content_type="application/xml", headers={"ETag": tag})

    def change(self) -> bool:
        self.entries["/a.xml"]["a3"] = "Entry 3, corrected"
        self.entries["/b.xml"] = {"b99": "<p>new</p>"} | self.entries["/b.xml"]
        return True

    def expected(self) -> dict[str, Told | None]:
        # The ids are hashes; here entries are told apart by guid, which stands in the link.
        return {
            guid: {"text": f"Title {guid}\n\n" + _text(html), "reply_to": None}
            for entries in self.entries.values()
            for guid, html in entries.items()
        }


class _Blink:
    """A pause no option allows: a test cannot wait a second."""

    def total_seconds(self) -> float:
        return 0.01


def _text(html: str) -> str:
    for old, new in (("<b>", ""), ("</b>", ""), ("<p>", ""), ("</p>", ""), ("&amp;", "&")):
        html = html.replace(old, new)
    return html


def _atom(entries: dict[str, str]) -> str:
    items = "".join(
        f'<entry><id>{guid}</id><title>Title {guid}</title><link href="https://example.org/{guid}"/>'
        f"<updated>2026-06-01T10:00:00Z</updated><content type='html'>{escape(html)}</content></entry>"
        for guid, html in entries.items()
    )
    return f'<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>A feed</title>{items}</feed>'


def _rss(entries: dict[str, str]) -> str:
    items = "".join(
        f"<item><guid>{guid}</guid><title>Title {guid}</title><link>https://example.org/{guid}</link>"
        f"<pubDate>Mon, 01 Jun 2026 10:00:00 GMT</pubDate><description>{escape(html)}</description></item>"
        for guid, html in entries.items()
    )
    return f'<rss version="2.0"><channel><title>B feed</title>{items}<item></item></channel></rss>'


class ReplayWorld(World):
    """2,000 lines: BOM, CRLF, blank and broken lines, NULs, surrogates, a line of a MB, a last line without an end."""

    source = Replay

    def __init__(self, folder: Path) -> None:
        self.path = folder / "posts.jsonl"
        lines, self._expected = [], dict[str, Told | None]()
        for number in range(2_000):
            text = {7: "nul \x00 here", 8: "lone \ud800 half", 9: "x" * 90_000}.get(number, f"text {number}")
            author = {"id": f"test:{number % 9}", "bio": "y" * 1_000_000 if number == 9 else ""}
            line = {
                "id": f"test:{number}",
                "platform": "test",
                "author": author,
                "text": text,
                "created_at": "2026-06-01T10:00:00Z",
            }
            if number % 3:
                line |= {"reply_to": f"test:{number - 1}"}
            lines.append(json.dumps(line).encode())
            self._expected[f"test:{number}"] = {
                "text": text.replace("\x00", "").replace("\ud800", "\ufffd"),
                "reply_to": line.get("reply_to"),
                "author": author["id"],
            }
        lines[500:500] = [b"", b"{broken", b"[]", b'{"id": "test:x"}', b"\xff\xfe", b"   "]
        lines.append(b'{"op": "delete", "id": "test:11"}')
        self._expected["test:11"] = None
        self.path.write_bytes(b"\xef\xbb\xbf" + b"\r\n".join(lines[:900]) + b"\r\n" + b"\n".join(lines[900:]))

    def options(self) -> SourceOptions:
        return ReplayOptions(path=self.path)

    def expected(self) -> dict[str, Told | None]:
        return self._expected

    def change(self) -> bool:
        return False

    def bad(self) -> int:
        return 4
