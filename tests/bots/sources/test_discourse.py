"""Discourse: its options, one post, old servers, re-checks, deletions, forums that fail."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, cast

import pytest
from aiohttp import web
from pydantic import ValidationError

from bots.http import Http
from bots.sources.base import Bad, Batch, Misconfigured, Retry, Tools
from bots.sources.discourse import Discourse, DiscourseOptions
from bots.sources.discourse_looks import CONFIRM
from bots.sources.discourse_posts import Forum, own_words
from bots.sources.watching import Known, Read, Watch
from streams.records import Post, check_post
from tests.contract.source_server import SourceServer, serving

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
RECORDED = Path(__file__).parents[2] / "recordings" / "discourse" / "posts_latest.json"


def record(number: int, **changes: Any) -> dict[str, Any]:
    """A post of topic 9."""
    return {
        "id": number,
        "topic_id": 9,
        "post_number": number,
        "username": "ann",
        "created_at": "2026-11-03T10:00:00.000Z",
        "cooked": f"<p>words {number}</p>",
        "raw": f"words {number}",
    } | changes


def ops(posts: list[Post]) -> list[tuple[str, str]]:
    """What happened to which number."""
    return [(post.op, post.id.rsplit("/", 1)[1]) for post in posts]


class Site:
    """A forum: `old` gives the last 50 numbers up to and with `before`, as servers did until 2025."""

    def __init__(self, *, old: bool = False) -> None:
        self.records: dict[int, dict[str, Any]] = {}
        self.off_list: set[int] = set()
        self.old = old
        self.asked: list[str] = []

    async def serve(self, request: web.Request) -> web.Response:
        """`/posts.json` and `/posts/N.json`."""
        self.asked.append(request.path_qs)
        if request.path == "/posts.json":
            return web.json_response({"latest_posts": self._page(int(request.query.get("before", 0)))})
        number = int(request.path.removeprefix("/posts/").removesuffix(".json"))
        if number not in self.records:
            raise web.HTTPNotFound
        return web.json_response(self.records[number])

    def _page(self, before: int) -> list[dict[str, Any]]:
        listed = sorted(self.records.keys() - self.off_list, reverse=True)
        if self.old:
            top = before or max(self.records, default=0)
            return [self.records[number] for number in listed if top - 50 < number <= top]
        return [self.records[number] for number in listed if not before or number < before][:50]


class Run:
    """A collector on a site, with a clock that the test turns."""

    def __init__(self, http: Http, url: str, **options: Any) -> None:
        self.now, self.cursor = NOON, cast(Any, None)
        self._http = http
        self._options = {"forums": [url], "poll": "1ms", "pause": "1ms", "first": 10_000} | options

    async def read(self, enough: Callable[[list[Post]], Any], most: int = 60) -> list[Post]:
        """All that is told until it is enough, in a new process."""
        posts: list[Post] = []
        async for batch in self.batches(most):
            posts.extend(check_post(post, self.now) for post in batch.posts)
            if enough(posts):
                break
        return posts

    async def batches(self, most: int) -> AsyncIterator[Batch]:
        """Up to so many batches."""
        tools = Tools(http=self._http, now=lambda: self.now, random=Random(1), brands=())
        source = Discourse(DiscourseOptions.model_validate(self._options), tools)
        async with aclosing(cast(Any, source.collect(self.cursor))) as stream:
            for _ in range(most):
                batch = await anext(stream)
                self.cursor = json.loads(json.dumps(batch.cursor))
                yield batch


@pytest.fixture(params=[False, True], ids=["new server", "old server"])
def site(request: pytest.FixtureRequest) -> Site:
    """Both kinds of servers."""
    return Site(old=request.param)


@pytest.fixture
async def server(site: Site) -> AsyncIterator[SourceServer]:
    """The site's server."""
    async with serving(site.serve) as server:
        yield server


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    """The client."""
    async with Http("test@example.org", random=Random(2), base_s=0.0001, attempts=2) as http:
        yield http


