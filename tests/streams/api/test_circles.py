"""The routes: the answer with names from the ledger, kept for a minute and no longer, and the graph as a document."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import networkx as nx
import pytest

from config.schema import Config
from streams.api.later import AT_WORK, COLLECT_S, KEPT_S, MOST, Later
from streams.api.problems import Problem, unavailable
from streams.graph.answers import Circles
from streams.graph.export import GraphExport
from tests.streams.api.conftest import Serve
from tests.streams.api.stub import NOW, StubDesk, entry, make_config

TO = "2026-11-23T12:00:00Z"


def desk_of(config: Config, posts: int = 120) -> StubDesk:
    """Two circles of six, each with its subject."""
    desk = StubDesk(config)
    for number in range(posts):
        circle, by = number % 2, number // 2 % 6
        subject = ("battery", "garden")[circle]
        desk.add(
            entry(
                "fairphone",
                number,
                1 + number,
                author=f"demo:{subject}{by}",
                text=f"the {subject} of my Fairphone",
                reply_to=f"demo:elsewhere{number}",
                reply_to_author=f"demo:{subject}{(by + 1 + number // 12 % 5) % 6}",
            )
        )
    return desk


@pytest.fixture
async def url(serve: Serve, tmp_path: Path) -> str:
    config = make_config().model_copy(update={"data_dir": tmp_path})
    return (await serve(desk_of(config), config)).url + "/api/brands/fairphone"


async def fetch(http: aiohttp.ClientSession, url: str, **query: str) -> bytes:
    """Asks again while it is worked out, as the CLI does."""
    for _ in range(20):
        async with http.get(url, params=query) as response:
            if response.status != 503:
                assert response.status == 200, await response.text()
                return await response.read()
    raise AssertionError("it never came")


async def test_circles_with_their_people_and_words(url: str, http: aiohttp.ClientSession) -> None:
    answer = msgspec.json.decode(await fetch(http, url + "/circles"), type=Circles)
    assert (answer.brand, answer.posts, answer.insufficient) == ("fairphone", 120, False)
    assert answer.to == answer.as_of == NOW
    assert [circle.size for circle in answer.circles] == [6, 6]
    assert {circle.words[0].word for circle in answer.circles} == {"battery", "garden"}
    for circle in answer.circles:
        assert len(circle.voices) == 3
        assert {voice.author for voice in circle.voices} < {f"demo:{circle.words[0].word}{n}" for n in range(6)}
        assert all(voice.handle == voice.author.removeprefix("demo:") for voice in circle.voices)
    assert answer.texts == answer.spoken == 120


async def test_the_graph_in_both_forms(url: str, http: aiohttp.ClientSession) -> None:
    made = msgspec.json.decode(await fetch(http, url + "/graph", to=TO), type=GraphExport)
    document = await fetch(http, url + "/graph", format="graphml", to=TO)
    graph = nx.read_graphml(io.BytesIO(document))
    assert {node.id for node in made.nodes} == set(graph)
    assert len(made.nodes) == 12
    assert b"battery" not in document


async def test_what_cannot_be_asked(url: str, http: aiohttp.ClientSession) -> None:
    for path, query in (("/graph", {"format": "dot"}), ("/graph", {"window": "7d"}), ("/circles", {"lang": "es"})):
        async with http.get(url + path, params=query) as response:
            assert response.status == 400
            assert (await response.json())["parameter"] == next(iter(query))


async def test_a_brand_that_moves_away_is_a_503(serve: Serve, http: aiohttp.ClientSession, tmp_path: Path) -> None:
    class Leaving(StubDesk):
        """Says it holds the brand, and does not when its columns are asked for."""

        def _check(self, brand: str) -> None:
            raise KeyError(brand)

    config = make_config().model_copy(update={"data_dir": tmp_path})
    server = await serve(Leaving(config), config)
    for path in ("circles", "graph"):
        async with http.get(f"{server.url}/api/brands/fairphone/{path}") as response:
            assert response.status == 503
            assert response.headers["Retry-After"]


# -- what is kept ----------------------------------------------------------------------------------------------------


class Clock:
    """Moved by hand."""

    at = 0.0

    def __call__(self) -> float:
        return self.at


class Work:
    """Counts how often it was done."""

    def __init__(self, problem: Problem | None = None) -> None:
        self.done, self.problem = 0, problem

    async def __call__(self) -> int:
        self.done += 1
        await asyncio.sleep(0)
        if self.problem is not None:
            raise self.problem
        return self.done


@pytest.fixture
async def later() -> AsyncIterator[tuple[Later, Clock]]:
    clock = Clock()
    made = Later(clock)
    yield made, clock
    await made.stop()


async def test_once_a_minute(later: tuple[Later, Clock]) -> None:
    room, clock = later
    work = Work()
    assert await asyncio.gather(*(room.get("a", None, work) for _ in range(5))) == [1] * 5
    clock.at = KEPT_S
    assert await room.get("a", None, work) == 1
    clock.at = KEPT_S + 0.1
    assert await room.get("a", None, work) == 2
    assert await room.get("b", None, work) == 3


async def test_a_fixed_moment_stays_good_while_nothing_changes(later: tuple[Later, Clock]) -> None:
    room, clock = later
    work = Work()
    assert await room.get("a", 7, work) == 1
    clock.at = 10 * KEPT_S
    assert await room.get("a", 7, work) == 1
    assert await room.get("a", 8, work) == 2


async def test_what_took_longer_than_a_minute_can_be_fetched(later: tuple[Later, Clock]) -> None:
    room, clock = later

    async def slow() -> str:
        clock.at += 2 * KEPT_S
        return "late"

    assert await room.get("a", None, slow) == "late"
    clock.at += COLLECT_S
    assert await room.get("a", None, Work()) == "late"
    clock.at += 0.1
    assert await room.get("a", None, Work()) == 1


async def test_a_problem_is_told_and_not_kept(later: tuple[Later, Clock]) -> None:
    room, _ = later
    with pytest.raises(Problem, match="not now"):
        await room.get("a", None, Work(unavailable("not now")))
    assert await room.get("a", None, Work()) == 1


async def test_who_does_not_want_to_wait_is_told(later: tuple[Later, Clock], monkeypatch: pytest.MonkeyPatch) -> None:
    room, _ = later
    monkeypatch.setattr("streams.api.later.PATIENCE_S", 0.01)
    gate = asyncio.Event()

    async def work() -> Any:
        await gate.wait()
        return "there"

    with pytest.raises(Problem) as told:
        await room.get("a", None, work)
    assert (told.value.body.status, told.value.headers) == (503, {"Retry-After": "3"})
    gate.set()
    await asyncio.sleep(0)
    assert await room.get("a", None, work) == "there"


async def test_no_more_than_so_much_at_once(later: tuple[Later, Clock]) -> None:
    """What waits is bounded, and what is done is pushed out by what is newer."""
    room, _ = later
    gate = asyncio.Event()

    async def work() -> Any:
        await gate.wait()
        return "there"

    waiting = [asyncio.ensure_future(room.get(number, None, work)) for number in range(AT_WORK)]
    await asyncio.sleep(0)
    with pytest.raises(Problem, match="too much"):
        await room.get("one more", None, work)
    gate.set()
    assert await asyncio.gather(*waiting) == ["there"] * AT_WORK
    for number in range(3 * MOST):
        await room.get(("again", number), 1, Work())
    assert len(room._kept) == MOST


async def test_as_many_are_kept_as_one_answer_is_made_of() -> None:
    """The health of a brand looks at the figures of its whole group, which may be more than are kept elsewhere."""
    room, works = Later(most=3 * MOST), [Work() for _ in range(2 * MOST)]
    for _ in range(2):
        for number, work in enumerate(works):
            assert await room.get(number, None, work) == 1


async def test_an_answer_that_was_let_go_is_worked_out_again(later: tuple[Later, Clock]) -> None:
    room, _ = later
    work = Work()
    assert await room.get("a", 1, work) == 1
    room.forget("a")
    room.forget("never there")
    assert await room.get("a", 1, work) == 2
