"""Bluesky as the contract suite meets it: a Jetstream that breaks off, an API with old threads, a deleted account."""

from __future__ import annotations

import asyncio
from random import Random
from typing import Any, Literal

from aiohttp import web

from bots.sources.base import SourceOptions
from bots.sources.bluesky import Bluesky, BlueskyOptions
from bots.sources.jetstream import REPOST, Version
from config.schema import Brand
from streams.tasks import Tasks
from tests.bots.sources.jetstream_server import Fault, JetstreamServer, Stored, made, text_of
from tests.contract.source_worlds import Told, World

BEGIN = 1_795_434_600_000_000  # 2026-11-23T11:50Z, within the hour that the first start looks back
DAY = 86_400_000_000
STEP = 10_000
KIND = "app.bsky.feed.post"
LETTERS = "234567abcdefghijklmnopqrstuvwxyz"
ODD = ("plain", "naïve ñandú", "日本語のテキスト", "👩‍👩‍👧‍👦 🏳️‍🌈", "مرحبا بالعالم", "<not> & 'markup'\nline")
BREAKS = 40
"""Connections that may break; then the weather is fine."""


def tid(at: int) -> str:
    """A record's name, as a server makes it of a time (unix µs)."""
    number, name = at << 10 | 7, ""
    for _ in range(13):
        number, letter = divmod(number, 32)
        name = LETTERS[letter] + name
    return name


