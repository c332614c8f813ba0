"""What the contract suite does not show of the GitHub collector: options, pace, second looks, recorded answers."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, cast

import pytest
from aiohttp import web
from pydantic import ValidationError

from bots.http import Http, HttpError
from bots.sources.base import Batch, Misconfigured, Tools
from bots.sources.github import GitHub
from bots.sources.github_api import GitHubOptions
from bots.sources.github_posts import Kind, Names, read_page
from streams.records import Post
from tests.contract.source_server import SourceServer, serving
from tests.contract.worlds.github import REPOSITORY, GitHubWorld

RECORDED = Path("tests/recordings/github")
PUBLIC = Names("https://api.github.com")


class Desk:
    """One repository behind a server whose headers and clock a test may set."""

    def __init__(self) -> None:
        self.world = GitHubWorld()
        self.now = datetime(2026, 11, 23, 12, tzinfo=UTC)
        self.headers: dict[str, str] = {}
        self.status: dict[str, int] = {}
        self.asked: list[web.Request] = []

    async def serve(self, request: web.Request) -> web.Response:
        self.asked.append(request)
        answer = await self.world.serve(request)
        for part, status in self.status.items():
            if request.path.endswith(part):
                answer = web.Response(status=status)
        answer.headers.update(self.headers)
        return answer

    def source(self, http: Http, **options: Any) -> GitHub:
        given = {
            "base_url": self.world.url,
            "repositories": [REPOSITORY],
            "every": "1ms",
            "first": "30d",
            "recheck": 50,
        }
        tools = Tools(http=http, now=lambda: self.now, random=Random(1), brands=())
        return GitHub(GitHubOptions.model_validate(given | options), tools)


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


async def take(source: GitHub, batches: int, cursor: Any = None) -> list[Batch]:
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


@pytest.mark.parametrize("name", ["cpython", "https://github.com/python/cpython", "python/", "a/b/c", "-a/b", "a b/c"])
def test_a_repository_is_owner_and_name(name: str) -> None:
    with pytest.raises(ValidationError, match="is not owner/name"):
        GitHubOptions.model_validate({"repositories": [name]})


def test_one_repository_in_two_spellings_is_one() -> None:
    options = GitHubOptions.model_validate({"repositories": ["Python/CPython", "python/cpython"]})
    assert options.repositories == ("python/cpython",)


@pytest.mark.parametrize("wrong", [{"base_url": "api.github.com"}, {"every": "2h"}, {"recheck": -1}])
def test_options_out_of_reason_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        GitHubOptions.model_validate(wrong)


async def test_without_repositories_it_says_which_key(desk: Desk, http: Http) -> None:
    with pytest.raises(Misconfigured, match=r"sources\.github\.repositories"):
        await take(desk.source(http, repositories=[]), 1)


async def test_the_token_is_sent_and_a_refused_one_is_named_but_not_shown(desk: Desk, http: Http) -> None:
    desk.status["/issues"] = 401
    with pytest.raises(Misconfigured, match=r"sources\.github\.token") as refused:
        await take(desk.source(http, token="geheim-7"), 2)
    assert desk.asked[0].headers["Authorization"] == "Bearer geheim-7"
    assert "geheim" not in str(refused.value)


async def test_an_allowance_that_is_used_up_is_everybodys_and_says_how_long(desk: Desk, http: Http) -> None:
    desk.status = {"/issues": 403}
    desk.headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(time.time()) + 3_000)}
    with pytest.raises(HttpError, match="used up") as spent:
        await take(desk.source(http), 5)
    assert spent.value.after is not None
    assert spent.value.after > 2_900
    assert len(desk.asked) == 1


async def test_without_a_token_none_is_sent(desk: Desk, http: Http) -> None:
    await take(desk.source(http), 1)
    assert "Authorization" not in desk.asked[0].headers


async def test_a_list_that_is_closed_leaves_the_others_alone(desk: Desk, http: Http) -> None:
    desk.status["/issues"] = 410
    told = {post.id.split("/")[3] for post in posts_of(await take(desk.source(http), 20))}
    assert told == {"issues", "releases"}  # comments have the ids of their issues


async def test_when_all_lists_fail_it_is_a_retry(desk: Desk, http: Http) -> None:
    desk.status = {"/issues": 404, "/comments": 404, "/releases": 404}
    with pytest.raises(HttpError, match="404"):
        await take(desk.source(http), 20)


async def test_the_allowance_is_spread_over_the_time_it_is_for(
    desk: Desk, http: Http, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr("bots.sources.github_api.asyncio.sleep", sleep)
    reset = int(desk.now.timestamp()) + 3_000
    desk.headers = {"x-ratelimit-remaining": "50", "X-RateLimit-Reset": str(reset)}
    await take(desk.source(http), 2)
    assert slept[0] == 0.0
    assert 55 < slept[1] <= 60


async def test_the_pause_that_github_asks_for_is_kept(desk: Desk, http: Http) -> None:
    desk.headers = {"X-Poll-Interval": "70"}
    source = desk.source(http)
    await take(source, 1)
    assert source._api.poll_s == 70


async def test_what_vanished_is_found_when_a_second_look_is_due(desk: Desk, http: Http) -> None:
    source = desk.source(http)
    first = await take(source, 25)
    assert {post.op for post in posts_of(first)} == {"create"}
    for number in (40, 19, 44):  # the last two stand under the issue
        del desk.world.comments[number]
    del desk.world.issues[20]
    desk.now += timedelta(minutes=59)
    second = await take(source, 25, first[-1].cursor)
    assert not posts_of(second)
    desk.now += timedelta(minutes=2)
    third = await take(source, 25, second[-1].cursor)
    gone = {post.id.split("/", 2)[2] for post in posts_of(third)}
    assert {post.op for post in posts_of(third)} == {"delete"}
    assert {"rocket/issues/16#issuecomment-40", "rocket/issues/20", "rocket/issues/20#issuecomment-19"} <= gone
    assert all(post.thread and post.id.startswith(post.thread) for post in posts_of(third))


async def test_a_thread_that_cannot_be_read_is_not_taken_for_deleted(desk: Desk, http: Http) -> None:
    source = desk.source(http)
    first = await take(source, 25)
    desk.status["/20/comments"] = 451
    desk.now += timedelta(hours=2)
    assert not posts_of(await take(source, 25, first[-1].cursor))


async def test_a_comment_that_loses_its_words_is_told_as_deleted(desk: Desk, http: Http) -> None:
    source = desk.source(http)
    first = await take(source, 25)
    desk.world.comments[40] |= {"body_html": "<img src='x'>", "updated_at": "2026-11-23T11:00:00Z"}
    (post,) = posts_of(await take(source, 25, first[-1].cursor))
    assert (post.op, post.id.rsplit("-")[-1]) == ("delete", "40")


async def test_a_time_from_the_future_hides_nothing(desk: Desk, http: Http) -> None:
    desk.world.issues[25]["updated_at"] = "2099-01-01T00:00:00Z"
    source = desk.source(http)
    first = await take(source, 25)
    desk.now += timedelta(minutes=1)
    desk.world.issues[26] = desk.world.issues[1] | {"number": 26, "updated_at": "2026-11-23T12:00:30Z"}
    assert [post.id.rsplit("/")[-1] for post in posts_of(await take(source, 25, first[-1].cursor))] == ["26"]


async def test_repositories_that_are_no_longer_named_are_forgotten(desk: Desk, http: Http) -> None:
    first = await take(desk.source(http), 25)
    later = await take(desk.source(http, repositories=["acme/rocket2", "acme/private"]), 1, first[-1].cursor)
    assert not later[0].cursor["threads"]


@pytest.mark.parametrize("kind", ["issue", "comment", "release"])
def test_recorded_answers(kind: str) -> None:
    kinds: dict[str, Kind] = {"issue": "issues", "comment": "comments", "release": "releases"}
    body = (RECORDED / f"{kind}.json").read_bytes()
    page = read_page(body, "requests/requests-kerberos", kinds[kind], PUBLIC)
    assert not page.bad
    (record,) = page.records
    post = record.post
    assert post.author is not None
    assert (post.author.id, post.author.bot) == ("github:sigmavirus24", False)
    if kind == "comment":
        assert post.id == "github:requests/requests-kerberos/issues/1#issuecomment-10426578"
        assert post.reply_to == post.thread == "github:requests/requests-kerberos/issues/1"
    elif kind == "issue":
        assert post.text.startswith("Construct _api attribute on our own\n\nWe use the _api attribute")
        assert (post.replies, post.thread, post.reply_to) == (2, post.id, None)
    else:
        assert post.text.startswith("v0.7.1\n\nFixed issue trying to parse html_url")
        assert post.mentions == ("rogerhu",)
        assert post.created_at == datetime(2013, 10, 26, 2, 25, 22, tzinfo=UTC)


@pytest.mark.parametrize("body", [b"{}", b"", b"[1,", b"\xff", b"[" * 2_000 + b"]" * 2_000])
def test_what_is_no_list_is_a_retry(body: bytes) -> None:
    with pytest.raises(HttpError):
        read_page(body, "a/b", "issues", PUBLIC)


@pytest.mark.parametrize("item", [b"null", b"1", b'{"number": 1}', b'{"number": 1e99}'])
def test_what_is_no_issue_is_handed_on_as_bad(item: bytes) -> None:
    page = read_page(b"[" + item + b"]", "a/b", "issues", PUBLIC)
    assert (page.records, len(page.bad)) == ([], 1)
