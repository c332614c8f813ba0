"""Reddit: lists whose ends move, second looks, gaps, closed subreddits, searches."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from aiohttp import web

from bots.http import Http, HttpError
from bots.sources.base import Misconfigured
from bots.sources.reddit import MOST_QUERY, queries
from bots.sources.reddit_posts import Kind, name_of, number_of
from config.schema import Brand
from tests.bots.sources.reddit_desk import Desk, answering, told
from tests.contract.source_server import serving
from tests.contract.worlds.reddit import BASE, RedditWorld

EMPTY = {"kind": "Listing", "data": {"after": None, "before": None, "dist": 0, "children": []}}


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


def name(kind: Kind, number: int) -> str:
    """The full name of one of the world's things."""
    return name_of(BASE + number, kind)


def add(world: RedditWorld, kind: Kind, numbers: range) -> None:
    """Write some more."""
    make = world.submission if kind == "t3" else world.comment
    world.things[kind] |= {number: make(number) for number in numbers}


@pytest.mark.parametrize("number", [0, 1, 35, 36, 46655, BASE, 36**8])
def test_numbers_and_full_names_are_the_same(number: int) -> None:
    assert number_of({"kind": "t3", "data": {"name": name_of(number, "t3")}}, "t3") == number


@pytest.mark.parametrize("odd", ["t1_abc", "t3_", "t3_ä", "t3_a-b", "t3_" + "z" * 20, 5, None])
def test_what_is_no_full_name_has_no_number(odd: Any) -> None:
    assert number_of({"kind": "t3", "data": {"name": odd}}, "t3") is None


# -- lists -----------------------------------------------------------------------------------------------------------


async def test_when_the_newest_known_things_are_removed_the_list_goes_on(desk: Desk, http: Http) -> None:
    source = desk.source(http)
    await desk.read(source, 2)
    for number in range(101, 151):
        desk.world.take("t3", number, selftext="[removed]", removed_by_category="moderator")
    add(desk.world, "t3", range(151, 153))
    found = told(await desk.read(source, 2))
    assert [("create", name("t3", number)) for number in (151, 152)] == [one for one in found if one[0] == "create"]
    assert len([one for one in found if one[0] == "delete"]) == 49  # 130 was never told
    assert not any("before" in request.query for request in desk.asked)


async def test_when_a_page_s_last_thing_is_removed_before_the_next_page_is_asked_for(desk: Desk, http: Http) -> None:
    desk.world.things["t1"].pop(211)  # it has no name
    anchors: list[str] = []

    async def remove_then_answer(request: web.Request) -> web.Response:
        if (after := request.query.get("after")) is not None and not anchors:
            desk.world.off |= {("t1", int(after[3:], 36) - BASE), ("t1", int(after[3:], 36) - BASE + 1)}
        anchors.extend([after] if after else [])
        return await desk.world.serve(request)

    desk.instead = {"/comments": remove_then_answer}
    found = told(await desk.read(desk.source(http), 2))
    assert len([one for one in found if one[1].startswith("t1_")]) == 227  # without 200, 210 and 211
    assert len(anchors) == 4  # one page behind, two anchors that are gone, one more page


async def test_what_was_held_back_is_told_once_it_is_let_through(desk: Desk, http: Http) -> None:
    source, held = desk.source(http), desk.world.things["t3"].pop(140)
    await desk.read(source, 2)
    desk.world.things["t3"][140] = held
    assert told(await desk.read(source, 2)) == [("create", name("t3", 140))]


async def test_an_old_sticky_on_top_is_no_news_and_ends_nothing(desk: Desk, http: Http) -> None:
    source, sticky = desk.source(http, first=10), {"kind": "t3", "data": desk.world.things["t3"][3]}
    await desk.read(source, 2)
    add(desk.world, "t3", range(151, 153))

    async def on_top(request: web.Request) -> web.Response:
        answer = await desk.world.serve(request)
        assert isinstance(answer.body, bytes)
        found = EMPTY | {"data": {"after": None, "children": [sticky, *_children(answer.body)]}}
        return web.json_response(found)

    desk.instead = {"/new": on_top}
    assert told(await desk.read(source, 2)) == [("create", name("t3", number)) for number in (151, 152)]


def _children(body: bytes) -> list[Any]:
    children: list[Any] = json.loads(body)["data"]["children"]
    return children


async def test_more_than_a_list_holds_is_a_gap(desk: Desk, http: Http) -> None:
    source = desk.source(http)
    await desk.read(source, 2)
    add(desk.world, "t1", range(231, 1_400))
    batches = await desk.read(source, 2)
    gaps = [batch.gap for batch in batches if batch.gap is not None]
    assert [(gap.start.timestamp(), gap.end.timestamp()) for gap in gaps] == [(1_790_000_230, 1_790_000_400)]
    assert len(told(batches)) == 1_000


async def test_a_list_that_is_shown_whole_has_no_gap_though_all_known_is_gone(desk: Desk, http: Http) -> None:
    source = desk.source(http)
    await desk.read(source, 2)
    desk.world.things["t3"].clear()
    add(desk.world, "t3", range(151, 200))
    batches = await desk.read(source, 2)
    assert not any(batch.gap for batch in batches)
    assert len([one for one in told(batches) if one[0] == "create"]) == 49


# -- second looks ----------------------------------------------------------------------------------------------------


