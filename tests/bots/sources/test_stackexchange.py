"""What the contract suite does not show of the Stack Exchange collector: options, pace, second looks, odd answers."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, cast

import msgspec
import pytest
from aiohttp import web
from pydantic import ValidationError

from bots.http import Http, HttpError
from bots.sources.base import Batch, Misconfigured, Tools
from bots.sources.stackexchange import StackExchange
from bots.sources.stackexchange_api import StackExchangeOptions
from bots.sources.stackexchange_posts import read_talks
from streams.records import Post
from tests.contract.source_server import SourceServer, serving
from tests.contract.worlds.stackexchange import SITE, StackExchangeWorld


class Desk:
    """The world behind a server whose wrapper and clock a test may set."""

    def __init__(self) -> None:
        self.world = StackExchangeWorld()
        self.now = datetime(2026, 11, 23, 12, tzinfo=UTC)
        self.wrapper: dict[str, Any] = {}
        self.status = 200
        self.asked: list[web.Request] = []

    async def serve(self, request: web.Request) -> web.Response:
        self.asked.append(request)
        if self.status != 200 and "filters" not in request.path:
            return web.json_response({"error_id": 502, "error_name": "throttle_violation"}, status=self.status)
        answer = await self.world.serve(request)
        assert isinstance(answer.body, bytes)
        body = msgspec.json.encode(msgspec.json.decode(answer.body) | self.wrapper)
        headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}  # the API always compresses
        return web.Response(body=gzip.compress(body), headers=headers)

    def source(self, http: Http, **options: Any) -> StackExchange:
        given = {"base_url": f"{self.world.url}/2.3/", "tags": [f"{SITE}/python"], "every": "1ms", "first": "365d"}
        tools = Tools(http=http, now=lambda: self.now, random=Random(1), brands=())
        return StackExchange(StackExchangeOptions.model_validate(given | options), tools)


@pytest.fixture
def desk() -> Desk:
    """It."""
    return Desk()


@pytest.fixture
async def server(desk: Desk) -> AsyncIterator[SourceServer]:
    """Its server."""
    async with serving(desk.serve) as server:
        desk.world.url = server.url
        yield server


@pytest.fixture
async def http(server: SourceServer) -> AsyncIterator[Http]:
    """A client."""
    async with Http("test@example.org", random=Random(2), base_s=0.001, timeout_s=2.0) as http:
        yield http


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses before requests, none of which is made."""
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr("bots.sources.stackexchange_api.asyncio.sleep", sleep)
    return pauses


async def take(source: StackExchange, batches: int, cursor: Any = None) -> list[Batch]:
    """The first batches."""
    taken = []
    async with aclosing(cast(Any, source.collect(cursor))) as stream:
        async for batch in stream:
            taken.append(batch)
            if len(taken) == batches:
                break
    return taken


def posts_of(batches: list[Batch]) -> list[Post]:
    """All their posts."""
    return [post for batch in batches for post in batch.posts]


@pytest.mark.parametrize("tag", ["python", "stackoverflow/", "https://stackoverflow.com/tags/python", "a/b/c", "a/b;c"])
def test_a_tag_is_named_with_its_site(tag: str) -> None:
    with pytest.raises(ValidationError, match="is not site/tag"):
        StackExchangeOptions.model_validate({"tags": [tag]})


@pytest.mark.parametrize("tag", ["stackoverflow/c#", "stackoverflow/.net-8.0", "meta.stackoverflow/c++"])
def test_odd_tags_are_tags(tag: str) -> None:
    assert StackExchangeOptions.model_validate({"tags": [tag, tag]}).tags == (tag,)


@pytest.mark.parametrize("wrong", [{"base_url": "api.stackexchange.com"}, {"every": "13h"}, {"every": "0s"}])
def test_options_out_of_reason_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        StackExchangeOptions.model_validate(wrong)


async def test_without_tags_it_says_which_key(desk: Desk, http: Http) -> None:
    with pytest.raises(Misconfigured, match=r"sources\.stackexchange\.tags"):
        await take(desk.source(http, tags=[]), 1)


async def test_the_filter_is_made_once_and_kept_in_the_resume_point(desk: Desk, http: Http) -> None:
    first = await take(desk.source(http), 2)
    await take(desk.source(http), 2, first[-1].cursor)
    assert desk.world.filters == 1


async def test_the_key_is_sent_and_never_told(desk: Desk, http: Http, caplog: pytest.LogCaptureFixture) -> None:
    desk.status = 500
    with pytest.raises(HttpError) as failed:
        await take(desk.source(http, key="geheim-7"), 5)
    assert desk.asked[-1].query["key"] == "geheim-7"
    assert "geheim" not in str(failed.value) + caplog.text


