"""Probes, metrics, brands, sources, alerts and the page itself."""

from __future__ import annotations

import re
from datetime import timedelta

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from streams.records import Alert, SourceGap, SourceStatus
from tests.streams.api.conftest import Serve
from tests.streams.api.stub import NOW, StubDesk, make_config


async def test_readyz_says_503_until_every_partition_is_recovered(serve: Serve, http: aiohttp.ClientSession) -> None:
    desk = StubDesk(make_config(), held=["fairphone"])
    desk.is_ready = False
    server = await serve(desk)
    async with http.get(server.url + "/readyz") as response:
        assert response.status == 503
        assert await response.json() == {"ready": False, "brands": ["fairphone"]}
    desk.is_ready = True
    async with http.get(server.url + "/readyz") as response:
        assert response.status == 200
    async with http.get(server.url + "/healthz") as response:
        assert (response.status, await response.json()) == (200, {"ok": True})


async def test_brands_says_which_are_here(serve: Serve, http: aiohttp.ClientSession) -> None:
    server = await serve(StubDesk(make_config(), held=["tertulia"]))
    async with http.get(server.url + "/api/brands") as response:
        brands = (await response.json())["brands"]
    assert [(b["name"], b["title"], b["group"], b["here"]) for b in brands] == [
        ("fairphone", "Fairphone", "phones", False),
        ("shiftphone", "shiftphone", "phones", False),
        ("tertulia", "tertulia", "all", True),
    ]


async def test_metrics_are_prometheus_text_with_the_sources(serve: Serve, http: aiohttp.ClientSession) -> None:
    gap = SourceGap(NOW - timedelta(hours=2), NOW - timedelta(hours=1), "the cursor was too old")
    sources = [
        SourceStatus("bluesky", "live", last_event_at=NOW - timedelta(seconds=7), events=12, bad=2, gaps=(gap,)),
        SourceStatus('o"dd\n', "retrying", reason="refused"),
    ]
    server = await serve(sources=sources)
    async with http.get(server.url + "/healthz"):
        pass
    async with http.get(server.url + "/metrics") as response:
        assert response.content_type == "text/plain"
        families = {family.name: family for family in text_string_to_metric_families(await response.text())}
    samples = {(s.name, *sorted(s.labels.items())): s.value for family in families.values() for s in family.samples}
    bluesky = ("source", "bluesky")
    assert samples["tertulia_source_state", bluesky, ("state", "live")] == 1
    assert samples["tertulia_source_state", bluesky, ("state", "silent")] == 0
    assert samples["tertulia_source_last_event_seconds", bluesky] == 7
    assert samples["tertulia_source_gaps", bluesky] == 1
    assert samples["tertulia_source_events_total", ("kind", "bad"), bluesky] == 2
    assert samples["tertulia_source_state", ("source", 'o"dd\n'), ("state", "retrying")] == 1
    assert samples["tertulia_api_seconds_count", ("route", "/healthz"), ("status", "200")] >= 1
    assert ("tertulia_source_last_event_seconds", ("source", 'o"dd\n')) not in samples


async def test_sources_keep_their_resume_point_to_themselves(serve: Serve, http: aiohttp.ClientSession) -> None:
    server = await serve(sources=[SourceStatus("b", "live", cursor={"token": "secret"}), SourceStatus("a", "silent")])
    async with http.get(server.url + "/api/sources") as response:
        text = await response.text()
        sources = (await response.json())["sources"]
    assert [source["name"] for source in sources] == ["a", "b"]
    assert "secret" not in text


async def test_alerts_come_newest_first(serve: Serve, http: aiohttp.ClientSession) -> None:
    def alert(name: str, minutes: int) -> Alert:
        at = NOW - timedelta(minutes=minutes)
        return Alert(name, "volume-spike", "fairphone", "firing", at, at, title=name, value=30, baseline=3)

    server = await serve(alerts=[alert("old", 9), alert("new", 1)])
    async with http.get(server.url + "/api/alerts") as response:
        assert [a["fingerprint"] for a in (await response.json())["alerts"]] == ["new", "old"]


@pytest.mark.parametrize("path", ["/", "/dashboard.js", "/charts.js", "/words.js", "/dashboard.css"])
async def test_the_page_needs_nothing_from_elsewhere(serve: Serve, http: aiohttp.ClientSession, path: str) -> None:
    server = await serve()
    async with http.get(server.url + path) as response:
        assert response.status == 200
        text = await response.text()
        policy = response.headers["Content-Security-Policy"]
    allowed = {"http://www.w3.org/2000/svg"}  # the names of things, not addresses that are asked
    assert set(re.findall(r"https?://[^'\"\s)`]+", text)) <= allowed
    assert "innerHTML" not in text
    assert "outerHTML" not in text
    assert "insertAdjacentHTML" not in text
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


async def test_every_answer_carries_the_security_headers(serve: Serve, http: aiohttp.ClientSession) -> None:
    server = await serve()
    for path in ("/", "/api/brands", "/nowhere", "/api/brands/nobody/pulse"):
        async with http.get(server.url + path) as response:
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            assert response.headers["X-Frame-Options"] == "DENY"
            assert "Access-Control-Allow-Origin" not in response.headers
