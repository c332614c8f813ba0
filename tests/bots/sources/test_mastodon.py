"""The Mastodon source beyond its world: options, real records, streams, second looks, refusals, late posts."""

from __future__ import annotations

import json
import logging
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
from bots.sources.base import Batch, Misconfigured, Retry, Tools
from bots.sources.mastodon import Mastodon
from bots.sources.mastodon_api import earlier
from bots.sources.mastodon_options import MastodonOptions
from bots.sources.mastodon_posts import Status, post_of, read_status
from streams.records import Post, check_post
from tests.contract.source_server import serving

RECORDED: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "recordings" / "mastodon" / "statuses.json").read_text("utf-8")
)
NOW = datetime(2026, 11, 3, 10, tzinfo=UTC)
SECOND = 1_000 << 16
BASE = 1_795_000_000_000 << 16


def status(number: int, **more: Any) -> dict[str, Any]:
    """A status as a server gives it, `number` seconds after the first."""
    account = {"id": "1", "acct": "ana@a.example", "uri": "https://a.example/users/ana", "note": ""}
    return {
        "id": str(BASE + number * SECOND),
        "uri": f"https://a.example/{number}",
        "created_at": "2026-11-03T09:00:00Z",
        "account": account,
        "visibility": "public",
        "content": f"<p>post {number}</p>",
    } | more


def post(record: dict[str, Any]) -> Post:
    """The record as a post that passed the gate."""
    found = read_status(record)
    assert isinstance(found, Status), found
    return check_post(post_of(found, "a.example", None), NOW)


class Server:
    """A server's statuses, and what its stream says on each connection."""

    def __init__(self, *statuses: dict[str, Any]) -> None:
        self.statuses = list(statuses)
        self.stream = b""
        self.refusal: Callable[[str], web.Response | None] = lambda path: None
        self.asked: list[str] = []
        self.tokens: set[str | None] = set()
        self.url = ""

    async def serve(self, request: web.Request) -> web.Response:
        """One answer."""
        path = request.path.removeprefix("/api/v1/")
        self.asked.append(path)
        self.tokens.add(request.headers.get("Authorization"))
        refusal = self.refusal(path)
        if refusal is not None:
            return refusal
        if path.startswith("streaming/"):
            return web.Response(body=self.stream, content_type="text/event-stream")
        if path.startswith("timelines/"):
            after = int(request.query.get("min_id", "0"))
            return web.json_response([each for each in self.statuses if int(each["id"]) > after][:40][::-1])
        found = next((each for each in self.statuses if path == f"statuses/{each['id']}"), None)
        return web.json_response(found or {"error": "gone"}, status=200 if found else 404)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    """One server with three statuses."""
    server = Server(status(1), status(2), status(3))
    async with serving(server.serve) as started:
        server.url = started.url
        yield server


class Collector:
    """The source as the runner would drive it, with a clock that is set by hand."""

    def __init__(self, http: Http, *servers: Server, instance: dict[str, Any] | None = None, **options: Any) -> None:
        instances = [{"url": server.url, "timelines": ["local"]} | (instance or {}) for server in servers]
        settings = {"poll": "2ms", "overlap": "10s", "instances": instances, **options}
        self.now, self.cursor = NOW, cast(Any, None)
        self.source = Mastodon(MastodonOptions.model_validate(settings), Tools(http, lambda: self.now, Random(1), ()))

    async def run(self, enough: Callable[[list[Post]], bool], *, batches: int = 400) -> list[Post]:
        """What is told until it is enough."""
        posts: list[Post] = []
        async with aclosing(cast(Any, self.source.collect(self.cursor))) as stream:
            async for batch in stream:
                assert isinstance(batch, Batch)
                posts += batch.posts
                self.cursor = json.loads(json.dumps(batch.cursor)) if batch.cursor is not None else self.cursor
                batches -= 1
                if enough(posts) or not batches:
                    break
        return posts


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    """A client without patience."""
    async with Http("ops@example.org", random=Random(2), base_s=0.0001) as client:
        yield client


def many(count: int) -> Callable[[list[Post]], bool]:
    """Until so many posts were told."""
    return lambda posts: len(posts) >= count