class BlueskyWorld(World):
    """Some 75 events, and six threads of the day before: the brand is named in three of them, later in a fourth.

    There is always somebody else somewhere who changes a name: a Jetstream is never silent.
    """

    source = Bluesky
    brands = (Brand(name="acme", terms=("Acme",)),)

    def __init__(self, version: Version) -> None:
        self._version = version
        self.jetstream = JetstreamServer()
        self.dice, self._breaks = Random(1), BREAKS
        self._threads: dict[str, Any] = {}
        self._expected: dict[str, Told | None] = {}
        self._at = BEGIN
        roots = [self._old(number, asked=number < 3) for number in range(6)]
        posts = [self._say(f"{ODD[number % 6]} {number}", number % 7) for number in range(50)]
        for number in range(12):
            posts.append(self._say(f"reply {number}", number % 5, posts[0], posts[number]))
        for number in range(3):
            self._say(f"my Acme, {number}", 3, roots[number], roots[number])
        self._say("nice weather", 3, roots[5], roots[5])
        self._say("Acme, of what is gone", 3, *[f"at://did:plc:x/{KIND}/{tid(BEGIN - 3 * DAY)}"] * 2)
        self._delete(posts[5])
        self._repost(posts[6])
        self._malformed()
        self._event(Stored(0, 0, "did:plc:u1", "account", {"active": False, "status": "deactivated"}))
        self._roots, self._posts = roots, posts

    def options(self) -> SourceOptions:
        given = {"hosts": [self.url.replace("http", "ws")], "version": self._version, "api_url": self.url}
        return BlueskyOptions.model_validate(given | {"silence": "2s", "lookback": "1h", "thread_pause": "1ms"})

    def bad(self) -> int:
        return 3

    async def serve(self, request: web.Request) -> web.Response:
        if request.path == "/xrpc/app.bsky.feed.getPostThread":
            found = self._threads.get(request.query["uri"])
            return web.json_response(
                {"thread": found} if found else {"error": "NotFound"}, status=200 if found else 400
            )
        self.jetstream.faults.append(self._fault())
        others = Tasks()
        others.start(self._others(), "other people")
        try:
            return await self.jetstream.answer(request)  # type: ignore[return-value]  # a websocket is no Response
        finally:
            await others.stop()

    def _fault(self) -> Fault:
        """How this connection ends."""
        self._breaks -= 1
        together = self.dice.choice((1, 5, 20))
        if self._breaks < 0 or self.dice.random() < 0.3:
            return Fault(together=together)
        self.wrong += 1
        then: Literal["cut", "close", "error"] = self.dice.choice(("cut", "close", "error"))
        return Fault(after=self.dice.randrange(40), then=then, drip_s=self.dice.choice((0, 0.001)), together=together)

    async def _others(self) -> None:
        while True:
            await asyncio.sleep(0.005)
            event = Stored(
                0, 0, "did:plc:other", "identity", {"did": "did:plc:other", "handle": f"h{self._at}.example"}
            )
            await self.jetstream.append(self._dated(event))

    def _dated(self, event: Stored) -> Stored:
        self._at += STEP
        event.seq, event.time_us = len(self.jetstream.events) + 1, self._at
        return event

    def _event(self, event: Stored) -> None:
        self.jetstream.events.append(self._dated(event))

    def _say(
        self, text: str, who: int, root: str | None = None, parent: str | None = None, *, name: str = "", **more: Any
    ) -> str:
        """Somebody says something, or (`name`) changes it. Returns its address."""
        at = self._at + STEP
        uri = name or f"at://did:plc:u{who}/{KIND}/{tid(at)}"
        did, _, rkey = uri.removeprefix("at://").split("/")
        self._event(made(0, 0, did, rkey, record=_record(text, at, root, parent), **more))
        self._expect(uri, text, root, parent)
        return uri

    def _expect(self, uri: str, text: str, root: str | None, parent: str | None) -> None:
        told: Told = {"text": text.strip(), "author": f"bluesky:{uri.removeprefix('at://').split('/')[0]}"}
        told |= {"reply_to": f"bluesky:{parent}" if parent else None, "thread": f"bluesky:{root or uri}"}
        self._expected[f"bluesky:{uri}"] = told

    def _delete(self, uri: str) -> None:
        did, _, rkey = uri.removeprefix("at://").split("/")
        self._event(made(0, 0, did, rkey, operation="delete", record=None))
        self._expected[f"bluesky:{uri}"] = None

    def _repost(self, uri: str) -> None:
        rkey = tid(self._at + STEP)
        record = {"subject": {"uri": uri, "cid": "x"}, "createdAt": text_of(self._at + STEP)}
        self._event(made(0, 0, "did:plc:u6", rkey, collection=REPOST, record=record))
        name = f"bluesky:at://did:plc:u6/{REPOST}/{rkey}"
        self._expected[name] = {"text": "", "author": "bluesky:did:plc:u6", "thread": f"bluesky:{uri}"}

    def _malformed(self) -> None:
        self._event(made(0, 0, "did:plc:u1", "bad1", record={"text": [1]}))
        self._event(made(0, 0, "did:plc:u1", "bad2", operation="explode"))
        self._event(made(0, 0, "did:plc:u1", "bad3", record={"text": "x", "reply": {"root": {}, "parent": 7}}))

    def _old(self, number: int, *, asked: bool) -> str:
        """A thread of the day before: three posts, one that is gone, and one that nobody can read."""
        at = BEGIN - DAY + number * 1_000
        names = [f"at://did:plc:o{index}/{KIND}/{tid(at + index)}" for index in range(3)]
        root, answer, deep = (
            _shown(uri, _record(f"old {number} {index}", at, *((names[0], names[index - 1]) if index else ())))
            for index, uri in enumerate(names)
        )
        gone = {"$type": "app.bsky.feed.defs#notFoundPost", "uri": "at://x", "notFound": True}
        bad = _shown(f"at://did:plc:o9/{KIND}/{tid(at + 9)}", {"$type": KIND, "text": 5})
        self._threads[names[0]] = root | {"replies": [gone, bad, answer | {"replies": [deep]}]}
        if asked:
            self._fetched(number)
        return names[0]

    def _fetched(self, number: int) -> None:
        at = BEGIN - DAY + number * 1_000
        names = [f"at://did:plc:o{index}/{KIND}/{tid(at + index)}" for index in range(3)]
        for index, uri in enumerate(names):
            self._expect(uri, f"old {number} {index}", names[0] if index else None, names[index - 1] if index else None)

    def change(self) -> bool:
        self._breaks = BREAKS
        self._say("news", 2)
        self._say("Acme once more", 3, self._roots[0], self._roots[0])  # its thread has been told
        self._say("Acme at last", 3, self._roots[3], self._roots[3])
        self._fetched(3)
        self._say("edited later", 0, name=self._posts[7], operation="update")
        self._delete(self._posts[8])
        self._event(Stored(0, 0, "did:plc:u6", "account", {"active": False, "status": "deleted"}))
        self._expected["bluesky:did:plc:u6"] = None
        return True

    def expected(self) -> dict[str, Told | None]:
        return self._expected


def _record(text: str, at: int, root: str | None = None, parent: str | None = None) -> dict[str, Any]:
    named = {"root": {"uri": root, "cid": "c"}, "parent": {"uri": parent, "cid": "c"}}
    return {"$type": KIND, "text": text, "createdAt": text_of(at), "langs": ["en"]} | ({"reply": named} if root else {})


def _shown(uri: str, record: dict[str, Any]) -> dict[str, Any]:
    """A post as getPostThread shows it."""
    did = uri.removeprefix("at://").split("/")[0]
    author = {"did": did, "handle": f"{did[-2:]}.example.org"}
    return {
        "$type": "app.bsky.feed.defs#threadViewPost",
        "post": {"uri": uri, "cid": "b", "author": author, "record": record},
    }
