"""The entries themselves: paging without loss or doubles, and texts that try to be markup."""

from __future__ import annotations

from typing import Any

import aiohttp
import msgspec
from yarl import URL

from tests.streams.api.conftest import Serve
from tests.streams.api.stub import NOW, StubDesk, conversation, entry, make_config


async def pages(http: aiohttp.ClientSession, desk: StubDesk, url: str, path: str) -> list[list[str]]:
    """The ids of every page; between the pages new entries arrive, at both ends of the time."""
    found: list[list[str]] = []
    following: str | None = path
    while following:
        async with http.get(URL(url + following, encoded=True)) as response:
            assert response.status == 200, await response.text()
            page: dict[str, Any] = await response.json()
        found.append([e["post"]["id"] for e in page["mentions"]])
        following = page.get("next")
        number = 1_000 + len(found)
        desk.add(entry("fairphone", number, minutes_ago=0.5))
    return found


async def test_pages_hold_everything_once_while_entries_arrive(serve: Serve, http: aiohttp.ClientSession) -> None:
    config = make_config()
    entries = conversation("fairphone", 53)
    desk = StubDesk(config, entries)
    server = await serve(desk, config)
    found = await pages(http, desk, server.url, "/api/brands/fairphone/mentions?window=24h&limit=10")
    assert [len(page) for page in found] == [10, 10, 10, 10, 10, 3]
    ids = [one for page in found for one in page]
    assert ids == [e.post.id for e in reversed(entries)]


async def test_the_next_page_is_of_the_same_moment(serve: Serve, http: aiohttp.ClientSession) -> None:
    config = make_config()
    server = await serve(StubDesk(config, conversation("fairphone", 5)), config)
    async with http.get(server.url + "/api/brands/fairphone/mentions?limit=2") as response:
        page = await response.json()
    assert page["to"] == "2026-11-23T12:00:00Z"
    assert "to=2026-11-23T12%3A00%3A00Z" in page["next"]
    assert "window=1d" in page["next"]


async def test_an_edit_shows_at_once_and_the_window_is_half_open(serve: Serve, http: aiohttp.ClientSession) -> None:
    config = make_config()
    desk = StubDesk(config, [entry("fairphone", 1, minutes_ago=60), entry("fairphone", 2, minutes_ago=0)])
    server = await serve(desk, config)
    desk.add(entry("fairphone", 1, minutes_ago=60, text="edited"))
    async with http.get(server.url + "/api/brands/fairphone/mentions?window=1h") as response:
        texts = [e["post"]["text"] for e in (await response.json())["mentions"]]
    assert texts == ["edited"]  # 60 minutes ago is inside [to - 1h, to), now is not
    assert NOW.isoformat().startswith("2026-11-23T12:00")


async def test_markup_stays_text_and_json(serve: Serve, http: aiohttp.ClientSession) -> None:
    config = make_config()
    nasty = '</script><img src=x onerror=alert(1)> "quotes" \u2028 \U0001f600'
    server = await serve(StubDesk(config, [entry("fairphone", 1, text=nasty, url="javascript:alert(1)")]), config)
    async with http.get(server.url + "/api/brands/fairphone/mentions") as response:
        assert response.content_type == "application/json"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert (await response.json())["mentions"][0]["post"]["text"] == nasty


async def test_an_entry_shows_what_the_classifier_said(serve: Serve, http: aiohttp.ClientSession) -> None:
    config = make_config()
    judged = msgspec.structs.replace(entry("fairphone", 1, minutes_ago=2), relevance=0.87, stages=("use", "loyalty"))
    server = await serve(StubDesk(config, [judged, entry("fairphone", 2)]), config)
    async with http.get(server.url + "/api/brands/fairphone/mentions") as response:
        unjudged, shown = (await response.json())["mentions"]
    assert (shown["relevance"], shown["stages"]) == (0.87, ["use", "loyalty"])
    assert not {"relevance", "stages"} & unjudged.keys()