def texts(posts: list[Post]) -> list[str]:
    return [f"{each.op} {each.text}".strip() for each in posts]


# -- options -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("instance", "says"),
    [
        ({"url": "mastodon.social"}, "address of a server"),
        ({"url": "https://mastodon.social/@ana"}, "address of a server"),
        ({"url": ""}, "url is empty"),
        ({"url": "https://a.example", "timelines": ["home"]}, "no timeline"),
        ({"url": "https://a.example", "timelines": ["#two words"]}, "no timeline"),
        ({"url": "https://a.example", "streaming": "https://a.example"}, "needs a token"),
    ],
)
def test_a_mistake_in_an_instance_is_named(instance: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        MastodonOptions.model_validate({"instances": [instance]})


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"instances": [{"url": "https://a.example"}, {"url": "https://A.example/"}]}, "there twice"),
        ({"poll": "2h"}, "between 1ms and 1h"),
        ({"recheck": ["1d", "1h"]}, "shortest time first"),
    ],
)
def test_a_mistake_in_the_options_is_named(options: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        MastodonOptions.model_validate(options)


async def test_without_a_server_it_cannot_work(http: Http) -> None:
    with pytest.raises(Misconfigured, match=r"sources\.mastodon\.instances"):
        await Collector(http).run(many(1))


# -- records -----------------------------------------------------------------------------------------------------------


def test_a_real_post_from_another_server() -> None:
    found = post(RECORDED["remote"])
    assert found.id == "mastodon:https://icosahedron.website/users/halcy/statuses/110446222386355655"
    assert found.author is not None
    assert (found.author.id, found.author.handle, found.author.followers) == (
        "mastodon:https://icosahedron.website/users/halcy",
        "halcy@icosahedron.website",
        3553,
    )
    assert found.text.startswith("test post for mastodon.py stuff\n\n@halcy you're a doo-doo head\n\nedit:")
    assert (found.hashtags, found.mentions, found.links) == (("thisisahashtag",), ("halcy@icosahedron.website",), ())
    assert (found.venue, found.lang, found.likes) == ("icosahedron.website", "de", 1)


def test_real_answers_reblogs_and_edits_are_read() -> None:
    assert post(RECORDED["reply"]).mentions == ("mastodonpy_test_2@a.example",)
    again = post(RECORDED["reblog"])
    assert (again.text, again.thread) == ("", None)
    assert again.repost_of == "mastodon:http://localhost:3000/ap/users/117020565966271181/statuses/117020586019094258"
    edited = read_status(RECORDED["edited"])
    assert isinstance(edited, Status)
    assert edited.version == "2026-08-01T13:54:00.695Z"
    assert post(RECORDED["hashtag"]).text == "#hoot (hashtag toot)"


@pytest.mark.parametrize(
    "more",
    [
        {"visibility": "unlisted"},
        {"visibility": "private"},
        {"account": {"id": "1", "acct": "ana", "noindex": True}},
        {"account": {"id": "1", "acct": "ana", "note": '<p>no <a href="/tags/nobot">#<span>NoBot</span></a></p>'}},
        {"reblog": status(2, visibility="unlisted")},
    ],
)
def test_who_asks_to_be_left_out_is_left_out(more: dict[str, Any]) -> None:
    found = read_status(status(1, **more))
    assert isinstance(found, Status)
    assert not found.tellable


def test_the_recorded_author_who_is_not_to_be_indexed_is_left_out() -> None:
    found = read_status(RECORDED["noindex"])
    assert isinstance(found, Status)
    assert not found.tellable


def test_a_quote_loses_the_line_that_stands_for_it() -> None:
    content = '<p class="quote-inline">RE: <a href="https://b.example/7">b.example/7</a></p><p>so true</p>'
    quote = {"state": "accepted", "quoted_status": {"uri": "https://b.example/7"}}
    found = post(status(1, content=content, quote=quote))
    assert (found.text, found.links, found.quote_of) == ("so true", (), "mastodon:https://b.example/7")
    assert post(status(1, content=content, quote=quote | {"state": "revoked"})).quote_of is None


def test_pictures_without_words_are_a_turn_too() -> None:
    media = [{"type": "image", "description": "a cat"}, {"type": "video", "description": None}]
    assert post(status(1, content="", media_attachments=media)).text == "a cat\n[video]"


def test_links_are_those_a_person_set() -> None:
    content = '<p><a href="https://x.example/?a=1&amp;b=2">x</a> <a class="u-url mention" href="https://a.example/@ana">@ana</a>'
    found = post(status(1, content=content, card={"url": "https://y.example/"}))
    assert found.links == ("https://x.example/?a=1&b=2", "https://y.example/")


# -- timelines ---------------------------------------------------------------------------------------------------------


async def test_a_post_filed_before_the_newest_is_found(http: Http, server: Server) -> None:
    collector = Collector(http, server)
    await collector.run(many(3))
    server.statuses.insert(2, status(2, id=str(BASE + 2 * SECOND + 5), uri="https://b.example/late"))
    assert [each.id for each in await collector.run(many(1))] == ["mastodon:https://b.example/late"]


async def test_one_post_on_two_servers_is_told_once(http: Http, server: Server) -> None:
    other = Server(status(2, id=str(BASE + 5 * SECOND)), status(9))
    async with serving(other.serve) as started:
        other.url = started.url
        posts = await Collector(http, server, other).run(many(99), batches=30)
    assert sorted(each.text for each in posts) == ["post 1", "post 2", "post 3", "post 9"]


async def test_without_a_question_an_unknown_parent_has_a_name_of_this_server(http: Http, server: Server) -> None:
    server.statuses = [status(4, in_reply_to_id="77", in_reply_to_account_id="1")]
    (found,) = await Collector(http, server, lookups=0).run(many(1))
    assert found.reply_to == f"mastodon:{server.url}/statuses/77"
    assert (found.thread, found.reply_to_author) == (None, "mastodon:https://a.example/users/ana")
    assert not any(path.endswith("context") for path in server.asked)


async def test_an_empty_server_is_no_failure_and_its_first_post_is_news(http: Http, server: Server) -> None:
    server.statuses = []
    collector = Collector(http, server)
    assert await collector.run(many(1), batches=5) == []
    server.statuses = [status(number) for number in range(50)]
    assert len(await collector.run(many(50))) == 50


def test_only_mastodons_own_numbers_tell_the_time() -> None:
    assert earlier(str(BASE + 90 * SECOND), 30) == str(BASE + 60 * SECOND)
    assert earlier("01J9ZK3V7Q8Y2W4X6N5M1R0T", 30) == "01J9ZK3V7Q8Y2W4X6N5M1R0T"
    assert earlier("12345", 30) == "12345"


# -- refusals ----------------------------------------------------------------------------------------------------------


async def test_a_missing_token_is_said_with_its_key(http: Http, server: Server) -> None:
    server.refusal = lambda path: web.Response(status=401)
    with pytest.raises(Misconfigured, match="token_file"):
        await Collector(http, server).run(many(1))


async def test_the_wait_a_server_asks_for_is_handed_on(http: Http, server: Server) -> None:
    server.refusal = lambda path: web.Response(status=429, headers={"Retry-After": "77"})
    with pytest.raises(Retry) as caught:
        await Collector(http, server).run(many(1))
    assert caught.value.after == 77


async def test_one_refused_timeline_leaves_the_other_alone(http: Http, server: Server) -> None:
    server.refusal = lambda path: web.Response(status=401) if path == "timelines/tag/tea" else None
    collector = Collector(http, server, instance={"timelines": ["#Tea", "local"]})
    assert len(await collector.run(many(3))) == 3


@pytest.mark.parametrize("body", ["{}", "[7]", '[{"id": 5}]', "[" * 5_000, "null"])
async def test_an_answer_that_leads_nowhere_is_a_failure(http: Http, server: Server, body: str) -> None:
    server.refusal = lambda path: web.Response(text=body)
    with pytest.raises(Retry):
        await Collector(http, server).run(many(1))


# -- second looks ------------------------------------------------------------------------------------------------------


async def test_edits_and_deletions_are_seen_at_the_second_look(http: Http, server: Server) -> None:
    collector = Collector(http, server, overlap="0s")
    await collector.run(many(3))
    server.statuses[1] |= {"content": "better", "edited_at": "2026-11-03T10:30:00Z"}
    del server.statuses[0]
    assert await collector.run(many(1), batches=10) == [], "it is not time yet"
    collector.now += timedelta(hours=1)
    assert sorted(texts(await collector.run(many(2)))) == ["delete", "update better"]
    assert await collector.run(many(1), batches=10) == []
    collector.now += timedelta(hours=23)
    server.statuses[1] |= {"visibility": "private"}
    assert texts(await collector.run(many(1))) == ["delete"]


async def test_no_more_posts_wait_for_a_look_than_there_is_room_for(http: Http, server: Server) -> None:
    server.statuses = [status(number) for number in range(30)]
    collector = Collector(http, server, recheck_most=8)
    await collector.run(many(30))
    assert len(collector.cursor["checks"][server.url]) == 2


async def test_after_the_last_look_a_post_is_forgotten(http: Http, server: Server) -> None:
    collector = Collector(http, server, recheck=["1h"], overlap="0s")
    await collector.run(many(3))
    collector.now += timedelta(hours=2)
    await collector.run(many(1), batches=8)
    assert collector.cursor["checks"][server.url] == {}


# -- streams -----------------------------------------------------------------------------------------------------------


def streamed(http: Http, server: Server, **options: Any) -> Collector:
    return Collector(http, server, instance={"token": "s3cret", "streaming": server.url}, **options)


def event(kind: str, data: Any) -> bytes:
    return f"event: {kind}\ndata: {data if isinstance(data, str) else json.dumps(data)}\n\n".encode()


async def test_a_stream_brings_news_edits_and_deletions_each_once(http: Http, server: Server) -> None:
    edited = status(2, content="better", edited_at="2026-11-03T10:30:00Z")
    server.stream = b":)\n\n" + event("update", status(50)) + event("status.update", edited)
    server.stream += event("delete", status(3)["id"]) + event("delete", "999") + event("notification", "{}")
    collector = streamed(http, server)
    posts = await collector.run(many(99), batches=60)
    assert "create post 50" in texts(posts)
    assert [each.id for each in posts if each.op == "delete"] in ([], ["mastodon:https://a.example/3"])
    assert len([each for each in posts if each.text == "better"]) == 1
    assert "streaming/public/local" in server.asked
    assert len(texts(posts)) == len({(each.op, each.id) for each in posts})


async def test_what_was_told_before_a_restart_is_deleted_by_event(http: Http, server: Server) -> None:
    collector = streamed(http, server)
    await collector.run(many(3))
    server.stream = event("delete", status(1)["id"])
    del server.statuses[0]
    assert texts(await collector.run(many(1))) == ["delete"]


async def test_a_stream_never_moves_the_resume_point(http: Http, server: Server) -> None:
    server.stream = event("update", status(500))
    collector = streamed(http, server)
    await collector.run(lambda posts: any(each.text == "post 500" for each in posts))
    assert int(collector.cursor["marks"][f"{server.url} local"]["newest"]) <= BASE + 3 * SECOND


async def test_a_broken_event_is_a_dead_letter_and_a_dead_stream_no_failure(http: Http, server: Server) -> None:
    server.stream = event("update", "{broken") + event("update", {"id": "5"})
    bad: list[str] = []
    collector = streamed(http, server)
    async with aclosing(cast(Any, collector.source.collect(None))) as stream:
        async for batch in stream:
            bad += [item.reason for item in batch.bad]
            if len(bad) > 1:
                break
    assert "no JSON" in bad[0]
    assert "form of a status" in bad[1]
    server.refusal = lambda path: web.Response(status=401) if path.startswith("streaming") else None
    assert len(await collector.run(many(3))) == 3


async def test_the_token_is_sent_and_never_logged(http: Http, server: Server, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    collector = streamed(http, server)
    await collector.run(many(3))
    server.refusal = lambda path: web.Response(status=403)
    with pytest.raises(Retry) as caught:
        await collector.run(many(1))
    assert server.tokens == {"Bearer s3cret"}
    assert "s3cret" not in caplog.text + str(caught.value) + str(collector.source.options)
