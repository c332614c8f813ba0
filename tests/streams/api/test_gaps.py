"""A window that a network could not tell in full carries a mark."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from streams.api.gaps import within
from streams.records import SourceGap, SourceStatus
from tests.streams.api.conftest import Serve
from tests.streams.api.stub import NOW, StubDesk, conversation, make_config

HOUR = timedelta(hours=1)
EARLY, LATE = (SourceGap(NOW - n * HOUR, NOW - (n - 1) * HOUR, f"reason {n}") for n in (30, 3))
SOURCES = [
    SourceStatus("hackernews", "live", gaps=(LATE,)),
    SourceStatus("bluesky", "live", gaps=(EARLY, LATE)),
    SourceStatus("rss", "live"),
]


@pytest.mark.parametrize(
    ("query", "marked"),
    [
        ({}, ["bluesky", "hackernews"]),
        ({"window": "7d"}, ["bluesky", "bluesky", "hackernews"]),
        ({"window": "2h"}, []),  # the gap ended as the window began
        ({"platform": "hackernews"}, ["hackernews"]),
        ({"to": "2026-11-22T07:00:00Z", "window": "2h"}, ["bluesky"]),
    ],
)
@pytest.mark.parametrize("route", ["pulse", "series"])
async def test_pulse_and_series_say_what_is_missing(
    serve: Serve, http: aiohttp.ClientSession, route: str, query: dict[str, str], marked: list[str]
) -> None:
    config = make_config()
    server = await serve(StubDesk(config, conversation("fairphone", 30)), config, sources=SOURCES)
    async with http.get(f"{server.url}/api/brands/fairphone/{route}", params=query) as response:
        body: dict[str, Any] = await response.json()
    assert [gap["source"] for gap in body["gaps"]] == marked


def test_the_oldest_gap_comes_first_with_its_reason() -> None:
    found = within(SOURCES, NOW - 48 * HOUR, NOW)
    assert [gap.reason for gap in found] == ["reason 30", "reason 3", "reason 3"]