async def test_what_is_left_of_the_day_is_spread_over_it(desk: Desk, http: Http, slept: list[float]) -> None:
    desk.wrapper = {"quota_remaining": 300}
    await take(desk.source(http), 2)
    assert 140 < slept[1] <= 144  # twelve hours for 300 requests


async def test_a_backoff_in_the_body_is_obeyed(desk: Desk, http: Http, slept: list[float]) -> None:
    desk.wrapper = {"backoff": 17}
    await take(desk.source(http), 1)
    assert 16 < slept[1] <= 17


async def test_a_day_s_allowance_that_is_used_up_is_a_retry_at_midnight(desk: Desk, http: Http) -> None:
    desk.wrapper = {"quota_remaining": 0}
    with pytest.raises(HttpError, match="used up") as spent:
        await take(desk.source(http), 3)
    assert spent.value.after is not None
    assert 43_000 < spent.value.after <= 43_200
    assert len(desk.asked) == 1


async def test_a_refusal_is_not_hurried(desk: Desk, http: Http) -> None:
    desk.status = 400
    with pytest.raises(HttpError, match="400") as refused:
        await take(desk.source(http), 3)
    assert refused.value.after == 600


async def test_second_looks_bring_comments_and_show_deletions(desk: Desk, http: Http) -> None:
    source = desk.source(http)
    first = await take(source, 9)
    desk.world.questions[8]["comments"].append(desk.world._comment(888))
    del desk.world.questions[9]["answers"][0], desk.world.questions[15]
    desk.now += timedelta(minutes=59)
    second = await take(source, 9, first[-1].cursor)
    assert not posts_of(second)
    desk.now += timedelta(minutes=2)
    asked = len(desk.asked)
    third = await take(source, 2, second[-1].cursor)
    told = {post.id.rsplit("/")[-1]: post.op for post in posts_of(third)}
    gone = dict.fromkeys(("109", "comment-1090", "15", "comment-150", "115", "comment-1150"), "delete")
    assert told == {"comment-888": "create"} | gone
    assert all(post.thread for post in posts_of(third))
    assert sum(";" in request.path for request in desk.asked[asked:]) == 1


async def test_a_question_that_cannot_be_read_is_not_taken_for_deleted(desk: Desk, http: Http) -> None:
    source = desk.source(http)
    first = await take(source, 9)
    desk.world.questions[9]["title"] = None
    desk.world.questions[8]["answers"][0]["creation_date"] = 10**30
    desk.now += timedelta(hours=2)
    later = await take(source, 9, first[-1].cursor)
    assert not [post for post in posts_of(later) if post.op == "delete"]


async def test_a_question_under_two_tags_is_told_once(desk: Desk, http: Http) -> None:
    batches = await take(desk.source(http, tags=[f"{SITE}/python", f"{SITE}/kafka"]), 15)
    ids = [post.id for post in posts_of(batches)]
    assert len(ids) == len(set(ids)) == 80


async def test_tags_of_sites_that_are_no_longer_named_are_forgotten(desk: Desk, http: Http) -> None:
    first = await take(desk.source(http), 9)
    later = await take(desk.source(http, tags=["nowhere/a", "nowhere/b"]), 1, first[-1].cursor)
    assert not later[0].cursor["threads"]


def test_a_reply_to_somebody_names_whom() -> None:
    comment = {"comment_id": 5, "creation_date": 1_790_000_000, "body": "no", "reply_to_user": {"user_id": 9}}
    question = {"question_id": 1, "creation_date": 1, "last_activity_date": 2, "title": "t", "comments": [comment]}
    ((talk,), bad) = read_talks([msgspec.Raw(msgspec.json.encode(question))], SITE)
    assert not bad
    reply = talk.posts["comment-5"]
    assert (reply.reply_to, reply.reply_to_author) == (f"stackexchange:{SITE}/1", f"stackexchange:{SITE}/user-9")
    assert reply.author is not None
    assert reply.author.id == f"stackexchange:{SITE}/user-~deleted"


@pytest.mark.parametrize(
    "item", [b"null", b"[]", b'{"question_id": 1}', b'{"a": ' + b"[" * 2_000 + b"]" * 2_000 + b"}"]
)
def test_what_is_no_question_is_handed_on_as_bad(item: bytes) -> None:
    talks, bad = read_talks([msgspec.Raw(item)], SITE)
    assert (talks, len(bad)) == ([], 1)