def test_a_recorded_page_becomes_posts() -> None:
    records = json.loads(RECORDED.read_text())["latest_posts"]
    read = [Forum("https://forum.example.org").read(record) for record in records]
    posts = [check_post(one.what, NOON) for one in read if isinstance(one, Read) and isinstance(one.what, Post)]
    answer, root, welcome, about = posts
    assert answer.id == "discourse:forum.example.org/11/2"
    assert answer.reply_to == answer.thread == root.id == root.thread == "discourse:forum.example.org/11/1"
    assert (answer.text, root.reply_to) == ("holla bullhonky.", None)
    assert root.text == "This is an uncategorized title\n\nhi there. hi there. hi there."
    assert answer.url == "https://forum.example.org/t/this-is-an-uncategorized-title/11/2"
    assert answer.author is not None and answer.author.id == "discourse:forum.example.org/johndoe"
    assert answer.author.role == "admin" and not answer.author.bot
    assert welcome.author is not None and welcome.author.bot
    assert welcome.text.startswith("Welcome to Discourse\n\nThe first paragraph")
    assert "\nWho is it for?\n" in welcome.text
    assert about.venue == "forum.example.org"


def test_mentions_tags_links_likes_and_whom_it_answers_are_read() -> None:
    cooked = (
        '<p><a class="mention" href="/u/bob">@bob</a> see <a href="https://example.org/x">x</a> '
        '<a class="hashtag-cooked" href="/tag/release/5">release</a></p>'
    )
    changes = {"actions_summary": [{"id": 2, "count": 7}, {"id": 6}], "reply_to_post_number": 3}
    read = Forum("https://f.example").read(record(5, cooked=cooked, reply_to_user={"username": "bob"}, **changes))
    assert isinstance(read, Read) and isinstance(read.what, Post)
    post = read.what
    assert (post.mentions, post.hashtags, post.links) == (("bob",), ("release",), ("https://example.org/x",))
    assert (post.likes, post.reply_to) == (7, "discourse:f.example/9/3")
    assert post.reply_to_author == "discourse:f.example/bob"


def test_quotes_and_previews_are_not_the_authors_words() -> None:
    quote = '<aside class="quote" data-topic="9" data-post="2"><aside class="quote">in</aside>theirs</aside>'
    box = '<aside class="onebox" data-onebox-src="https://example.org/?a=1&amp;b=2">preview</aside>'
    read = Forum("https://f.example").read(record(5, cooked=f"{quote}<p>mine</p>{box}<p>too</p>"))
    assert isinstance(read, Read) and isinstance(read.what, Post)
    assert (read.what.text, read.what.quote_of) == ("mine\n\ntoo", "discourse:f.example/9/2")
    assert read.what.links == ("https://example.org/?a=1&b=2",)


def test_a_quote_that_never_ends_hides_only_what_is_in_it() -> None:
    assert own_words("<p>a</p><aside class='quote'>b")[0] == "<p>a</p>"
    assert own_words("</aside><p>a</p>")[0] == "</aside><p>a</p>"


def test_a_post_that_quotes_itself_is_still_a_post() -> None:
    quote = '<aside class="quote" data-topic="9" data-post="5">me</aside><p>more</p>'
    read = Forum("https://f.example").read(record(5, cooked=quote))
    assert isinstance(read, Read) and isinstance(read.what, Post)
    assert check_post(read.what, NOON).quote_of is None


