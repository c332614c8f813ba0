"""Hostile and mistaken parameters: each gets a problem document that names it, and nothing else happens."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from urllib.parse import quote

import aiohttp
import pytest
from yarl import URL

from tests.streams.api.conftest import Serve
from tests.streams.api.stub import StubDesk, conversation, make_config


async def problem(http: aiohttp.ClientSession, url: str, status: int) -> dict[str, object]:
    """The problem document at `url`."""
    async with http.get(URL(url, encoded=True)) as response:
        assert (response.status, response.content_type) == (status, "application/problem+json")
        body: dict[str, object] = await response.json(content_type=None)
        assert body["status"] == status
        assert body["detail"]
        return body


@pytest.mark.parametrize(
    ("query", "parameter", "part"),
    [
        ("window=1", "window", "write a number and a unit"),
        ("window=", "window", "is not a duration"),
        ("window=-1h", "window", "is not a duration"),
        ("window=0s", "window", "shorter than one second"),
        ("window=91d", "window", "longer than"),
        ("window=" + "9" * 90 + "d", "window", "too long"),
        ("window=%00", "window", "is not a duration"),
        ("window=24h&window=1h", "window", "more than once"),
        ("to=yesterday", "to", "RFC 3339"),
        ("to=2026-11-23T12:00:00", "to", "no time zone"),
        ("to=0001-01-01T00:00:00Z", "to", "lies before"),
        ("to=10000-01-01T00:00:00Z", "to", "RFC 3339"),
        ("to=1700000000", "to", "RFC 3339"),
        ("platform=", "platform", "no name"),
        ("platform=%3Cscript%3E", "platform", "no name"),
        ("lang=" + "x" * 70, "lang", "no name"),
        ("windw=1h", "windw", "did you mean `window`"),
        ("token=x", "token", "known here: window, to, platform, lang"),
    ],
)
async def test_of_a_window(serve: Serve, http: aiohttp.ClientSession, query: str, parameter: str, part: str) -> None:
    server = await serve()
    body = await problem(http, f"{server.url}/api/brands/fairphone/pulse?{query}", 400)
    assert body["parameter"] == parameter
    assert part in str(body["detail"])


@pytest.mark.parametrize("value", ["0", "-1", "501", "1e3", "٣", "", "99999999999999999999", "1.5", " 5"])
async def test_of_limit(serve: Serve, http: aiohttp.ClientSession, value: str) -> None:
    server = await serve()
    body = await problem(http, f"{server.url}/api/brands/fairphone/mentions?limit={quote(value)}", 400)
    assert body["parameter"] == "limit"


@pytest.mark.parametrize("value", ["", "x" * 5_000, "nonsense", "%00"])
async def test_of_after(serve: Serve, http: aiohttp.ClientSession, value: str) -> None:
    server = await serve()
    body = await problem(http, f"{server.url}/api/brands/fairphone/mentions?after={value}", 400)
    assert body["parameter"] == "after"


async def test_of_step(serve: Serve, http: aiohttp.ClientSession) -> None:
    server = await serve()
    body = await problem(http, f"{server.url}/api/brands/fairphone/series?window=90d&step=1s", 400)
    assert body["parameter"] == "step"


async def test_an_unknown_brand_gets_the_nearest_and_all(serve: Serve, http: aiohttp.ClientSession) -> None:
    server = await serve()
    body = await problem(http, f"{server.url}/api/brands/fairfone/pulse", 404)
    assert body["did_you_mean"] == "fairphone"
    assert body["known"] == ["fairphone", "shiftphone", "tertulia"]
    assert "Did you mean 'fairphone'?" in str(body["detail"])


@pytest.mark.parametrize(
    "name", ["%00", "..%2f..%2fetc%2fpasswd", "%0d%0aX-Evil:1", "%f0%9f%98%80", "a" * 4_000, "%ff"]
)
async def test_hostile_brands(serve: Serve, http: aiohttp.ClientSession, name: str) -> None:
    server = await serve()
    body = await problem(http, f"{server.url}/api/brands/{name}/pulse", 404)
    assert len(str(body["detail"])) < 400


async def test_unknown_routes_and_methods(serve: Serve, http: aiohttp.ClientSession) -> None:
    server = await serve()
    await problem(http, server.url + "/api/nothing", 404)
    async with http.post(server.url + "/api/brands", json={}) as response:
        assert response.status == 405
        assert "GET" in response.headers["Allow"]
        assert response.content_type == "application/problem+json"


async def test_an_unescaped_plus_in_to_is_understood(serve: Serve, http: aiohttp.ClientSession) -> None:
    server = await serve()
    for to in ("2026-11-23T13:00:00+01:00", "2026-11-23T13:00:00%2B01:00", "2026-11-23T12:00:00Z"):
        url = URL(f"{server.url}/api/brands/fairphone/mentions?to={to}", encoded=True)
        async with http.get(url) as response:
            assert response.status == 200
            assert (await response.json())["to"].startswith(("2026-11-23T12:00:00", "2026-11-23T13:00:00+01"))


async def test_no_query_brings_it_down(serve: Serve, http: aiohttp.ClientSession) -> None:
    config = make_config()
    server = await serve(StubDesk(config, conversation("fairphone", 12)), config)
    for route in ("pulse", "series", "mentions", "voice", "voice-counts"):
        for query in (*HOSTILE, *random_queries(Random(7), 40)):
            async with http.get(f"{server.url}/api/brands/fairphone/{route}", params=query) as response:
                assert response.status in (200, 400), (route, query, await response.text())


def random_queries(random: Random, number: int) -> Iterator[dict[str, str]]:
    """Queries of known names and any characters."""
    names = ("window", "to", "platform", "lang", "step", "after", "limit")
    letters = "0159.hdms-+:TZ |%&=\x00\n\u0663\u202e\U0001f600"
    for _ in range(number):
        yield {random.choice(names): "".join(random.choices(letters, k=random.randint(0, 30))) for _ in range(2)}


HOSTILE: tuple[dict[str, str], ...] = (
    {},
    {"window": "1ms"},
    {"window": "90d", "step": "90d"},
    {"window": "1s", "step": "1s"},
    {"window": "1d", "step": "7d"},
    {"to": "9999-12-31T23:59:59Z"},
    {"to": "2026-11-23T12:00:00-23:59"},
    {"to": "2026-11-23 12:00:00Z"},
    {"lang": "ES"},
    {"platform": "nowhere"},
    {"x" * 9_000: "y"},
)
