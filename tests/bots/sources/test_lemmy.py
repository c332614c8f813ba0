"""Lemmy: its options, Markdown, one post on two instances, parents, re-checks, a gap."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, cast

import pytest
from aiohttp import web
from pydantic import ValidationError

from bots.http import Http
from bots.sources.base import Bad, Batch, Misconfigured, Retry, Tools
from bots.sources.lemmy import Lemmy, LemmyOptions
from bots.sources.lemmy_looks import LIMIT, MOST_PAGES
from bots.sources.lemmy_posts import View, read_thing, read_view
from bots.sources.markdown import read_markdown
from streams.records import Post, check_post
from tests.contract.source_server import serving
from tests.contract.worlds.lemmy import HOME, LemmyWorld

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)


class Run:
    """A collector on a world, with a clock that the test turns."""

    def __init__(self, http: Http, url: str, **options: Any) -> None:
        self.now, self.cursor = NOON, cast(Any, None)
        self._http = http
        self._options = {"instances": [url], "poll": "1ms", "pause": "1ms", "first": 1_000} | options

    async def read(self, most: int) -> list[Batch]:
        """So many batches, in a new process."""
        tools = Tools(http=self._http, now=lambda: self.now, random=Random(1), brands=())
        source = Lemmy(LemmyOptions.model_validate(self._options), tools)
        batches = []
        async with aclosing(cast(Any, source.collect(self.cursor))) as stream:
            for _ in range(most):
                batches.append(await anext(stream))
                self.cursor = json.loads(json.dumps(batches[-1].cursor))
        return batches

    async def told(self, most: int = 3) -> list[tuple[str, str]]:
        """What happened to what."""
        posts = [post for batch in await self.read(most) for post in batch.posts]
        return [(post.op, post.id.removeprefix(f"lemmy:{HOME}/")) for post in posts]


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    """The client."""
    async with Http("test@example.org", random=Random(2), base_s=0.0001, attempts=2) as http:
        yield http


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"instances": ["lemmy.world"]}, "not the address of an instance"),
        ({"communities": ["https://lemmy.world/c/news"]}, "write name or name@host"),
        ({"scope": "Subscribed"}, "Local"),
        ({"poll": "2d"}, "at most 12h"),
        ({"pause": "0s"}, "at most 1m"),
    ],
)
def test_mistakes_in_the_options_are_told_in_plain_words(options: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        LemmyOptions.model_validate(options)


async def test_without_an_instance_it_is_misconfigured(http: Http) -> None:
    tools = Tools(http=http, now=lambda: NOON, random=Random(1), brands=())
    with pytest.raises(Misconfigured, match=r"sources\.lemmy\.instances"):
        await anext(Lemmy(LemmyOptions(), tools).collect(None))


@pytest.mark.parametrize(
    ("source", "text", "links"),
    [
        ('[a b](https://x.example/y_(z) "t") c', "a b c", ("https://x.example/y_(z)",)),
        ("see https://x.example/a. And", "see https://x.example/a. And", ("https://x.example/a",)),
        ("::: spoiler what\nhid __den__\n:::\n***both***", "hid den\n\nboth", ()),
        ("2 * 3 * 4 and a_b_c and \\*x\\*", "2 * 3 * 4 and a_b_c and *x*", ()),
        ("# H\n> q\n---\n* item", "H\nq\n\n* item", ()),
        ("[x](javascript:alert) [y](/c/news)", "x y", ()),
    ],
)
def test_markdown_becomes_text_and_links(source: str, text: str, links: tuple[str, ...]) -> None:
    assert read_markdown(source) == (text, links)


@pytest.mark.parametrize("hostile", ["*a ", "*a*b", "[a](", "![[", "- ", "\n \t", "_", "<http://"])
@pytest.mark.timeout(60)  # what costs the square of its length takes far longer
def test_hostile_markdown_is_read_to_its_end(hostile: str) -> None:
    text, links = read_markdown(hostile * 8_000 + "end")
    assert text.endswith("end") or any(link.endswith("end") for link in links)


def test_a_comment_names_author_root_parent_and_community() -> None:
    view = LemmyWorld()._view("comment", LemmyWorld().comments[12], 0)
    read = read_view(view, "comment")
    assert isinstance(read, View)
    post = read_thing(read, 12, {11: f"{HOME}/comment/11"}).what
    assert isinstance(post, Post)
    assert (post.thread, post.reply_to) == (f"lemmy:{HOME}/post/2", f"lemmy:{HOME}/comment/11")
    assert post.author is not None and post.author.handle == "user2@home.example"
    assert (post.venue, post.likes, post.replies) == ("news@home.example", 4, 1)
    lost = read_thing(read, 12, {}).what
    assert isinstance(lost, Post) and lost.reply_to == lost.thread


def test_dates_without_a_zone_are_utc() -> None:
    world = LemmyWorld()
    read = read_view(world._view("post", world.posts[1] | {"published": "2023-06-14T10:29:30.123456"}, 0), "post")
    assert isinstance(read, View) and read.post.at == datetime(2023, 6, 14, 10, 29, 30, 123456, tzinfo=UTC)
    post = read_thing(read, 1, {}).what
    assert isinstance(post, Post) and check_post(post, NOON).links[0] == "https://example.org/1"


@pytest.mark.parametrize("view", [None, [], {"post": 3}, {"post": {"id": 3}}, {"comment": {"id": 3, "path": "0.x.3"}}])
def test_views_that_make_no_sense_are_dead_letters(view: Any) -> None:
    assert isinstance(read_view(view, "comment"), Bad) and isinstance(read_view(view, "post"), Bad)


async def test_edits_and_deletions_of_old_posts_are_found_by_looking_again(http: Http) -> None:
    world = LemmyWorld()
    async with serving(world.serve) as server:
        run = Run(http, server.url)
        assert len(await run.told()) == 126  # 19 posts, 107 comments
        world.comments[5] |= {"content": "edited"}
        del world.comments[6]
        world.posts[2] |= {"removed": True}
        del world.posts[4]
        assert await run.told() == [("delete", "post/2")]
        run.now += timedelta(hours=1, seconds=1)
        assert sorted(await run.told(8)) == [("delete", "comment/6"), ("delete", "post/4"), ("update", "comment/5")]


async def test_a_parent_that_was_never_read_is_asked_for(http: Http) -> None:
    world = LemmyWorld()
    async with serving(world.serve) as server:
        batches = await Run(http, server.url, first=1).read(1)
        comment = batches[0].posts[-1]
        assert comment.id == f"lemmy:{HOME}/comment/110"
        assert comment.reply_to == f"lemmy:{HOME}/comment/109"
        run = Run(http, server.url, first=1)
        await run.read(1)
        world.comments[111] = world._comment(111) | {"path": "0.11.12.111"}
        batches = await run.read(1)
        assert [post.reply_to for post in batches[0].posts] == [f"lemmy:{HOME}/comment/12"]
        assert any(request.query.get("id") == "12" for request in server.requests)


async def test_communities_are_asked_for_by_name_wherever_they_live(http: Http) -> None:
    world = LemmyWorld()
    async with serving(world.serve) as server:
        await Run(http, server.url, communities=["!news@home.example"]).read(1)
        asked = {(request.query.get("community_name"), request.query.get("type_")) for request in server.requests}
        assert ("news@home.example", "All") in asked


async def test_what_is_further_back_than_a_look_goes_is_a_gap(http: Http, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bots.sources.lemmy_looks.MOST_PAGES", 2)
    assert MOST_PAGES * LIMIT == 2_000
    world = LemmyWorld()
    async with serving(world.serve) as server:
        run = Run(http, server.url, first=10)
        await run.read(1)
        world.comments |= {number: world._comment(number) for number in range(111, 271)}
        gaps = [batch.gap for batch in await run.read(2) if batch.gap is not None]
        assert len(gaps) == 1 and gaps[0].start < gaps[0].end


async def test_what_is_no_lemmy_is_named_in_the_reason(http: Http) -> None:
    async def serve(request: web.Request) -> web.Response:
        return web.json_response({"error": "what?"})

    async with serving(serve) as server:
        with pytest.raises(Retry, match="is it Lemmy"):
            await Run(http, server.url).read(2)
