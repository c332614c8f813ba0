"""`health` as people read it: in a terminal and in a chat."""

from __future__ import annotations

import io
import json
import re
from collections.abc import AsyncIterator

import pytest
from rich.console import Console

from bots.commands import Answer, ask
from bots.commands.health_sheet import _NAMES, CELLS, health_sheet
from streams.api import ApiServer
from streams.api.peers import Peers, alone
from streams.views.components import COMPONENTS
from tests.streams.api.stub import NOW, StubDesk, conversation, entry, make_config

TO = "2026-11-23T12:00:00Z"
DAYS = 12


@pytest.fixture
async def api() -> AsyncIterator[str]:
    minutes = [1_440 * (n // 20) + 60 + n % 20 for n in range(20 * DAYS)]
    days = [entry("fairphone", 1_000 + n, ago, author=f"demo:a{n % 9}") for n, ago in enumerate(minutes)]
    server = ApiServer(
        StubDesk(make_config(), [*conversation("fairphone", 10), *days]),
        make_config(),
        Peers(alone, 4),
        lambda: [],
        lambda: [],
        now=lambda: NOW,
    )
    await server.start()
    yield server.url
    await server.stop()


def drawn(answer: Answer) -> str:
    """What a terminal of 140 columns shows."""
    console = Console(file=io.StringIO(), width=140, force_terminal=False)
    console.print(answer.rich())
    return str(console.file.getvalue())  # type: ignore[attr-defined]


@pytest.mark.parametrize("question", ["health fairphone", "salud Fairphone 24h", "/health fairfone"])
async def test_the_sheet(api: str, question: str) -> None:
    answer = await ask(question, api, to=TO)
    assert answer.ok, answer.text
    assert json.dumps(answer.data)
    lines = drawn(answer).splitlines()
    assert lines[0].startswith("Fairphone, 24h: ")
    assert "beside its past" in lines[1]
    assert len([line for line in lines if line.startswith(("people", "core (k)", "self-organised ground"))]) == 3
    bars = [line for line in lines if "█" in line or "░" in line]
    assert bars
    assert all(line.count("█") + line.count("░") == CELLS for line in bars)
    assert all(re.search(r"[█░] +\d+ \(\d+ windows\)", line) for line in bars)
    assert all(len(line) <= 140 for line in lines)
    assert "There is no single score." in answer.text


async def test_sentences_in_the_language_asked_for(api: str) -> None:
    spanish = await ask("health fairphone", api, to=TO, lang="es")
    french = await ask("health fairphone", api, to=TO, lang="fr")
    assert spanish.data["summary"]["lang"] == "es"
    assert spanish.data["summary"]["sentences"][0] in spanish.text
    assert "not written in 'fr' yet" in french.text


async def test_too_little_says_so(api: str) -> None:
    answer = await ask("health shiftphone", api, to=TO)
    assert answer.ok
    assert "retention: too few to say · 0 windows: too few" in answer.text
    assert "no whole window before" in answer.text


def test_marks_of_a_real_move() -> None:
    place = {"of": 30, "lower": 3, "equal": 0, "insufficient": False, "percentile": 10.0}
    figure = {"value": 0.3, "interval": [0.2, 0.4], "unreached": False}

    def row(better: str, low: float, high: float, difference: float) -> str:
        change = {"difference": difference, "interval": [low, high], "real": not low <= 0 <= high, "before": figure}
        each = {"now": figure, "history": place, "group": place, "change": change, "better": better, "unit": "share"}
        data = {
            "components": {"retention": each},
            "moved": [],
            "tested": 1,
            "windows": 30,
            "summary": {"sentences": [], "note": None},
            "circles_missing": None,
            "missing": ["other"],
            "gaps": [],
        }
        sheet = health_sheet("B", "7d", data, [])
        cells = ("retention", "30 % (20 % to 40 %)", "█░░░░░░░░░  10 (30 windows)", "10 of 31 brands")
        assert sheet.rows[0][:4] == cells
        assert "without other" in sheet.notes[-1]
        return sheet.rows[0][4]

    assert row("more", -0.2, -0.05, -0.12) == "▼ bad -12.0 (-20.0 to -5.0)"
    assert row("less", -0.2, -0.05, -0.12) == "▼ good -12.0 (-20.0 to -5.0)"
    assert row("neither", 0.05, 0.2, 0.12) == "▲ +12.0 (+5.0 to +20.0)"
    assert row("more", -0.01, 0.2, 0.12) == "+12.0 (-1.0 to +20.0)"


def test_every_component_has_a_name_in_the_sheet() -> None:
    assert set(_NAMES) == {each.name for each in COMPONENTS}
