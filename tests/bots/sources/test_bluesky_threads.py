"""Threads older than the collector, from a Jetstream and a public API on loopback: which, when, and in what form."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, cast

import msgspec
import pytest
from aiohttp import web

from bots.http import Http
from bots.sources.base import Batch, Retry, Tools
from bots.sources.bluesky import Bluesky, BlueskyOptions
from bots.sources.bluesky_threads import time_of
from config.schema import Brand
from streams.records import Post
from tests.bots.sources.jetstream_server import Fault, JetstreamServer, Stored, made, text_of
from tests.contract.source_server import SourceServer, serving

NOW = datetime(2026, 11, 3, 10, 10, tzinfo=UTC)
START = 1_793_700_000_000_000  # 2026-11-03T10:00:00Z, when the collector first listens
DAY = 86_400_000_000
BRANDS = (Brand(name="acme", terms=("Acme",)),)
LETTERS = "234567abcdefghijklmnopqrstuvwxyz"
KIND = "app.bsky.feed.post"


def tid(time_us: int, clock: int = 7) -> str:
    """A record's name, as a server makes it."""
    number, text = time_us << 10 | clock, ""
    for _ in range(13):
        number, letter = divmod(number, 32)
        text = LETTERS[letter] + text
    return text


def uri(did: str, at: int) -> str:
    return f"at://did:plc:{did}/{KIND}/{tid(at)}"


def record(text: str, at: int, root: str | None = None, parent: str | None = None, **more: Any) -> dict[str, Any]:
    reply = (
        {"reply": {"root": {"uri": root, "cid": "c"}, "parent": {"uri": parent or root, "cid": "c"}}} if root else {}
    )
    return {"$type": KIND, "text": text, "createdAt": text_of(at), "langs": ["en"], **reply, **more}


def event(seq: int, did: str, text: str, at: int, root: str | None = None, parent: str | None = None) -> Stored:
    return made(seq, at, f"did:plc:{did}", tid(at), record=record(text, at, root, parent))


def shown(did: str, at: int, said: Any, *replies: Any) -> dict[str, Any]:
    """A post as getPostThread shows it."""
    account = {"did": f"did:plc:{did}", "handle": f"{did}.example.org", "displayName": did.title(), "labels": []}
    post = {"uri": uri(did, at), "cid": "bafy", "author": account, "record": said, "likeCount": 3, "replyCount": 1}
    kind = "app.bsky.feed.defs#threadViewPost"
    return {"$type": kind, "post": post | {"indexedAt": text_of(at)}, "replies": list(replies)}


class Api:
    """The public API: threads by the uri of their root."""

    def __init__(self) -> None:
        self.threads: dict[str, Any] = {}
        self.asked: list[dict[str, str]] = []
        self.refuse: list[web.Response] = []

    async def serve(self, request: web.Request) -> web.Response:
        assert request.path == "/xrpc/app.bsky.feed.getPostThread"
        self.asked.append(dict(request.query))
        if self.refuse:
            return self.refuse.pop(0)
        found = self.threads.get(request.query["uri"])
        if found is None:
            return web.json_response({"error": "NotFound", "message": "Post not found"}, status=400)
        return web.json_response({"thread": found})


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    async with Http(random=Random(1), base_s=0.001, timeout_s=2.0) as client:
        yield client


@pytest.fixture
def api() -> Api:
    return Api()


@pytest.fixture
async def server(api: Api) -> AsyncIterator[SourceServer]:
    async with serving(api.serve) as server:
        yield server


OLD = START - DAY
ROOT = uri("ana", OLD)


def thread() -> dict[str, Any]:
    """Four old posts, one that Jetstream tells as well, one that is gone, one that nobody can read."""
    return shown(
        "ana",
        OLD,
        record("what phone?", OLD),
        shown(
            "ben",
            OLD + 1,
            record("no idea", OLD + 1, ROOT),
            shown("cai", OLD + 2, record("ask around", OLD + 2, ROOT, uri("ben", OLD + 1), tags=["phones"])),
        ),
        {"$type": "app.bsky.feed.defs#notFoundPost", "uri": uri("x", OLD), "notFound": True},
        {"$type": "app.bsky.feed.defs#blockedPost", "uri": uri("y", OLD), "blocked": True, "author": {"did": "d"}},
        shown("eve", OLD + 3, {"$type": KIND, "text": 5}),
        shown("dan", START + 1, record("I like my Acme", START + 1, ROOT)),
    )


