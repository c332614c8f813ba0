"""The Wikimedia source: which pages, which edits, where it goes on, what is taken back."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime
from random import Random
from typing import Any, cast

import pytest
from aiohttp import web
from pydantic import ValidationError

from bots.http import Http
from bots.sources.base import Batch, Misconfigured, Retry, Tools
from bots.sources.wikimedia import WikimediaOptions
from bots.sources.wikimedia_changes import MOST_TOLD, Titles, apply, read_change
from config.schema import Brand
from streams.records import BadPost
from tests.contract.source_server import serving
from tests.contract.worlds.wikimedia import BEGIN, QuickWikimedia, WikimediaWorld

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    async with Http("ops@example.org", base_s=0.001, timeout_s=2.0) as client:
        yield client


async def first(http: Http, world: WikimediaWorld, cursor: Any = None, brands: Any = (), **options: Any) -> Batch:
    """The first batch of a start."""
    asked = WikimediaOptions.model_validate(world.options().model_dump() | options)
    source = QuickWikimedia(asked, Tools(http, lambda: NOW, Random(1), brands))
    async with aclosing(cast(Any, source.collect(cursor))) as batches:
        async for batch in batches:
            assert isinstance(batch, Batch)
            return batch
    raise AssertionError("it ended")


def change(**more: Any) -> bytes:
    return json.dumps(WikimediaWorld()._change(1, "enwiki", "Olive oil") | more).encode()


async def test_titles_that_name_a_brand_are_wanted_and_bots_only_if_asked_for(http: Http) -> None:
    world = WikimediaWorld()
    brand = Brand(name="oil", terms=("OLIVE",))
    async with serving(world.serve) as server:
        world.url = server.url
        batch = await first(http, world, brands=[brand], pages=[], bots=False)
        everybody = await first(http, world, brands=[brand], pages=[])
    assert {post.text.partition("\n")[0] for post in batch.posts} == {"Olive oil"}
    assert not any(post.author and post.author.bot for post in batch.posts)
    assert any(post.author and post.author.bot for post in everybody.posts)


async def test_a_deletion_by_a_bot_counts_even_where_bots_are_not_wanted(http: Http) -> None:
    world = WikimediaWorld()
    gone: dict[str, Any] = {"type": "log", "log_type": "delete", "log_action": "delete", "bot": True}
    world.log = [change(), change(**gone)]
    async with serving(world.serve) as server:
        world.url = server.url
        batch = await first(http, world, bots=False)
    assert [post.op for post in batch.posts] == ["create", "delete"]


async def test_the_first_start_looks_back_and_the_next_goes_on_by_the_streams_own_position(http: Http) -> None:
    world = WikimediaWorld()
    async with serving(world.serve) as server:
        world.url = server.url
        batch = await first(http, world)
        world.canary()
        later = await first(http, world, batch.cursor)
    assert world.sinces == ["2026-11-23T10:00:00Z"]
    assert (later.posts, later.gap) == ([], None)
    assert server.requests[-1].headers["Last-Event-ID"] == batch.cursor["id"]
    assert "ops@example.org" in server.requests[0].headers["User-Agent"]


async def test_a_position_that_the_service_refuses_is_replaced_by_its_time(http: Http) -> None:
    world = WikimediaWorld()

    async def refusing(request: web.Request) -> web.Response:
        if "Last-Event-ID" in request.headers:
            return web.Response(status=400)
        return await world.serve(request)

    async with serving(refusing) as server:
        world.url = server.url
        batch = await first(http, world, {"id": "[]", "at": BEGIN, "told": {}})
    assert world.sinces == ["2026-11-23T11:06:40Z"]
    assert batch.posts


async def test_what_the_service_no_longer_has_is_a_gap(http: Http) -> None:
    world = WikimediaWorld()
    async with serving(world.serve) as server:
        world.url = server.url
        batch = await first(http, world, {"id": None, "at": BEGIN - 86_400, "told": {}})
    assert batch.gap is not None
    assert (batch.gap.start.timestamp(), batch.gap.end.timestamp()) == (BEGIN - 86_400, BEGIN)


async def test_a_stream_that_ends_without_an_event_is_a_retry(http: Http) -> None:
    async def empty(request: web.Request) -> web.Response:
        return web.Response(body=b":ok\n\n", content_type="text/event-stream")

    world = WikimediaWorld()
    async with serving(empty) as server:
        world.url = server.url
        with pytest.raises(Retry, match="without an event"):
            await first(http, world)


async def test_without_a_page_or_a_brand_it_says_so(http: Http) -> None:
    world = WikimediaWorld()
    world.url = "http://127.0.0.1:1"
    with pytest.raises(Misconfigured, match=r"sources\.wikimedia\.pages"):
        await first(http, world, pages=[])


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"base_url": "stream"}, "not a web address"),
        ({"pages": [" "]}, "empty"),
        ({"wikis": [""]}, "empty"),
        ({"lookback": "30d"}, "less than or equal"),
        ({"silence": "1h"}, "less than or equal"),
    ],
)
def test_a_mistake_in_the_options_is_told_plainly(options: Any, word: str) -> None:
    with pytest.raises(ValidationError, match=word):
        WikimediaOptions.model_validate(options)


@pytest.mark.parametrize(
    ("title", "wanted"),
    [
        ("Café Olé", True),
        ("The cafe ole of Madrid", True),
        ("Cafe oles", False),
        ("Olive_oil", True),
        ("Olive oils", False),
        ("C++ (language)", True),
    ],
)
def test_titles_are_matched_by_whole_words_without_case_and_accents(title: str, wanted: bool) -> None:
    titles = Titles((), ["Olive oil"], ["CAFÉ OLÉ", "C++", " "])
    assert titles.wanted(read_change(change(title=title))) is wanted


@pytest.mark.parametrize("more", [{"type": "categorize"}, {"type": "external"}, {"meta": {"domain": "canary"}}])
def test_what_is_no_edit_is_passed_over(more: dict[str, Any]) -> None:
    assert not Titles((), ["Olive oil"], []).wanted(read_change(change(**more)))


def test_an_edit_as_a_post() -> None:
    (post,) = apply(read_change(change()), {})
    assert (post.id, post.thread, post.venue, post.lang) == (
        "wikimedia:en.wikipedia.org/20001",
        "wikimedia:en.wikipedia.org/20001",
        "en.wikipedia.org",
        "en",
    )
    assert post.url == "https://en.wikipedia.org/w/index.php?diff=20001&oldid=10001"
    (new,) = apply(read_change(change(type="new", comment="", revision={"new": 7, "old": None})), {})
    assert (new.text, new.url) == ("Olive oil", "https://en.wikipedia.org/w/index.php?oldid=7")
    (data,) = apply(read_change(change(server_name="www.wikidata.org", comment="/* wbsetclaim:1| */ [[Q1]]")), {})
    assert (data.lang, data.text) == (None, "Olive oil\n\nwbsetclaim:1|: Q1")


def test_a_moved_page_is_followed_to_its_deletion() -> None:
    told: dict[str, str] = {}
    (post,) = apply(read_change(change()), told)
    move = {"type": "log", "log_type": "move", "log_action": "move", "log_params": {"target": "Oil", "noredir": "1"}}
    assert list(apply(read_change(change(**move)), told)) == []
    gone = {"type": "log", "log_type": "delete", "log_action": "delete", "log_params": []}
    assert list(apply(read_change(change(**gone)), told)) == [], "the old title is another page now"
    (deleted,) = apply(read_change(change(**gone, title="Oil")), told)
    assert (deleted.id, deleted.op, told) == (post.id, "delete", {})


def test_a_revision_that_is_shown_again_is_not_deleted() -> None:
    told: dict[str, str] = {}
    assert len(list(apply(read_change(change()), told))) == 1
    params = {"type": "revision", "ids": ["20001"], "ofield": "1", "nfield": "0"}
    shown = change(type="log", log_type="delete", log_action="revision", log_params=params)
    assert list(apply(read_change(shown), told)) == []
    assert list(apply(read_change(change()), told)) == [], "and is not told twice"


def test_the_memory_of_posts_is_bounded() -> None:
    told: dict[str, str] = {}
    for number in range(1, MOST_TOLD + 10):
        assert list(apply(read_change(change(revision={"new": number})), told))
    assert len(told) == MOST_TOLD


@pytest.mark.parametrize("more", [{"user": ""}, {"timestamp": 10**15}, {"revision": {}}, {"title": ""}])
def test_an_edit_without_what_makes_it_one_is_bad(more: dict[str, Any]) -> None:
    with pytest.raises(BadPost):
        list(apply(read_change(change(**more)), {}))
