"""`circles`, asked of a real service on loopback, and its graph in a file."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import networkx as nx
import pytest

from bots.commands import Answer, ask
from bots.commands.circles_sheet import circles_sheet
from bots.commands.client import ApiClient, AskFailed
from bots.commands.grammar import Command
from bots.commands.patience import patiently
from bots.commands.questions import graph
from bots.exporting import export_graph
from bots.settings import Failed, Options
from streams.api import ApiServer
from streams.api.peers import Peers, alone
from tests.bots.commands.test_commands_ask import TO, drawn
from tests.streams.api.stub import NOW, make_config
from tests.streams.api.test_circles import desk_of


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[str]:
    config = make_config(token="secret").model_copy(update={"data_dir": tmp_path / "data"})
    server = ApiServer(desk_of(config), config, Peers(alone, 4), list, list, now=lambda: NOW)
    await server.start()
    yield server.url
    await server.stop()


async def put(question: str, api: str) -> Answer:
    return await ask(question, api, "secret", to=TO)


async def test_circles(api: str) -> None:
    answer = await put("circles fairphone 12h", api)
    assert answer.ok, answer.text
    assert answer.data["brand"] == "fairphone"
    for text in (answer.text, drawn(answer)):
        assert "Fairphone, 12h: 12 people in 2 circles, modularity 0.50" in text
        assert "0 of 60 ties join two circles." in text or "ties join two circles." in text
    first = answer.data["circles"][0]
    (row,) = (line for line in answer.text.splitlines() if line.startswith(f"{first['name']}: "))
    assert first["words"][0]["word"] in row
    assert first["voices"][0]["handle"] in row
    assert "battery" in drawn(answer)
    assert "garden" in drawn(answer)


async def test_nobody_talks(api: str) -> None:
    answer = await put("circulos tertulia", api)
    assert answer.ok
    expected = "tertulia: too few talk with each other to make circles (0 interactions between 0 people)."
    assert answer.text == expected


async def test_the_graph(api: str, tmp_path: Path) -> None:
    async with ApiClient(api, "secret") as client:
        document = await graph(Command("circles", "fairphone"), client, "graphml", TO)
        with pytest.raises(AskFailed, match="there is no brand 'nokia'"):
            await graph(Command("circles", "nokia"), client, "graphml", TO)
    (tmp_path / "graph.graphml").write_bytes(document)
    assert len(nx.read_graphml(tmp_path / "graph.graphml")) == 12


@pytest.mark.parametrize(
    ("words", "file", "reason"),
    [
        (["fairphone"], "graph.png", "ends with none of .graphml, .json"),
        (["fairphone", "7d"], "graph.json", "takes no window"),
        (["fairphone", "7d", "8d"], "graph.json", "more than one window"),
    ],
)
def test_an_export_that_cannot_be_meant(words: list[str], file: str, reason: str) -> None:
    with pytest.raises(Failed, match=reason) as told:
        export_graph(Options(), words, Path(file), None)
    assert told.value.code == 2


async def test_what_is_being_worked_out_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bots.commands.patience.PAUSE_S", 0)
    asked: list[int] = []

    async def busy_twice() -> str:
        asked.append(1)
        if len(asked) < 3:
            raise AskFailed("later", {"status": 503})
        return "there"

    async def wrong() -> str:
        raise AskFailed("no", {"status": 404})

    async def never() -> str:
        raise AskFailed("later", {"status": 503})

    assert await patiently(busy_twice) == "there"
    for bad in (wrong, never):
        with pytest.raises(AskFailed):
            await patiently(bad)


def test_the_sheet_says_what_is_left_out() -> None:
    data = _data()
    text = circles_sheet("Bee", "7d", data, ["(note)"]).text()
    assert "Approximate: the weakest 5 people and 70 ties are left out, 1.5 % of the weight." in text
    assert "Not listed: 3 circles more, of 9 people in all." in text
    assert "Without 1 interaction with the brand's own accounts." in text
    assert "Between circles: x:9 (2 circles)." in text
    assert "7kq2: 1 · 4 es, en · too few to say · 75 % · too few to say" in text
    assert text.endswith("(note)")


def _data() -> dict[str, Any]:
    text = json.dumps(
        {
            "insufficient": False,
            "modularity": 0.5,
            "to": "T",
            "as_of": "N",
            "graph": {
                "half_life_s": 1_209_600,
                "interactions": 99,
                "authors": 1,
                "approximate": True,
                "left_out": {"authors": 5, "edges": 70, "weight": 0.015, "own_interactions": 1},
            },
            "crossing": {"edges": 1, "total": 4, "share": 0.25, "weight_share": 0.2},
            "others": {"circles": 3, "authors": 9},
            "brokers": [{"author": "x:9", "handle": "", "circles": 2}],
            "circles": [
                {
                    "name": "7kq2",
                    "size": 1,
                    "posts": 4,
                    "share": {"share": None},
                    "languages": {"es": 2, "en": 1, "pt": 1},
                    "sentiment": {"insufficient": True, "net": None},
                    "crossing": {"share": 0.25},
                    "words": [],
                    "voices": [],
                }
            ],
        }
    )
    found: dict[str, Any] = json.loads(text)
    return found