class Run:
    """Collects like the runner."""

    def __init__(self, http: Http, url: str, jetstream: JetstreamServer, **options: Any) -> None:
        given = {"hosts": [jetstream.url], "api_url": url, "thread_pause": "0s", "silence": "1s", "lookback": "10m"}
        self._options = BlueskyOptions.model_validate(given | options)
        self._http, self.cursor, self.batches = http, cast(Any, None), list[Batch]()

    async def until(self, enough: Callable[[Run], bool], brands: tuple[Brand, ...] = BRANDS) -> None:
        source = Bluesky(self._options, Tools(self._http, lambda: NOW, Random(1), brands))
        async with aclosing(cast(Any, source.collect(self.cursor))) as stream:
            async for batch in stream:
                self.batches.append(batch)
                self.cursor = msgspec.json.decode(msgspec.json.encode(batch.cursor)) or self.cursor
                if enough(self):
                    return

    @property
    def posts(self) -> dict[str, Post]:
        return {post.id: post for batch in self.batches for post in batch.posts}

    @property
    def texts(self) -> list[str]:
        return [post.text for batch in self.batches for post in batch.posts]


def told(*words: str) -> Callable[[Run], bool]:
    return lambda run: set(words) <= set(run.texts)


def test_names_of_records_tell_their_time() -> None:
    assert time_of("3jzfcijpj2z2a") == 1_688_137_381_887_007  # the example of atproto's interoperability tests
    assert time_of(tid(OLD)) == OLD
    assert [time_of(name) for name in ("self", "3jzfcijpj2z21", "")] == [None, None, None]


async def test_the_thread_in_which_a_brand_is_named_is_told_as_jetstream_would_have(
    http: Http, server: SourceServer, api: Api
) -> None:
    api.threads[ROOT] = thread()
    answer = event(1, "dan", "I like my Acme", START + 1, ROOT)
    async with JetstreamServer([answer]) as jetstream:
        run = Run(http, server.url, jetstream)
        await run.until(told("what phone?", "no idea", "ask around", "I like my Acme"))
    assert sorted(run.texts) == ["I like my Acme", "ask around", "no idea", "what phone?"], "none is told twice"
    assert [(bad.offset, b"eve" in bad.record) for batch in run.batches for bad in batch.bad] == [
        (f"bluesky:{ROOT}", True)
    ]
    assert api.asked == [{"uri": ROOT, "depth": "100", "parentHeight": "0"}]
    asking = record("ask around", OLD + 2, ROOT, uri("ben", OLD + 1), tags=["phones"])
    old = [
        event(1, "ana", "what phone?", OLD),
        event(2, "ben", "no idea", OLD + 1, ROOT),
        made(3, OLD + 2, "did:plc:cai", tid(OLD + 2), record=asking),
    ]
    async with JetstreamServer(old) as jetstream:
        live = Run(http, server.url, jetstream, lookback="2d")
        await live.until(told("ask around"))
    for post_id, post in live.posts.items():
        assert post.author is not None
        name = run.posts[post_id].author
        assert name is not None
        assert name.handle == f"{post.author.id.rpartition(':')[2]}.example.org"
        assert msgspec.structs.replace(run.posts[post_id], author=post.author) == post, "but for the handle"


async def test_each_thread_is_fetched_once_and_only_those_about_a_brand(
    http: Http, server: SourceServer, api: Api
) -> None:
    api.threads[ROOT] = thread()
    other, young = uri("fay", OLD + 50), uri("gus", START + 5)
    events = [
        event(1, "hal", "nice weather", START + 10, other),  # names nothing
        event(2, "gus", "my new Acme", START + 5),
        event(3, "hal", "my Acme too", START + 20, young),  # began while we listened
        event(4, "hal", "Acme again", START + 30, ROOT),
        event(5, "ida", "and Acme again", START + 40, ROOT),
    ]
    async with JetstreamServer(events) as jetstream:
        run = Run(http, server.url, jetstream)
        await run.until(told("what phone?", "and Acme again"))
        await jetstream.append(event(6, "ida", "once more Acme", START + 50, ROOT), event(7, "ida", "end", START + 60))
        await run.until(told("end"))
    assert [asked["uri"] for asked in api.asked][:1] == [ROOT]
    assert {asked["uri"] for asked in api.asked} == {ROOT}


