"""Two workers that share the brands: each answers for all, and says plainly what it cannot."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import aiohttp
import pytest

from config.schema import Config
from streams.api import ApiServer
from streams.api.peers import HOP, LookupFailed, PeerFailed, Peers
from streams.topics import partition_of
from tests.streams.api.conftest import Serve
from tests.streams.api.stub import StubDesk, conversation, make_config
from tests.streams.api.test_live import events


class Group:
    """Stands for the group coordinator: partition -> URL, and how often it was asked."""

    def __init__(self, config: Config) -> None:
        self.holders: dict[int, str] = {}
        self.asked = 0
        self.down = False
        self._partitions = config.kafka.brand_partitions

    def assign(self, brand: str, url: str) -> None:
        self.holders[partition_of(brand, self._partitions)] = url

    async def __call__(self) -> Mapping[int, str]:
        self.asked += 1
        if self.down:
            raise LookupFailed("Kafka does not say which worker holds what: refused")
        return dict(self.holders)


class Pair:
    """Two servers, of which the first holds `tertulia` and the second the phones."""

    def __init__(self, config: Config) -> None:
        self.config, self.group = config, Group(config)
        self.one = StubDesk(config, conversation("tertulia", 10), held=["tertulia"])
        self.two = StubDesk(
            config, conversation("fairphone", 30) + conversation("shiftphone", 10), held=["fairphone", "shiftphone"]
        )

    async def start(self, serve: Serve) -> tuple[ApiServer, ApiServer]:
        partitions = self.config.kafka.brand_partitions
        first = await serve(self.one, self.config, peers=Peers(self.group, partitions))
        second = await serve(self.two, self.config, peers=Peers(self.group, partitions))
        self.group.assign("tertulia", first.advertised)
        self.group.assign("fairphone", second.advertised)
        self.group.assign("shiftphone", second.advertised)
        return first, second


def spread_config(**api: object) -> Config:
    """Enough partitions that the brands do not share one."""
    config = make_config(**api)
    kafka = config.kafka.model_copy(update={"brand_partitions": 64})
    return config.model_copy(update={"kafka": kafka})


@pytest.fixture
def pair() -> Pair:
    return Pair(spread_config())


async def test_any_worker_answers_for_any_brand(serve: Serve, http: aiohttp.ClientSession, pair: Pair) -> None:
    first, second = await pair.start(serve)
    for brand in ("fairphone", "tertulia"):
        bodies = []
        for server in (first, second):
            for what in ("pulse?to=2026-11-23T12:00:00Z", "mentions?limit=3", "series?window=6h"):
                async with http.get(f"{server.url}/api/brands/{brand}/{what}") as response:
                    assert (response.status, response.content_type) == (200, "application/json")
                    bodies.append(await response.read())
        assert bodies[:3] == bodies[3:]


async def test_the_holders_problem_comes_through(serve: Serve, http: aiohttp.ClientSession, pair: Pair) -> None:
    first, _ = await pair.start(serve)
    async with http.get(first.url + "/api/brands/fairphone/mentions?after=nonsense") as response:
        assert (response.status, response.content_type) == (400, "application/problem+json")
        assert (await response.json(content_type=None))["parameter"] == "after"


async def test_the_token_is_passed_on(serve: Serve, http: aiohttp.ClientSession) -> None:
    pair = Pair(spread_config(token="secret"))
    first, _ = await pair.start(serve)
    url = first.url + "/api/brands/fairphone/mentions"
    async with http.get(url, headers={"Authorization": "Bearer secret"}) as response:
        assert response.status == 200


async def test_while_a_partition_moves_there_is_no_wrong_number(
    serve: Serve, http: aiohttp.ClientSession, pair: Pair
) -> None:
    first, second = await pair.start(serve)
    pair.group.holders.clear()
    async with http.get(first.url + "/api/brands/fairphone/pulse") as response:
        assert (response.status, response.headers["Retry-After"]) == (503, "1")
        assert "fairphone is moving" in (await response.json(content_type=None))["detail"]
    pair.group.assign("fairphone", second.advertised)
    pair.two.held.clear()  # the group says so, but it has not recovered it yet
    async with http.get(first.url + "/api/brands/fairphone/pulse") as response:
        assert response.status == 503


async def test_a_question_makes_one_hop_at_most(serve: Serve, http: aiohttp.ClientSession, pair: Pair) -> None:
    first, second = await pair.start(serve)
    pair.group.assign("fairphone", first.advertised)  # each believes that the other one has it
    pair.two.held.clear()
    async with http.get(second.url + "/api/brands/fairphone/pulse") as response:
        assert response.status == 503
    async with http.get(second.url + "/api/brands/tertulia/pulse", headers={HOP: "1"}) as response:
        assert response.status == 503


async def test_a_worker_that_is_gone_is_named(serve: Serve, http: aiohttp.ClientSession, pair: Pair) -> None:
    first, second = await pair.start(serve)
    await second.stop()
    async with http.get(first.url + "/api/brands/fairphone/pulse") as response:
        assert response.status == 503
        assert second.url in (await response.json(content_type=None))["detail"]


async def test_a_coordinator_that_is_down_is_said_to_be(serve: Serve, http: aiohttp.ClientSession, pair: Pair) -> None:
    first, _ = await pair.start(serve)
    pair.group.down = True
    async with http.get(first.url + "/api/brands/fairphone/pulse") as response:
        assert response.status == 503
        assert "Kafka does not say" in (await response.json(content_type=None))["detail"]
    async with http.get(first.url + "/api/brands/tertulia/pulse") as response:
        assert response.status == 200


async def test_share_of_voice_is_gathered_from_all(serve: Serve, http: aiohttp.ClientSession) -> None:
    config = spread_config()
    pair = Pair(config)
    pair.one = StubDesk(config, conversation("fairphone", 30), held=["fairphone", "tertulia"])
    pair.two = StubDesk(config, conversation("shiftphone", 10), held=["shiftphone"])
    first, second = await pair.start(serve)
    pair.group.assign("fairphone", first.advertised)
    for server in (first, second):
        async with http.get(f"{server.url}/api/brands/fairphone/voice") as response:
            voice = await response.json()
        assert voice["missing"] == []
        shares = {each["brand"]: each["voice"]["by_posts"] for each in voice["brands"]}
        assert {brand: (s["count"], s["total"]) for brand, s in shares.items()} == {
            "fairphone": (30, 40),
            "shiftphone": (10, 40),
        }
        assert shares["fairphone"]["share"] == 0.75
        async with http.get(f"{server.url}/api/brands/shiftphone/pulse") as response:
            pulse = await response.json()
        assert (pulse["share_of_voice"]["by_posts"]["share"], pulse["missing"]) == (0.25, [])
    await second.stop()
    async with http.get(f"{first.url}/api/brands/fairphone/pulse") as response:
        pulse = await response.json()
    assert (pulse["posts"], pulse["missing"]) == (30, ["shiftphone"])
    async with http.get(f"{first.url}/api/brands/fairphone/voice") as response:
        voice = await response.json()
    assert voice["missing"] == ["shiftphone"]
    async with http.get(f"{first.url}/api/brands/shiftphone/voice") as response:
        assert response.status == 503  # the brand that was asked about is itself missing


async def test_the_live_stream_holds_the_brands_of_all_workers(
    serve: Serve, http: aiohttp.ClientSession, pair: Pair
) -> None:
    first, second = await pair.start(serve)
    async with http.get(first.url + "/api/live") as response:
        posts: dict[str, int] = {}
        away: set[str] = set()
        stream = events(response)
        while len(posts) < 3:
            kind, data = await anext(stream)
            posts[data["brand"]] = data["posts"]
        assert posts == {"tertulia": 10, "fairphone": 30, "shiftphone": 10}
        await second.stop()
        while len(away) < 2:
            kind, data = await anext(stream)
            if kind == "away":
                away.add(data["brand"])
        assert away == {"fairphone", "shiftphone"}


async def test_another_worker_is_told_only_what_is_held_here(
    serve: Serve, http: aiohttp.ClientSession, pair: Pair
) -> None:
    first, _ = await pair.start(serve)
    async with http.get(first.url + "/api/live", headers={HOP: "1"}) as response:
        _, data = await anext(events(response))
        assert data["brand"] == "tertulia"
        assert not first._live._follower._running


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        return self.time


async def test_lookups_are_kept_for_two_seconds_and_a_miss_asks_again() -> None:
    config, clock = spread_config(), Clock()
    group = Group(config)
    group.assign("fairphone", "http://a")
    peers = Peers(group, 64, clock=clock)
    for _ in range(5):
        assert await peers.owner("fairphone", me="http://me") == "http://a"
    assert group.asked == 1
    group.assign("shiftphone", "http://b")
    assert await peers.owner("shiftphone", me="http://me") is None  # asked a moment ago: no storm of lookups
    assert group.asked == 1
    clock.time = 0.3
    assert await peers.owner("shiftphone", me="http://me") == "http://b"
    assert group.asked == 2
    clock.time = 2.5
    await asyncio.gather(*(peers.owner("fairphone", me="http://me") for _ in range(20)))
    assert group.asked == 3


async def test_a_peer_that_fails_is_forgotten_at_once() -> None:
    group = Group(spread_config())
    group.assign("fairphone", "http://127.0.0.1:9")
    peers = Peers(group, 64, clock=Clock())
    await peers.owner("fairphone", me="http://me")
    with pytest.raises(PeerFailed, match=r"http://127\.0\.0\.1:9 does not answer"):
        await peers.get("http://127.0.0.1:9", "/healthz", None)
    await peers.owner("fairphone", me="http://me")
    assert group.asked == 2
    await peers.stop()
