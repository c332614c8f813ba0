"""The Mastodon source against a server with Mastodon's API that others wrote: paging, edits, deletions, streams."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bots.http import Http
from tests.real.collecting import Collecting
from tests.real.fediverse import NAMES, Fediverse
from tests.real.running import until

LOCAL = "public?local=true"


@pytest.fixture
async def fediverse(tmp_path: Path) -> AsyncIterator[Fediverse]:
    found = Fediverse(tmp_path)
    async with found.server:
        yield found


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    async with Http("ops@example.org", base_s=0.05) as client:
        yield client


def collecting(http: Http, fediverse: Fediverse, timelines: list[str], **more: Any) -> Collecting:
    instance = {"url": fediverse.url, "timelines": timelines}
    if more.pop("stream", False):
        instance |= {"token": "ana", "streaming": fediverse.url}
    return Collecting("mastodon", http, {"instances": [instance], "poll": "100ms", "overlap": "0s", **more})


def left(count: int) -> Any:
    """Until so many posts are left."""
    return lambda found: len(found.left) >= count


async def talk(fediverse: Fediverse, first: int, last: int) -> list[dict[str, Any]]:
    """Statuses of everybody in turn, each third one an answer to the one before."""
    said: list[dict[str, Any]] = []
    for number in range(first, last):
        text = f"Nº {number}: <Größe> & 日本語 🙂\n\nsee https://shop.example/{number}?a=1&b=2 #Tea"
        more = {"in_reply_to_id": said[-1]["id"]} if number % 3 == 2 and said else {}
        said.append(await fediverse.say(NAMES[number % 3], text, **more))
    return said


async def test_pages_bring_what_the_timeline_holds_and_threads_are_known(http: Http, fediverse: Fediverse) -> None:
    said = await talk(fediverse, 0, 6)
    source = collecting(http, fediverse, ["local"])
    await source.life(left(6))
    said += await talk(fediverse, 6, 100)  # while it is away: three pages
    found = await source.life(left(100))
    assert found.texts == await fediverse.held(LOCAL)
    assert (len(found.told), found.bad) == (100, [])
    assert [post.id for post in found.told] == [f"mastodon:{status['uri']}" for status in said], "oldest first"
    answer, root = found.told[8], found.told[7]
    assert (answer.reply_to, answer.thread, answer.reply_to_author) == (
        root.id,
        root.id,
        root.author and root.author.id,
    )
    assert answer.hashtags == ("tea",)
    assert "https://shop.example/8?a=1&b=2" in answer.links


async def test_a_hashtag_brings_only_its_own_and_nothing_that_is_not_public(http: Http, fediverse: Fediverse) -> None:
    await talk(fediverse, 0, 3)
    await fediverse.say("ana", "nothing to do with it")
    await fediverse.say("beto", "for friends #Tea", visibility="private")
    await fediverse.say("beto", "not on timelines #Tea", visibility="unlisted")
    source = collecting(http, fediverse, ["#TEA"])
    await source.life(left(3))
    await fediverse.say("chus", "one more #tea")
    found = await source.life(left(4))
    assert found.texts == await fediverse.held("tag/tea")


async def test_edits_and_deletions_are_seen_at_the_second_look(http: Http, fediverse: Fediverse) -> None:
    said = await talk(fediverse, 0, 4)
    source = collecting(http, fediverse, ["local"])
    await source.life(left(4))
    await fediverse.edit(said[0], "ana", "better words & <more>")
    await fediverse.delete(said[3], "ana")
    source.ahead = timedelta(hours=1)
    found = await source.life(lambda found: len(found.told) >= 6)
    assert sorted(post.op for post in found.told[4:]) == ["delete", "update"]
    assert found.texts == await fediverse.held(LOCAL)


async def test_a_stream_brings_news_and_deletions_at_once(http: Http, fediverse: Fediverse) -> None:
    """Not edits: this server calls the event `status_update`, where Mastodon says `status.update`."""
    said = await talk(fediverse, 0, 2)
    source = collecting(http, fediverse, ["local"], stream=True, poll="1h", recheck=[])

    collected = asyncio.ensure_future(
        source.life(lambda found: found.told[-1:] != [] and found.told[-1].op == "delete")
    )

    async def told() -> bool:
        marks = (source.cursor or {"marks": {}})["marks"].values()
        if not any(mark["at"] == "" for mark in marks):
            return collected.done()  # the timeline is not read to its end yet; the next look is in an hour
        said.append(await fediverse.say("chus", f"Nº {len(said)} at once"))
        await asyncio.sleep(0.2)
        return f"mastodon:{said[-1]['uri']}" in source.found.left or collected.done()

    await until(told, "the stream is open")
    await fediverse.delete(said[1], "beto")
    found = await collected
    assert found.told[-1].id == f"mastodon:{said[1]['uri']}"
    held = await fediverse.held(LOCAL)
    assert found.texts.items() <= held.items()
    source = collecting(http, fediverse, ["local"])  # and the timeline has the rest
    assert (await source.life(left(len(held)))).texts == held


async def test_refusals_and_broken_answers_delay_and_lose_nothing(http: Http, fediverse: Fediverse) -> None:
    await talk(fediverse, 0, 5)
    path = "/api/v1/timelines/public"
    await fediverse.fail(1, path, type="ratelimit", headers={"Retry-After": "1", "X-RateLimit-Reset": "1"})
    await fediverse.fail(3, path, type="status", status=503)
    await fediverse.fail(2, path, type="malformed")
    source = collecting(http, fediverse, ["local"])
    found = await source.life(left(5))
    assert found.texts == await fediverse.held(LOCAL)
    assert any("429" in reason for reason in found.retries)
    assert any("no JSON" in reason for reason in found.retries)


async def test_a_server_killed_and_started_again_is_read_on_without_a_loss(http: Http, fediverse: Fediverse) -> None:
    await talk(fediverse, 0, 3)
    source = collecting(http, fediverse, ["local"])
    collected = asyncio.ensure_future(source.life(left(50)))

    async def three() -> bool:
        return len(source.found.left) == 3 or collected.done()

    await until(three, "the first three")
    fediverse.server.end(signal.SIGKILL)
    await fediverse.server.start()
    await talk(fediverse, 3, 50)
    found = await collected
    assert found.texts == await fediverse.held(LOCAL)
    assert len(found.told) == 50