@pytest.mark.parametrize("brands", [BRANDS, ()])
async def test_it_can_be_switched_off(http: Http, server: SourceServer, api: Api, brands: tuple[Brand, ...]) -> None:
    events = [event(1, "dan", "Acme", START + 1, ROOT), event(2, "dan", "end", START + 2)]
    async with JetstreamServer(events) as jetstream:
        run = Run(http, server.url, jetstream, backfill_threads=not brands)
        await run.until(told("end"), brands)
    assert api.asked == []


async def test_a_thread_that_waits_survives_a_kill(http: Http, server: SourceServer, api: Api) -> None:
    api.threads[ROOT] = thread()
    async with JetstreamServer([event(1, "dan", "Acme", START + 1, ROOT)]) as jetstream:
        run = Run(http, server.url, jetstream)
        await run.until(told("Acme"))
        assert run.cursor["waiting"] == [f"bluesky:{ROOT}"]
        assert run.cursor["since"] == int((NOW - timedelta(minutes=10)).timestamp() * 1_000_000)
        await run.until(told("what phone?"))
    assert run.cursor["waiting"] == []


async def test_a_thread_that_was_told_is_not_told_once_more_after_a_restart(
    http: Http, server: SourceServer, api: Api
) -> None:
    api.threads[ROOT] = thread()
    async with JetstreamServer([event(1, "dan", "Acme", START + 1, ROOT)]) as jetstream:
        run = Run(http, server.url, jetstream)
        await run.until(told("what phone?"))
        await jetstream.append(event(2, "ida", "Acme again", START + 2, ROOT), event(3, "ida", "end", START + 3))
        await run.until(told("end"))
        assert len(api.asked) == 1
        run.cursor = None  # a resume point from before it was named: all of it is told again
        run.batches.clear()
        await run.until(told("what phone?", "end"))
    assert len(api.asked) == 2


async def test_no_more_roots_are_remembered_than_there_is_room_for(
    http: Http, server: SourceServer, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bots.sources.bluesky_threads.MOST_DONE", 2)
    roots = [uri("ana", OLD + number) for number in range(4)]
    api.threads = {root: shown("ana", OLD + n, record(f"old {n}", OLD + n)) for n, root in enumerate(roots)}
    events = [event(n + 1, "dan", f"Acme {n}", START + n, root) for n, root in enumerate(roots)]
    async with JetstreamServer(events) as jetstream:
        run = Run(http, server.url, jetstream)
        await run.until(told("old 3"))
    assert len(run.cursor["done"]) == 2


async def test_an_hour_of_refusals_is_outlasted(http: Http, server: SourceServer, api: Api) -> None:
    api.threads[ROOT] = thread()
    api.refuse = [web.Response(body=b"<html>") for _ in range(20)]
    async with JetstreamServer([event(1, "dan", "Acme", START + 1, ROOT)]) as jetstream:
        await Run(http, server.url, jetstream, silence="30s").until(told("what phone?"))


async def test_trouble_with_the_api_leaves_the_stream_alone(
    http: Http, server: SourceServer, api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    gone = uri("zoe", OLD + 9)
    api.threads[ROOT] = thread()
    api.refuse = [web.Response(status=429, headers={"Retry-After": "0"}), web.Response(body=b"<html>")]
    events = [event(1, "dan", "Acme", START + 1, ROOT), event(2, "dan", "Acme?", START + 2, gone)]
    async with JetstreamServer(events, faults=[Fault(after=2, then="cut")]) as jetstream:
        run = Run(http, server.url, jetstream)
        with caplog.at_level(logging.INFO):
            with pytest.raises(Retry):
                await run.until(lambda _: False)
            await run.until(told("what phone?"))
            await jetstream.append(event(3, "dan", "end", START + 3))
            await run.until(lambda run: "end" in run.texts and "is not fetched" in caplog.text)
    assert {asked["uri"] for asked in api.asked} == {ROOT, gone}
    assert f"{gone} is not fetched" in caplog.text


async def test_after_a_gap_threads_are_old_again(http: Http, server: SourceServer, api: Api) -> None:
    young = uri("kim", START + 5_000_000)
    api.threads[young] = shown("kim", START + 5_000_000, record("in the gap", START + 5_000_000))
    late = START + 400_000_000
    events = [event(1, "dan", "hello", START + 1)]
    async with JetstreamServer(events) as jetstream:
        run = Run(http, server.url, jetstream)
        await run.until(told("hello"))
        await jetstream.append(event(90, "dan", "Acme", late, young))
        jetstream.floor = 90
        await run.until(told("in the gap"))
    assert any(batch.gap for batch in run.batches)
