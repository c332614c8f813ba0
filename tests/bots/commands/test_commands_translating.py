"""Answers in Spanish: every sheet that a real service fills, and what is never translated."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.commands import ask
from bots.commands.sheet import Sheet
from bots.commands.spanish import LABELS, PHRASES
from bots.commands.translating import between, spanish, spanish_sheet
from streams.api import ApiServer
from streams.api.peers import Peers, alone
from streams.records import Alert, SourceGap, SourceStatus
from tests.streams.api.stub import NOW, StubDesk, conversation, entry, make_config
from tests.streams.api.test_circles import desk_of

GAP = SourceGap(NOW - timedelta(hours=2), NOW - timedelta(hours=1), "el cursor era viejo")
STATES = ("starting", "live", "retrying", "silent", "stopped", "misconfigured", "finished")
SOURCES = [
    SourceStatus("bluesky", "retrying", last_event_at=NOW, events=5, gaps=(GAP,)),
    SourceStatus("rss", "silent", gaps=(GAP, GAP)),
    SourceStatus("demo", "live", last_event_at=NOW, events=1_234),
]
ENGLISH = re.compile(
    r"\b(the|of|by|to|in|with|without|too|few|posts?|authors?|threads?|people|windows?|answered|wrote|half|missed|ago"
    r"|events?|gaps?|none|ties|nothing|yet|numbers|brands?|new|seen|stayed|left|not|all|is|are|good|bad|interval|listed)\b"
)


async def serve(desk: StubDesk, sources: Sequence[SourceStatus], alerts: Sequence[Alert] = ()) -> ApiServer:
    server = ApiServer(
        desk, make_config(), Peers(alone, 4), lambda: list(sources), lambda: list(alerts), now=lambda: NOW
    )
    await server.start()
    return server


@pytest.fixture
async def api() -> AsyncIterator[str]:
    minutes = [1_440 * (n // 20) + 60 + n % 20 for n in range(20 * 12)]
    days = [entry("fairphone", 1_000 + n, ago, author=f"demo:a{n % 9}") for n, ago in enumerate(minutes)]
    others = [entry("shiftphone", n, platform="rss") for n in range(20)]
    server = await serve(StubDesk(make_config(), [*conversation("fairphone", 60), *days, *others]), SOURCES)
    yield server.url
    await server.stop()


def said(sheet: Sheet) -> str:
    return spanish_sheet(sheet).text()


@pytest.mark.parametrize(
    "question",
    [
        "pulse fairphone 12h",
        "pulse fairphone 20m",
        "pulse shiftphone 1h",
        "pulse tertulia",
        "voice phones 12h",
        "voice phones 7d",
        "circles tertulia",
        "sources",
        "status",
        "health shiftphone 24h",
    ],
)
async def test_no_english_is_left(api: str, question: str) -> None:
    answer = await ask(question, api, lang="es")
    text = said(answer.sheet)
    assert not ENGLISH.findall(re.sub(r"http\S+", "", text)), text


async def test_health_too(api: str) -> None:
    answer = await ask("health fairphone", api, lang="es")
    text = said(answer.sheet)
    assert "números se movieron más allá del azar" in text
    assert "No hay una nota única." in text
    assert not ENGLISH.findall(text), text


async def test_circles_too(tmp_path: Path) -> None:
    config = make_config().model_copy(update={"data_dir": tmp_path})
    server = ApiServer(desk_of(config), config, Peers(alone, 4), list, list, now=lambda: NOW)
    await server.start()
    try:
        answer = await ask("circles fairphone 12h", server.url)
    finally:
        await server.stop()
    sheet = spanish_sheet(answer.sheet)
    assert "12 personas en 2 círculos, modularidad 0.50" in sheet.title
    assert sheet.head[:2] == ["círculo", "personas"]
    assert not ENGLISH.findall("\n".join([sheet.title, *sheet.head, *sheet.notes]))


async def test_a_service_of_which_nothing_is_known(api: str) -> None:
    server = await serve(StubDesk(make_config(), held=()), ())
    try:
        for question in ("sources", "status"):
            answer = await ask(question, server.url)
            text = re.sub(r"http\S+", "", said(answer.sheet))
            assert not ENGLISH.findall(text), text
    finally:
        await server.stop()


@pytest.mark.parametrize(
    "question",
    [
        *("pulse nokia", "pulse", "weather", "pulse x 7x", "pulse x 7d 24h", "sources now", "silense x"),
        *("why", "why nokia", "ack", "silence 2h", "silence x for 2 hours", "silence x 2h 3h", "silence nokia 2h"),
        *(
            "silence x until noon",
            "silence x until 2026-11-28T09:00",
            "silence x 2h until 2026-11-28T09:00Z",
            "silence end",
        ),
        "silence fairphone shiftphone",
    ],
)
async def test_what_went_wrong(api: str, question: str) -> None:
    answer = await ask(question, api)
    assert not answer.ok
    text = spanish(answer.text)
    assert text != answer.text


def test_words_of_people_are_not_touched() -> None:
    sheet = Sheet("Círculos", [("1", "12", "none", "live ready")], ("circle", "people", "words", "around"))
    (row,) = spanish_sheet(sheet).rows
    assert row == ("1", "12", "none", "live ready")
    assert spanish("x" * 5_000) == "x" * 5_000


@pytest.mark.parametrize("english", PHRASES)
def test_slots_agree(english: str) -> None:
    slots = re.compile(r"\{\}|<>")
    assert slots.findall(english) == slots.findall(PHRASES[english])
    assert PHRASES[english] != english or english == "{} ({} to {})"


@given(st.lists(st.sampled_from(["", "a", "b", "ab", ", "]), min_size=2, max_size=4), st.text("ab, ", max_size=12))
def test_what_stands_between_is_what_a_regular_expression_finds(own: list[str], text: str) -> None:
    found = re.fullmatch("(.+?)".join(map(re.escape, own)), text, re.DOTALL)
    assert between(text, own) == (list(found.groups()) if found else None)


@pytest.mark.parametrize("pattern", [", : of ", "a, b: c of d ", "▲ good ( to ", " (x to y) "])
def test_a_text_made_for_it_does_not_take_minutes(pattern: str) -> None:
    """As regular expressions the first of these took 110 seconds."""
    text = (pattern * 400)[:2_000]
    assert spanish(text)


def test_labels_are_of_rows() -> None:
    assert not set(LABELS.values()) & set(LABELS), "a word that is another one's translation would be translated twice"


@given(st.text(max_size=400))
def test_any_text_comes_out_whole_or_translated(text: str) -> None:
    assert spanish(text) or not text
