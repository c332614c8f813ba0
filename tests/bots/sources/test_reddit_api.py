"""Reddit: options, signing in, the allowance; and what things become."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import AsyncIterator
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from aiohttp import web
from pydantic import ValidationError

from bots.http import Http, HttpError
from bots.sources.base import Bad, Misconfigured
from bots.sources.lru import Lru
from bots.sources.reddit_options import RedditOptions
from bots.sources.reddit_posts import Authors, Kind, read_post, read_thing
from streams.records import Author, Post
from tests.bots.sources.reddit_desk import Desk, answering
from tests.contract.source_server import serving
from tests.contract.worlds.reddit import SECRET, RedditWorld


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    """Behind its server."""
    desk = Desk()
    async with serving(desk.serve) as server:
        desk.world.url = server.url
        yield desk


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    """The client."""
    async with Http("test@example.org", random=Random(2), base_s=0.0001, attempts=2) as http:
        yield http


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses before requests, none of which is made."""
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr("bots.sources.reddit_api.asyncio.sleep", sleep)
    return pauses


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"subreddits": ["https://www.reddit.com/r/python"]}, "is no subreddit"),
        ({"subreddits": ["all"]}, "is no subreddit"),
        ({"subreddits": ["a+b"]}, "is no subreddit"),
        ({"username": "me@example.org"}, "no Reddit account"),
        ({"poll": "2h"}, "between 1ms and 1h"),
        ({"api_url": "oauth.reddit.com"}, "not a web address"),
    ],
)
def test_mistakes_in_the_options_are_told_in_plain_words(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        RedditOptions.model_validate(options)


def test_names_are_taken_as_people_write_them() -> None:
    options = RedditOptions.model_validate({"subreddits": ["r/Python", "/r/python/", "u_spez"], "username": "/u/me_1"})
    assert (options.subreddits, options.username) == (("python", "u_spez"), "me_1")


@pytest.mark.parametrize(
    ("options", "key"),
    [
        ({"client_id": ""}, "client_id"),
        ({"client_secret": None}, "client_secret"),
        ({"username": ""}, "username"),
        ({"subreddits": []}, "subreddits"),
    ],
)
async def test_what_is_missing_is_named(desk: Desk, http: Http, options: dict[str, Any], key: str) -> None:
    with pytest.raises(Misconfigured, match=rf"sources\.reddit\..*{key}"):
        await desk.read(desk.source(http, **options), 1)


# -- signing in ------------------------------------------------------------------------------------------------------


async def test_every_request_names_the_program_and_the_account_behind_it(desk: Desk, http: Http) -> None:
    await desk.read(desk.source(http), 2)
    (agent,) = desk.world.agents
    assert agent.startswith("python:tertulia:") and agent.endswith(" (by /u/acme_listens)")


async def test_a_token_is_replaced_before_it_ends(desk: Desk, http: Http) -> None:
    source = desk.source(http)
    await desk.read(source, 2)
    desk.now += timedelta(hours=23)
    await desk.read(source, 1)
    assert desk.world.tokens == 1
    desk.now += timedelta(minutes=59)
    await desk.read(source, 1)
    assert desk.world.tokens == 2
    refused = [request for request in desk.asked if request.headers["Authorization"] == "Bearer token-1"]
    assert refused[-1] is not desk.asked[-1]


async def test_a_token_that_is_withdrawn_is_replaced(desk: Desk, http: Http) -> None:
    source = desk.source(http)
    await desk.read(source, 1)
    desk.world.tokens += 5
    await desk.read(source, 1)
    assert desk.world.tokens == 7


async def test_credentials_that_are_not_accepted_are_named(desk: Desk, http: Http) -> None:
    with pytest.raises(Misconfigured, match=r"sources\.reddit\.client_id, client_secret: .* not accept"):
        await desk.read(desk.source(http, client_secret="wrong"), 1)


@pytest.mark.parametrize("answer", [answering(200, {"error": "unsupported_grant_type"}), answering(200, [])])
async def test_an_answer_without_a_token_is_a_retry(desk: Desk, http: Http, answer: Any) -> None:
    desk.instead = {"access_token": answer}
    with pytest.raises(HttpError, match="gives no access token"):
        await desk.read(desk.source(http), 1)


@pytest.mark.parametrize("status", [400, 401, 403, 500])
async def test_no_secret_is_told(desk: Desk, http: Http, status: int, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    desk.instead = {"/": answering(status, {"message": "no"})}
    with pytest.raises((HttpError, Misconfigured)) as caught:
        await desk.read(desk.source(http), 1)
    shown = "".join(traceback.format_exception(caught.value)) + caplog.text
    assert SECRET not in shown and "Basic " not in shown and "Bearer " not in shown


# -- the allowance ---------------------------------------------------------------------------------------------------


async def test_what_is_left_is_spread_over_the_time_that_is_left(desk: Desk, http: Http, slept: list[float]) -> None:
    headers = {"x-ratelimit-remaining": "30.0", "x-ratelimit-used": "970", "x-ratelimit-reset": "300"}
    desk.instead = {"/about": answering(200, {"kind": "t5", "data": {}}, headers)}
    await desk.read(desk.source(http), 1)
    assert 9 < max(slept) <= 10


async def test_a_used_up_allowance_is_waited_for(desk: Desk, http: Http, slept: list[float]) -> None:
    headers = {"x-ratelimit-remaining": "0.0", "x-ratelimit-reset": "400"}
    desk.instead = {"/about": answering(200, {"kind": "t5", "data": {}}, headers)}
    with pytest.raises(HttpError, match="rate limit") as caught:  # the client would not wait so long; we have slept
        await desk.read(desk.source(http), 1)
    assert 399 < max(slept) <= 400
    assert caught.value.after is not None and caught.value.after > 390


async def test_too_many_requests_rest_a_minute(desk: Desk, http: Http) -> None:
    desk.instead = {"/about": answering(429, {"message": "Too Many Requests", "error": 429})}
    with pytest.raises(HttpError) as caught:
        await desk.read(desk.source(http), 1)
    assert caught.value.after == 60


async def test_headers_that_make_no_sense_stop_nothing(desk: Desk, http: Http) -> None:
    headers = {"x-ratelimit-remaining": "many", "x-ratelimit-reset": ""}
    desk.instead = {"/about": answering(200, {"kind": "t5", "data": {}}, headers)}
    async with asyncio.timeout(30):
        assert (await desk.read(desk.source(http), 1))[0].posts


async def test_a_server_that_is_not_reddit_is_a_retry(http: Http) -> None:
    async def serve(request: web.Request) -> web.Response:
        given = {"access_token": "t", "expires_in": 3_600}
        about = {"kind": "t5", "data": {}}
        return web.json_response(given if "token" in request.path else about)

    desk = Desk()
    async with serving(serve) as server:
        desk.world.url = server.url
        with pytest.raises(HttpError, match="no listing"):
            await desk.read(desk.source(http), 1)


# -- posts -----------------------------------------------------------------------------------------------------------


def read(kind: Kind, authors: Authors | None = None, **data: Any) -> Post | None:
    """A thing of the world, changed."""
    world = RedditWorld()
    thing = read_thing({"kind": kind, "data": (world.things[kind][11]) | data}, kind)
    assert not isinstance(thing, Bad)
    what = read_post(thing, 1, authors or Lru(10)).what
    assert not isinstance(what, Bad)
    return what


def test_a_submission_that_shares_a_link_names_it_first() -> None:
    post = read("t3", is_self=False, url="https://example.org/x", selftext="see https://example.org/y")
    assert post is not None
    assert post.links == ("https://example.org/x",)  # the HTML has no other
    bare = read(
        "t3", is_self=False, url="https://example.org/x", selftext="**see** https://example.org/y", selftext_html=None
    )
    assert bare is not None and bare.links == ("https://example.org/x", "https://example.org/y")
    assert bare.text == "Title & 11\n\nsee https://example.org/y"


def test_a_submission_says_where_it_was_written_and_how_it_is_liked() -> None:
    post = read("t3", distinguished="admin")
    assert post is not None
    assert (post.venue, post.url) == ("r/acme", "https://www.reddit.com/r/acme/comments/11/")
    assert (post.likes, post.replies, post.thread) == (11, 2, post.id)
    assert post.author == Author(id="reddit:user-4", handle="User-4", role="admin")
    machine = read("t3", author="AutoModerator")
    assert machine is not None and machine.author is not None and machine.author.bot


CROSS: dict[str, Any] = {
    "crosspost_parent": "t3_zz",
    "is_self": False,
    "selftext": "",
    "selftext_html": None,
    "url": "/r/o/comments/zz/",
}


def test_a_crosspost_without_a_word_is_a_repost_and_with_words_a_quote() -> None:
    original = [{"title": " Title & 11", "author": "Someone"}]
    bare = read("t3", **CROSS, crosspost_parent_list=original)
    assert bare is not None and (bare.kind, bare.repost_of, bare.repost_of_author) == (
        "repost",
        "reddit:t3_zz",
        "reddit:someone",
    )
    spoken = read("t3", **CROSS, crosspost_parent_list=original, title="Look at this")
    assert spoken is not None and (spoken.kind, spoken.quote_of, spoken.repost_of) == ("quote", "reddit:t3_zz", None)
    unknown = read("t3", **CROSS, crosspost_parent_list=[])
    assert unknown is not None and (unknown.quote_of, unknown.quote_of_author) == ("reddit:t3_zz", None)
    assert bare.links == ()


def test_a_comment_names_whom_it_answers_where_that_is_known() -> None:
    first = read("t1")
    assert first is not None and first.reply_to == first.thread
    assert (first.reply_to_author, first.replies) == ("reddit:somebody", None)
    authors: Authors = Lru(10)
    authors.put("t1_above", "Eva")
    deeper = read("t1", authors, parent_id="t1_above")
    assert deeper is not None and (deeper.reply_to, deeper.reply_to_author) == ("reddit:t1_above", "reddit:eva")
    unknown = read("t1", parent_id="t1_other")
    assert unknown is not None and unknown.reply_to_author is None
    gone = read("t1", link_author="[deleted]")
    assert gone is not None and gone.reply_to_author is None


def test_links_to_people_are_mentions() -> None:
    html = '<p><a href="/u/Ann">x</a> <a href="https://old.reddit.com/user/bob/">y</a> <a href="/r/acme">z</a></p>'
    post = read("t1", body_html=html)
    assert post is not None
    assert (post.mentions, post.links) == (("Ann", "bob"), ("https://www.reddit.com/r/acme",))


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("t3", {"removed_by_category": "automod_filtered"}),
        ("t3", {"selftext": "[removed]"}),
        ("t3", {"selftext": "[deleted]", "author": "[deleted]"}),
        ("t3", {"selftext": "[ Removed by Reddit in response to a copyright notice. ]"}),
        ("t1", {"body": "[deleted]"}),
        ("t1", {"body": "[removed]"}),
        ("t1", {"body": "![gif](giphy|abc)", "body_html": '<p><img src="x"></p>'}),
    ],
)
def test_what_was_taken_away_or_has_no_words_is_no_post(kind: Kind, data: dict[str, Any]) -> None:
    assert read(kind, **data) is None


@pytest.mark.parametrize(
    "child",
    [
        None,
        [],
        {"kind": "t3"},
        {"kind": "t3", "data": {"name": "t3_a"}},
        {"kind": "t3", "data": RedditWorld().things["t3"][1] | {"title": ""}},
        {"kind": "t3", "data": RedditWorld().things["t3"][1] | {"created_utc": 1e300}},
    ],
)
def test_things_that_make_no_sense_are_dead_letters(child: Any) -> None:
    assert isinstance(read_thing(child, "t3"), Bad)