async def test_old_things_are_asked_for_by_name_after_an_hour(desk: Desk, http: Http) -> None:
    source = desk.source(http)
    await desk.read(source, 2)
    desk.world.things["t1"][5] |= {"body": "edited", "body_html": "<p>edited</p>"}
    desk.world.take("t3", 7, selftext="[deleted]", author="[deleted]", removed_by_category="deleted")
    del desk.world.things["t1"][6]
    assert told(await desk.read(source, 2)) == []  # far down, and not due
    desk.now += timedelta(hours=1, seconds=1)
    found = told(await desk.read(source, 8))
    assert sorted(found) == [("delete", name("t1", 6)), ("delete", name("t3", 7)), ("update", name("t1", 5))]
    assert max(len(request.query["id"].split(",")) for request in desk.paths("/api/info")) == 100
    before = len(desk.asked)
    await desk.read(source, 4)
    assert not [request for request in desk.asked[before:] if request.path == "/api/info"]


async def test_one_odd_answer_deletes_nothing(desk: Desk, http: Http) -> None:
    source, odd = desk.source(http), [True]

    async def empty_once(request: web.Request) -> web.Response:
        return web.json_response(EMPTY) if odd.pop() else await desk.world.serve(request)

    await desk.read(source, 2)
    desk.now += timedelta(hours=1, seconds=1)
    desk.instead = {"/api/info": empty_once}
    odd[:] = [False] * 50 + [True]
    assert told(await desk.read(source, 6)) == []


async def test_an_account_that_is_deleted_is_taken_out_of_what_it_wrote(desk: Desk, http: Http) -> None:
    source = desk.source(http)
    await desk.read(source, 2)
    desk.world.things["t1"][220]["author"] = None
    posts = [post for batch in await desk.read(source, 2) for post in batch.posts]
    assert [(post.op, post.author and post.author.id) for post in posts] == [("update", "reddit:[deleted]")]


async def test_what_is_remembered_is_bounded(desk: Desk, http: Http) -> None:
    await desk.read(desk.source(http, recheck=200), 2)
    assert [len(place["watch"]["known"]) for place in desk.cursor.values()] == [100, 100]


# -- subreddits and searches -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body", "why"),
    [
        (403, {"reason": "private", "message": "Forbidden", "error": 403}, "private"),
        (403, {"reason": "quarantined", "message": "Forbidden", "error": 403}, "quarantined"),
        (404, {"reason": "banned", "message": "Not Found", "error": 404}, "banned"),
        (404, "<html>", "404"),
        (200, EMPTY, "no such subreddit"),
    ],
)
async def test_a_closed_subreddit_is_named(desk: Desk, http: Http, status: int, body: Any, why: str) -> None:
    desk.instead = {"/r/Secret/about": answering(status, body)}
    with pytest.raises(Misconfigured, match=rf"sources\.reddit\.subreddits: r/Secret .*{why}"):
        await desk.read(desk.source(http, subreddits=["acme", "Secret"]), 1)


async def test_a_subreddit_that_closes_later_is_named_too(desk: Desk, http: Http) -> None:
    source = desk.source(http)
    await desk.read(source, 2)
    closed = answering(403, {"reason": "private", "message": "Forbidden", "error": 403})
    desk.instead = {"/r/acme/": closed}
    with pytest.raises(Misconfigured, match=r"r/acme .*private"):
        await desk.read(source, 1)


async def test_subreddits_are_looked_up_once_and_read_together(desk: Desk, http: Http) -> None:
    source = desk.source(http, subreddits=["acme", "Rockets", "ACME"])
    await desk.read(source, 2)
    await desk.read(source, 2)
    assert [request.path for request in desk.paths("/about")] == ["/r/ACME/about", "/r/Rockets/about"]
    assert {request.path for request in desk.paths("+")} == {"/r/ACME+Rockets/new", "/r/ACME+Rockets/comments"}


async def test_a_list_that_fails_leaves_the_others_alone(desk: Desk, http: Http) -> None:
    desk.instead = {"/new": answering(500, {})}
    found = told(await desk.read(desk.source(http), 1))
    assert len(found) == 227
    desk.instead["/comments"] = answering(500, {})
    with pytest.raises(HttpError, match="500"):
        await desk.read(desk.source(http), 1)


async def test_a_search_reads_submissions_that_name_the_brand_anywhere(desk: Desk, http: Http) -> None:
    batches = await desk.read(desk.source(http, search=True), 3)
    asked = desk.paths("/search")[0].query
    assert (asked["q"], asked["sort"]) == ('"Acme" OR "the  big  one"', "new")
    assert list(desk.cursor) == ["new", "comments", "search acme 0"]
    ids = [one[1] for one in told(batches)]
    assert len(ids) == len(set(ids))  # found in both ways, told once
    alone = Desk()
    alone.world.url = desk.world.url
    found = told(await alone.read(alone.source(http, subreddits=[], search=True), 1))
    assert len(found) == 148


def test_many_terms_are_several_searches() -> None:
    brand = Brand(name="acme", terms=(*(f"acme product number {number}" for number in range(100)), "x" * 900))
    found = queries(brand)
    assert len(found) > 5 and max(len(query) for query in found) <= MOST_QUERY
    assert sum(query.count('"') for query in found) == 2 * 101
