"""The Mastodon source beyond its world: late and double posts, refusals, second looks, streams."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, cast

import pytest
from aiohttp import web

from bots.http import Http
from bots.sources.base import Misconfigured, Retry
from bots.sources.mastodon_api import earlier
from tests.bots.sources.mastodon_server import BASE, SECOND, Collector, Server, many, status, texts
from tests.contract.source_server import serving


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    """One server with three statuses."""
    server = Server(status(1), status(2), status(3))
    async with serving(server.serve) as started:
        server.url = started.url
        yield server


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    """A client without patience."""
    async with Http("ops@example.org", random=Random(2), base_s=0.0001) as client:
        yield client


async def test_without_a_server_it_cannot_work(http: Http) -> None:
    with pytest.raises(Misconfigured, match=r"sources\.mastodon\.instances"):
        await Collector(http).run(many(1))


# -- timelines ---------------------------------------------------------------------------------------------------------


async def test_a_post_filed_before_the_newest_is_found(http: Http, server: Server) -> None:
    collector = Collector(http, server)
    await collector.run(many(3))
    server.statuses.insert(2, status(2, id=str(BASE + 2 * SECOND + 5), uri="https://b.example/late"))
    assert [each.id for each in await collector.run(many(1))] == ["mastodon:https://b.example/late"]


async def test_a_restart_tells_nothing_of_the_overlap_twice(http: Http, server: Server) -> None:
    collector = Collector(http, server, recheck=[])
    await collector.run(many(3))
    server.refusal = lambda path: web.Response(status=503)
    with pytest.raises(Retry):  # nothing can be read: the runner begins anew
        await collector.run(many(1))
    server.refusal = lambda path: None
    server.statuses.append(status(4))
    server.statuses[2] |= {"content": "<p>edited</p>", "edited_at": "2026-11-03T09:30:00Z"}
    assert texts(await collector.run(many(99), batches=5)) == ["update edited", "create post 4"]
    server.statuses.append(status(5))
    assert texts(await collector.run(many(99), batches=5)) == ["create post 5"], "after the overlap was read again"


async def test_of_a_quiet_timeline_each_look_is_one_request(http: Http, server: Server) -> None:
    collector = Collector(http, server, recheck=[])
    await collector.run(many(99), batches=3)
    assert len(server.asked) == 3
    collector.now = datetime.fromtimestamp(((BASE >> 16) + 4_000) / 1_000, UTC)
    server.asked.clear()
    server.statuses.append(status(4))  # it is new, and there may be more: but it is no older than a look
    assert texts(await collector.run(many(99), batches=2)) == ["create post 4"]
    assert len(server.asked) == 2


async def test_a_short_page_of_old_posts_is_followed_by_the_next_one(http: Http, server: Server) -> None:
    """Servers leave hidden posts out of a page, so a short one is not the last when it ends long ago."""
    collector = Collector(http, server, recheck=[], poll="1h")
    await collector.run(many(3))
    server.most = 5
    server.statuses += [status(number) for number in range(10, 17)]
    collector.now += timedelta(days=30)  # long after what the ids tell
    async with asyncio.timeout(20):
        assert len(await collector.run(many(7))) == 7


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


async def test_what_stands_above_is_told_also_when_the_page_fails_at_first(http: Http, server: Server) -> None:
    old, older = status(-50), status(-90)
    server.statuses = [status(7, in_reply_to_id=old["id"]), status(8, in_reply_to_id=older["id"])]
    server.above = {server.statuses[0]["id"]: [old], server.statuses[1]["id"]: [older]}
    failing = f"statuses/{server.statuses[1]['id']}/context"
    server.refusal = lambda path: web.Response(status=500) if path == failing and server.asked.count(path) < 5 else None
    other = Server()  # while one answers, the failure of the other is no new beginning
    async with serving(other.serve) as started:
        other.url = started.url
        posts = await Collector(http, server, other).run(many(4), batches=40)
    assert [each.text for each in posts] == ["post -50", "post 7", "post -90", "post 8"]


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
