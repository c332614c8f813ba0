"""Pulse and series are the views' own numbers, for the window that was asked for, and never a stale one."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import aiohttp
import msgspec

from streams.api.cache import Answers
from streams.api.live import HEARTBEAT_S, PATIENCE_S
from streams.views.frame import Window
from streams.views.pulse import pulse
from streams.views.series import series
from tests.streams.api.conftest import Serve
from tests.streams.api.stub import NOW, StubDesk, conversation, entry, make_config


async def ask(http: aiohttp.ClientSession, url: str, **query: str) -> dict[str, Any]:
    """The JSON at `url`."""
    async with http.get(url, params=query) as response:
        assert response.status == 200, await response.text()
        body: dict[str, Any] = await response.json()
        return body


def mixed() -> list[Any]:
    """Two networks and two languages."""
    return [
        *conversation("fairphone", 60),
        *(entry("fairphone", n, 30, platform="hackernews") for n in range(100, 125)),
    ]


async def test_pulse_is_what_the_views_say(serve: Serve, http: aiohttp.ClientSession) -> None:
    config = make_config()
    desk = StubDesk(config, mixed())
    confusion = {"es": [[80, 10, 10], [10, 80, 10], [10, 10, 80]]}
    server = await serve(desk, config, confusion=confusion)
    url = server.url + "/api/brands/fairphone/pulse"
    for query in ({}, {"platform": "hackernews"}, {"lang": "es"}, {"window": "2h", "to": "2026-11-23T11:00:00Z"}):
        found = await ask(http, url, **query)
        length = timedelta(hours=2 if "window" in query else 24)
        window = Window.last(length, NOW - timedelta(hours=1) if "to" in query else NOW)
        frame, part = desk.frame("fairphone"), {k: v for k, v in query.items() if k in ("platform", "lang")}
        numbers = pulse(frame, window, config.views, confusion, **part)
        expected = msgspec.json.decode(msgspec.json.encode(numbers))
        assert {name: found[name] for name in expected} == expected
    assert found["brand"] == "fairphone"


async def test_series_is_what_the_view_says(serve: Serve, http: aiohttp.ClientSession) -> None:
    config = make_config()
    desk = StubDesk(config, mixed())
    server = await serve(desk, config)
    found = await ask(http, server.url + "/api/brands/fairphone/series", window="6h", step="30m")
    window = Window.last(timedelta(hours=6), NOW)
    expected = series(desk.frame("fairphone").snapshot(), window, timedelta(minutes=30), config.views)
    assert found == msgspec.to_builtins(expected) | {"gaps": []}
    assert len(found["points"]) == 12


async def test_a_new_entry_counts_in_the_very_next_answer(serve: Serve, http: aiohttp.ClientSession) -> None:
    config = make_config()
    desk = StubDesk(config, conversation("fairphone", 3))
    server = await serve(desk, config)
    for expected in range(4, 8):
        desk.add(entry("fairphone", 500 + expected))
        assert (await ask(http, server.url + "/api/brands/fairphone/pulse"))["posts"] == expected


async def test_a_partition_that_leaves_in_the_middle_is_a_503(serve: Serve, http: aiohttp.ClientSession) -> None:
    class Leaving(StubDesk):
        """Says it holds the brand, and does not when its entries are asked for."""

        def _check(self, brand: str) -> None:
            raise KeyError(brand)

    config = make_config()
    server = await serve(Leaving(config), config)
    for what in ("pulse", "series", "mentions", "voice"):
        async with http.get(f"{server.url}/api/brands/fairphone/{what}") as response:
            assert response.status == 503
            assert response.headers["Retry-After"]


async def test_equal_questions_share_one_computation_and_the_loop_goes_on() -> None:
    answers, go, computed = Answers(), threading.Event(), []

    def compute() -> int:
        computed.append(threading.current_thread())
        assert go.wait(20)
        return len(computed)

    waiting = [asyncio.ensure_future(answers.get("key", lambda: compute)) for _ in range(20)]
    await asyncio.sleep(0)
    go.set()  # reached only because the computation does not hold the loop
    assert await asyncio.gather(*waiting) == [1] * 20
    assert computed[0] is not threading.main_thread()
    answers.stop()


async def test_a_failed_computation_is_not_kept_and_a_lost_asker_harms_nobody() -> None:
    answers, go = Answers(), threading.Event()

    def fail() -> int:
        raise ZeroDivisionError

    for _ in range(2):
        try:
            await answers.get("key", lambda: fail)
        except ZeroDivisionError:
            continue
        raise AssertionError("the error was lost")
    assert await answers.get("key", lambda: lambda: 1) == 1

    def slow() -> int:
        assert go.wait(20)
        return 2

    one, two = (asyncio.ensure_future(answers.get("slow", lambda: slow)) for _ in range(2))
    await asyncio.sleep(0)
    one.cancel()
    go.set()
    assert await two == 2
    answers.stop()


async def test_answers_do_not_gather() -> None:
    answers = Answers()
    for number in range(1_000):
        await answers.get(number, lambda: lambda: 0)
    assert len(answers._kept) == 256
    answers.stop()


async def test_a_kept_answer_is_not_prepared_again_and_an_old_one_is() -> None:
    now, prepared = [0.0], []
    answers = Answers(lambda: now[0])

    def prepare() -> Callable[[], float]:
        prepared.append(now[0])
        return lambda: now[0]

    for moment in (0.0, 0.4, 0.6, 1.0):
        now[0] = moment
        await answers.get("key", prepare, 0.5)
    assert prepared == [0.0, 0.6]
    answers.stop()


def test_heartbeats_come_before_patience_ends() -> None:
    assert HEARTBEAT_S < PATIENCE_S


async def test_nobody_waits_for_an_answer_that_is_renewed_meanwhile() -> None:
    now, go, prepared = [0.0], threading.Event(), []
    answers = Answers(lambda: now[0])

    def prepare() -> Callable[[], float]:
        begun = now[0]
        prepared.append(begun)
        return lambda: begun if go.wait(20) else -1.0

    async def asked(at: float) -> float:
        now[0] = at
        return await answers.recent("key", prepare, 0.5, 1.0)

    go.set()
    assert [await asked(0.0), await asked(0.4)] == [0.0, 0.0]
    go.clear()
    assert [await asked(0.6), await asked(0.7)] == [0.0, 0.0]  # the renewal has begun, once, and is not waited for
    waiting = asyncio.ensure_future(asked(1.1))  # the old one is too old by now, and the renewal may take long
    await asyncio.sleep(0)
    go.set()
    assert await waiting == 1.1
    await answers.run_behind(lambda: None)  # the renewal is there too, and older
    assert await asked(1.2) == 1.1
    assert prepared == [0.0, 0.6, 1.1]
    answers.stop()


async def test_a_renewal_is_what_the_next_are_given() -> None:
    now = [0.0]
    answers = Answers(lambda: now[0])

    def prepare() -> Callable[[], float]:
        begun = now[0]
        return lambda: begun

    for at, expected in ((0.0, 0.0), (0.6, 0.0), (0.7, 0.6), (1.2, 0.6), (1.3, 1.2)):
        now[0] = at
        assert await answers.recent("key", prepare, 0.5, 1.0) == expected
        await answers.run_behind(lambda: None)
        await asyncio.sleep(0)
    answers.stop()
