"""The RSS source against a real nginx: validators, compression, a feed replaced, a server killed while it sends."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bots.http import Http
from tests.real.collecting import Collected, Collecting
from tests.real.feeds import Feeds, Item
from tests.real.running import until

NAMES = ("blog.rss", "news.atom")


def items(first: int, last: int, words: str = "") -> list[Item]:
    """Entries as people write them, newest first."""
    html = "<p>Größe &amp; <b>日本語</b> 🙂 number {}</p>{}"
    return [
        Item(f"n{number}", f"Nº {number} – «sí» & no", html.format(number, words)) for number in range(last, first, -1)
    ]


@pytest.fixture
async def feeds(tmp_path: Path) -> AsyncIterator[Feeds]:
    """Two feeds of thirty entries each."""
    found = Feeds(tmp_path)
    for name in NAMES:
        found.write(name, items(0, 30))
    async with found.server:
        yield found


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    async with Http("ops@example.org", base_s=0.05) as client:
        yield client


def collecting(http: Http, feeds: Feeds, *names: str) -> Collecting:
    return Collecting("rss", http, {"feeds": [feeds.url(name) for name in names or NAMES], "every": "1s"})


async def look(source: Collecting) -> Collected:
    """One look at each feed, in a life of its own an hour later."""
    source.ahead += timedelta(hours=1)
    target = source.found.batches + len(NAMES)
    return await source.life(lambda found: found.batches >= target)


def texts(found: Collected) -> list[str]:
    return sorted(post.text for post in found.left.values())


def held(feeds: Feeds, *names: str) -> list[str]:
    return sorted(text for name in names or NAMES for text in feeds.held(name).values())


async def test_what_reaches_is_what_the_files_hold_and_nothing_new_costs_no_body(http: Http, feeds: Feeds) -> None:
    source = collecting(http, feeds)
    found = await look(source)
    assert texts(found) == held(feeds)
    assert (len(found.left), found.bad) == (60, [])
    assert {(seen.status, seen.encoding) for seen in feeds.looks()} == {("200", "gzip")}
    await look(source)
    assert len(found.told) == 60
    again = feeds.looks()[2:]
    assert [(seen.status, seen.size) for seen in again] == [("304", "0")] * 2
    assert all(seen.etag.startswith('W/"') and seen.since.endswith("GMT") for seen in again), "both validators are sent"


async def test_a_feed_that_is_replaced_brings_what_is_new_and_what_was_edited(http: Http, feeds: Feeds) -> None:
    source = collecting(http, feeds)
    await look(source)
    before = feeds.held("blog.rss")
    feeds.write("blog.rss", [*items(30, 35), *items(29, 30, "<p>Edited: ¡mejor!</p>"), *items(10, 29)])
    found = await look(source)
    news = found.told[60:]
    assert sorted(post.op for post in news) == ["create"] * 5 + ["update"]
    after = feeds.held("blog.rss")
    assert {post.text for post in news} == {text for guid, text in after.items() if before.get(guid) != text}
    assert len(found.left) == 65, "an entry that left the feed is not taken back"
    assert sorted((seen.status, seen.path) for seen in feeds.looks()[2:]) == [
        ("200", "/blog.rss"),
        ("304", "/news.atom"),
    ]


async def test_a_changed_file_without_news_tells_none(http: Http, feeds: Feeds) -> None:
    source = collecting(http, feeds)
    found = await look(source)
    feeds.write("blog.rss", [*items(0, 30), Item("n0", "", "")])  # with an entry that says nothing
    await look(source)
    assert (len(found.told), len(found.bad)) == (60, 1)


def long(count: int) -> str:
    """So many words."""
    return f"<p>{' '.join(['words'] * count)}</p>"


async def test_a_server_killed_while_it_sends_loses_nothing_and_doubles_nothing(http: Http, feeds: Feeds) -> None:
    """Sixty entries at 20 kB a second take longer than the kill takes to come."""
    feeds.write("slow/long.rss", items(0, 60, long(300)))
    source = collecting(http, feeds, "slow/long.rss")
    collected = asyncio.ensure_future(source.life(lambda found: len(found.left) >= 61))

    async def sending() -> bool:
        return feeds.sending() and not collected.done()

    await until(sending, "nginx sends the feed")
    feeds.server.end(signal.SIGKILL)
    feeds.write("slow/long.rss", items(0, 61, long(30)))  # meanwhile one more, and all shorter
    await feeds.server.start()
    found = await collected
    assert texts(found) == held(feeds, "slow/long.rss")
    assert len(found.told) == 61
    assert found.bad == [], "half a feed is not read"