@pytest.mark.parametrize("broken", [None, [], "x", {"id": None}, {"id": "5"}, {"id": 5}, record(5, created_at=1e300)])
def test_records_that_make_no_sense_are_dead_letters(broken: Any) -> None:
    read = Forum("https://f.example").read(broken)
    assert isinstance(read, Bad) or isinstance(read.what, Bad)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"forums": ["meta.discourse.org"]}, "not the address of a forum"),
        ({"forums": ["https://a.example/?x=1"]}, "not the address of a forum"),
        ({"forums": ["https://a.example"], "poll": "2d"}, "at most 12h"),
        ({"forums": ["https://a.example"], "pause": "2m"}, "at most 1m"),
        ({"forums": ["https://a.example"], "poll": "0s"}, "at most 12h"),
        ({"forum": "https://a.example"}, "forum"),
    ],
)
def test_mistakes_in_the_options_are_told_in_plain_words(options: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        DiscourseOptions.model_validate(options)


async def test_without_a_forum_it_is_misconfigured(http: Http) -> None:
    tools = Tools(http=http, now=lambda: NOON, random=Random(1), brands=())
    with pytest.raises(Misconfigured, match=r"sources\.discourse\.forums"):
        await anext(Discourse(DiscourseOptions(), tools).collect(None))


async def test_after_a_long_absence_all_is_told_in_order(site: Site, server: SourceServer, http: Http) -> None:
    site.records = {number: record(number) for number in range(1, 11)}
    run = Run(http, server.url)
    assert len(await run.read(lambda posts: len(posts) >= 10)) == 10
    site.records |= {number: record(number) for number in range(11, 400) if not 100 < number < 260}
    posts = await run.read(lambda posts: len(posts) >= 230)
    numbers = [int(post.id.rsplit("/", 1)[1]) for post in posts]
    assert numbers == [number for number in range(11, 400) if not 100 < number < 260]


async def test_at_the_first_start_only_so_many_numbers_back(site: Site, server: SourceServer, http: Http) -> None:
    site.records = {number: record(number) for number in range(1, 200)}
    posts = await Run(http, server.url, first=70).read(lambda posts: len(posts) >= 70)
    assert [post.id.rsplit("/", 1)[1] for post in posts] == [str(number) for number in range(130, 200)]


async def test_an_empty_forum_is_a_sign_of_life_and_starts_with_its_first_post(
    site: Site, server: SourceServer, http: Http
) -> None:
    run = Run(http, server.url, first=0)
    assert [list(batch.posts) async for batch in run.batches(2)] == [[], []]
    site.records[1_000] = record(1_000)
    await run.read(lambda posts: False, most=2)
    site.records[1_001] = record(1_001)
    posts = await run.read(bool, most=4)
    assert [post.id.rsplit("/", 1)[1] for post in posts] == ["1001"]


async def test_old_posts_are_looked_at_again_for_edits_and_deletions(
    site: Site, server: SourceServer, http: Http
) -> None:
    site.records = {number: record(number) for number in range(1, 121)}
    run = Run(http, server.url)
    await run.read(lambda posts: len(posts) >= 120)
    site.records[3] |= {"raw": "changed", "cooked": "<p>changed</p>"}
    del site.records[4]
    site.records[5] |= {"hidden": True}
    site.off_list.add(6)
    assert await run.read(lambda posts: False, most=6) == []
    run.now += timedelta(hours=1, seconds=1)
    posts = await run.read(lambda posts: len(posts) >= 3)
    assert ops(posts) == [("update", "3"), ("delete", "5"), ("delete", "4")]
    await run.read(lambda posts: False, most=6)
    site.records[5] |= {"hidden": False}
    del site.records[7]
    run.now += timedelta(days=1)
    posts = await run.read(lambda posts: len(posts) >= 2)
    assert ops(posts) == [("create", "5"), ("delete", "7")]


async def test_a_purge_is_confirmed_post_by_post_and_not_all_at_once(
    site: Site, server: SourceServer, http: Http
) -> None:
    site.records = {number: record(number) for number in range(1, 61)}
    run = Run(http, server.url)
    await run.read(lambda posts: len(posts) >= 60)
    for number in range(20, 45):
        del site.records[number]
    deleted: list[Post] = []
    async for batch in run.batches(6):
        assert len(batch.posts) <= CONFIRM
        deleted.extend(batch.posts)
    assert {post.id.rsplit("/", 1)[1] for post in deleted} == {str(number) for number in range(20, 45)}
    assert len([path for path in site.asked if path.startswith("/posts/")]) == 25


async def test_a_post_off_the_list_but_readable_is_asked_for_once(site: Site, server: SourceServer, http: Http) -> None:
    site.records = {number: record(number) for number in range(1, 11)}
    run = Run(http, server.url)
    await run.read(lambda posts: len(posts) >= 10)
    site.off_list.add(5)
    assert await run.read(lambda posts: False, most=5) == []
    assert site.asked.count("/posts/5.json") == 1


async def test_one_forum_that_fails_leaves_the_other_alone(site: Site, server: SourceServer, http: Http) -> None:
    site.records = {1: record(1)}
    run = Run(http, server.url, forums=[f"{server.url}/elsewhere", server.url])
    assert len(await run.read(bool)) == 1


async def test_what_is_no_forum_is_named_in_the_reason(http: Http) -> None:
    async def serve(request: web.Request) -> web.Response:
        return web.json_response({"posts": []})

    async with serving(serve) as server:
        with pytest.raises(Retry, match="is it a Discourse forum"):
            await Run(http, server.url).read(lambda posts: False)


def test_what_is_watched_is_bounded_and_what_was_forgotten_is_not_told_again() -> None:
    watch = Watch(known={number: Known(f"x:{number}", "a", 0) for number in range(10)})
    watch.trim(4)
    assert (sorted(watch.known), watch.floor) == ([6, 7, 8, 9], 6)
    for _ in range(4):
        watch.looked(6)
    assert (sorted(watch.known), watch.floor) == ([7, 8, 9], 7)
    assert watch.due(3_599.0) == [] and watch.due(3_600.0) == [7, 8, 9]
