"""Threads against a server on loopback: pages, limits, the token's life and secrecy, edits, deletions, refusals."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, cast

import pytest
from aiohttp import web
from pydantic import ValidationError

from bots.http import Http
from bots.sources.base import LOOKS_S, Bad, Batch, Misconfigured, Retry, Tools
from bots.sources.threads import MOST_PAGES, ThreadsNet, searches_of
from bots.sources.threads_memory import Place
from bots.sources.threads_options import ThreadsOptions
from bots.sources.threads_posts import Read, read_media
from config.schema import Brand
from streams.records import Post, check_post
from tests.bots.sources.threads_server import TOKEN, ThreadsServer, refusal, stamp
from tests.contract.source_server import SourceServer, serving

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
MEDIA = {
    "id": "1234567890",
    "text": "Try Acme! @some.one https://acme.example/x. #café",
    "topic_tag": "Coffee",
    "media_type": "TEXT_POST",
    "permalink": "https://www.threads.com/@tester/post/abcdefg",
    "timestamp": "2026-10-17T05:42:03+0000",
    "username": "tester",
    "has_replies": False,
    "is_quote_post": False,
    "is_reply": True,
    "root_post": {"id": "1234567000"},
    "replied_to": {"id": "1234567100"},
    "link_attachment_url": "https://acme.example/y",
}


class QuickThreads(ThreadsNet):
    """With the real ages of second looks, but without pauses."""

    look_pause_s = 0.001
    pace = 0.0


class Run:
    """A collector on a server, with a clock that the test turns."""

    def __init__(self, http: Http, url: str, server: ThreadsServer, **options: Any) -> None:
        self.now, self.cursor, self.batches = NOON, cast(Any, None), list[Batch]()
        self.server, self._http = server, http
        self.options = {"token": TOKEN, "searches": ["acme"], "base_url": url, "every": "1ms", "first": "7d"} | options

    def say(self, number: int, text: str, *, ago: float = 60.0, **more: Any) -> None:
        """A post of so many seconds ago."""
        at = stamp(self.now.timestamp() - ago)
        post = {"id": str(number), "text": text, "username": "ana", "timestamp": at, "media_type": "TEXT_POST"}
        self.server.posts[str(number)] = post | more

    async def until(self, enough: Callable[[Run], bool], most: int = 300) -> None:
        """Collect until it is enough; a failure is raised."""
        tools = Tools(self._http, lambda: self.now, Random(1), ())
        source = QuickThreads(ThreadsOptions.model_validate(self.options), tools)
        async with aclosing(cast(Any, source.collect(self.cursor))) as stream:
            async for batch in stream:
                self.batches.append(batch)
                self.cursor = json.loads(json.dumps(batch.cursor))
                most -= 1
                if enough(self):
                    return
                assert most, "it never came to an end"

    @property
    def posts(self) -> list[Post]:
        return [check_post(post, self.now) for batch in self.batches for post in batch.posts]

    @property
    def texts(self) -> list[str]:
        return [post.text if post.op != "delete" else f"-{post.id}" for post in self.posts]

    def asked(self, path: str) -> list[dict[str, str]]:
        return [query for name, query in self.server.asked if name == path]


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    async with Http(random=Random(1), base_s=0.001, timeout_s=2.0) as http:
        yield http


@pytest.fixture
def threads() -> ThreadsServer:
    return ThreadsServer()


@pytest.fixture
async def server(threads: ThreadsServer) -> AsyncIterator[SourceServer]:
    async with serving(threads.serve) as server:
        yield server


@pytest.fixture
def run(http: Http, server: SourceServer, threads: ThreadsServer) -> Run:
    return Run(http, server.url, threads)


def some(count: int) -> Callable[[Run], bool]:
    return lambda run: len(run.posts) >= count


def batches(count: int) -> Callable[[Run], bool]:
    left = iter(range(count - 1))
    return lambda run: next(left, None) is None


def test_a_post_is_read() -> None:
    found = read_media(MEDIA)
    assert isinstance(found, Read)
    post = check_post(found.post, NOON)
    assert (post.id, post.author and post.author.id) == ("threads:1234567890", "threads:tester")
    assert (post.thread, post.reply_to) == ("threads:1234567000", "threads:1234567100")
    assert post.links == ("https://acme.example/x", "https://acme.example/y")
    assert (post.hashtags, post.mentions) == (("Coffee", "café"), ("some.one",))
    assert post.created_at == datetime(2026, 10, 17, 5, 42, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"root_post": None, "replied_to": None}, {"thread": "threads:1234567890", "reply_to": None}),
        ({"root_post": None}, {"thread": None, "reply_to": "threads:1234567100"}),
        ({"quoted_post": {"id": "77"}}, {"quote_of": "threads:77"}),
        ({"quoted_post": "77"}, {"quote_of": "threads:77"}),
        ({"text": None, "alt_text": "a cup"}, {"text": "a cup"}),
        ({"text": "", "media_type": "CAROUSEL_ALBUM"}, {"text": "[carousel album]"}),
        (
            {
                "text": None,
                "media_type": "REPOST_FACADE",
                "reposted_post": {"id": "9"},
                "root_post": None,
                "replied_to": None,
            },
            {"text": "", "repost_of": "threads:9", "thread": "threads:9"},
        ),
        ({"permalink": "javascript:x"}, {"url": None}),
    ],
)
def test_what_a_post_can_be(more: dict[str, Any], said: dict[str, Any]) -> None:
    found = read_media(MEDIA | more)
    assert isinstance(found, Read)
    post = check_post(found.post, NOON)
    assert {name: getattr(post, name) for name in said} == said


@pytest.mark.parametrize(
    "more",
    [
        {"id": "x"},
        {"id": 5},
        {"username": ""},
        {"timestamp": "soon"},
        {"timestamp": "2026-10-17T05:42:03"},
        {"text": 5},
    ],
)
def test_what_makes_no_sense_is_bad(more: dict[str, Any]) -> None:
    assert isinstance(read_media(MEDIA | more), Bad)


def test_brands_are_searched_for_by_terms_and_topics() -> None:
    brands = (
        Brand(name="acme", terms=("Acme", "Acme  Inc"), hashtags=("#acme", "acmelove")),
        Brand(name="b", terms=("Acme",)),
    )
    assert searches_of(brands) == ("Acme", "Acme Inc", "#acme", "#acmelove")


@pytest.mark.parametrize("cursors", [True, False])
async def test_pages_are_walked_back_to_what_is_known(run: Run, threads: ThreadsServer, cursors: bool) -> None:
    threads.cursors, threads.page = cursors, 100
    for number in range(250):
        run.say(number + 1, f"acme {number}", ago=3_000 - number)
    await run.until(some(250))
    assert sorted(run.texts) == sorted(f"acme {number}" for number in range(250))
    first, second = run.asked("keyword_search")[:2]
    assert (first["q"], first["search_type"], first["limit"]) == ("acme", "RECENT", "100")
    assert "until" not in first
    assert ("after" in second, "until" in second) == (cursors, not cursors)
    assert {"root_post", "replied_to", "timestamp", "username"} <= set(first["fields"].split(","))
    run.now += timedelta(hours=1)
    run.say(999, "acme news")
    run.server.asked.clear()
    await run.until(some(251))
    assert len(run.asked("keyword_search")) == 1
    assert int(run.asked("keyword_search")[0]["since"]) > NOON.timestamp() - 3_600


async def test_a_topic_is_searched_for_as_one(http: Http, server: SourceServer, threads: ThreadsServer) -> None:
    run = Run(http, server.url, threads, searches=["#Acme"])
    run.say(1, "hello", topic_tag="Acme")
    await run.until(some(1))
    (query,) = run.asked("keyword_search")
    assert (query["q"], query["search_mode"]) == ("Acme", "TAG")


async def test_more_than_a_search_goes_back_is_a_gap(run: Run, threads: ThreadsServer) -> None:
    threads.page = 1
    for number in range(MOST_PAGES + 5):
        run.say(number + 1, f"acme {number}", ago=3_000 - 60 * number)
    await run.until(lambda run: any(batch.gap for batch in run.batches))
    (gap,) = [batch.gap for batch in run.batches if batch.gap]
    assert len(run.posts) == MOST_PAGES
    assert gap.start == NOON - timedelta(days=7)
    assert stamp(gap.end.timestamp()) == threads.posts["6"]["timestamp"]


def test_queries_count_for_24_hours() -> None:
    place, now = Place(), 1_800_000_000.0
    for _ in range(10):
        place.spend(now)
    assert place.wait_s(11, now) == 0
    assert 24 * 3_600 <= place.wait_s(10, now) <= 25 * 3_600
    place.spend(now + 7_200)
    later = now + place.wait_s(11, now + 7_200) + 7_200
    assert place.wait_s(11, later) == 0
    assert place.wait_s(1, later) > 0
    for hour in range(400):
        place.spend(now + hour * 3_600)
    assert len(place.hours) <= 25, "the resume point does not grow"


async def test_the_days_queries_are_not_overspent(http: Http, server: SourceServer, threads: ThreadsServer) -> None:
    run = Run(http, server.url, threads, queries_per_day=24)
    run.say(1, "acme")
    with pytest.raises(Retry, match="24 queries were made in 24 hours") as stopped:
        await run.until(lambda _: False)
    assert len(run.asked("keyword_search")) == 24
    assert stopped.value.after is not None
    assert 23 * 3_600 < stopped.value.after <= 25 * 3_600
    with pytest.raises(Retry):  # a restart does not forget it
        await run.until(lambda _: False)
    assert len(run.asked("keyword_search")) == 24
    run.now += timedelta(hours=25)
    await run.until(batches(1))


async def test_searches_without_results_cost_nothing(run: Run) -> None:
    await run.until(batches(30))
    assert run.cursor["hours"] == {}


async def test_deletions_and_edits_are_found_by_second_looks(run: Run, threads: ThreadsServer) -> None:
    for number in range(1, 4):
        run.say(number, f"acme {number}", ago=86_000)
    await run.until(some(3))
    del threads.posts["2"]
    threads.posts["3"]["text"] = "acme, edited"
    await run.until(batches(5))
    assert run.asked("2") == []
    run.now += timedelta(seconds=LOOKS_S[0] + 1)
    threads.refuse["keyword_search"] = web.json_response({"data": []})
    await run.until(lambda run: any(post.op == "delete" for post in run.posts))
    assert sorted(run.texts[3:]) == ["-threads:2", "acme, edited"]
    assert [post.op for post in run.posts if post.text == "acme, edited"] == ["update"]


async def test_an_app_that_may_not_read_posts_deletes_none(
    run: Run, threads: ThreadsServer, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(1, 4):
        run.say(number, f"acme {number}", ago=86_000)
    await run.until(some(3))
    threads.private = True
    run.now += timedelta(seconds=LOOKS_S[0] + 1)
    await run.until(
        lambda run: bool(run.asked("1") and run.asked("2") and run.asked("3")) and "advanced" in caplog.text
    )
    assert all(post.op != "delete" for post in run.posts)


async def test_the_last_post_left_is_not_deleted_without_proof(run: Run, threads: ThreadsServer) -> None:
    run.say(1, "acme 1", ago=86_000)
    await run.until(some(1))
    del threads.posts["1"]
    run.now += timedelta(seconds=LOOKS_S[0] + 1)
    await run.until(lambda run: bool(run.asked("1")), most=50)
    await run.until(batches(3))
    assert run.texts == ["acme 1"], "there was no other post to compare with"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (refusal(190, 463, 401), r"sources\.threads\.token: it has expired or was withdrawn.*190, 463"),
        (refusal(10, status=403), r"sources\.threads\.token: it lacks a permission.*error 10"),
        (refusal(200, status=403), r"sources\.threads\.token: it lacks a permission.*error 200"),
    ],
)
async def test_what_only_a_person_can_mend_is_said_plainly(run: Run, answer: web.Response, words: str) -> None:
    run.server.refuse["keyword_search"] = answer
    with pytest.raises(Misconfigured, match=words) as refused:
        await run.until(batches(2))
    assert TOKEN not in str(refused.value)


@pytest.mark.parametrize("code", [4, 17, 613])
async def test_limits_are_waited_out(run: Run, code: int) -> None:
    run.server.refuse["keyword_search"] = refusal(code, status=403)
    with pytest.raises(Retry, match=f"Meta allows no more requests for now .error {code}") as refused:
        await run.until(batches(5))
    assert refused.value.after == 3_600


async def test_a_search_that_fails_leaves_the_others_alone(
    http: Http, server: SourceServer, threads: ThreadsServer
) -> None:
    run = Run(http, server.url, threads, searches=["bad", "acme"], every="1h")
    run.say(1, "acme")
    run.server.refuse["keyword_search"] = refusal(100, status=400)
    await run.until(some(1))
    assert run.texts == ["acme"]


async def test_an_error_in_a_good_answer_is_one(run: Run) -> None:
    run.server.refuse["keyword_search"] = refusal(190, status=200)
    with pytest.raises(Misconfigured, match="expired"):
        await run.until(batches(2))


async def test_without_a_token_or_searches_it_says_so(http: Http) -> None:
    tools = Tools(http, lambda: NOON, Random(1), ())
    for options, words in (({}, "sources.threads.token"), ({"token": TOKEN}, "sources.threads.searches")):
        source = ThreadsNet(ThreadsOptions.model_validate(options), tools)
        with pytest.raises(Misconfigured, match=words):
            await anext(cast(Any, source.collect(None)))


@pytest.mark.parametrize(
    "options",
    [{"queries_per_day": 2_300}, {"searches": ["#"]}, {"every": "13h"}, {"first": "91d"}, {"base_url": "graph"}],
)
def test_wrong_options_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refused:
        ThreadsOptions.model_validate({"token": TOKEN} | options)
    assert TOKEN not in str(refused.value)
