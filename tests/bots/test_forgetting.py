"""`tertulia forget`, asked of a real service on loopback."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import typer

from bots import cli
from bots.forgetting import author_of
from bots.settings import Failed
from streams.api import ApiServer
from streams.api.peers import Peers, alone
from streams.records import erasure
from tests.streams.api.orders import Workers
from tests.streams.api.stub import NOW, StubDesk, make_config

ANA = "bluesky:did:plc:ana"


@pytest.fixture
def workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workers:
    """Those who carry orders out."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TERTULIA_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("TERTULIA_API__TOKEN", "secret")
    return Workers(make_config(), tmp_path)


@pytest.fixture
async def api(workers: Workers) -> AsyncIterator[str]:
    """The service."""
    config = make_config(token="secret")
    server = ApiServer(StubDesk(config), config, Peers(alone, 4), list, list, forget=workers.routes(), now=lambda: NOW)
    await server.start()
    yield server.url
    await server.stop()


async def run(*words: str) -> int:
    """The exit code of `tertulia words`."""

    def command() -> int:
        with pytest.raises(SystemExit) as ended:
            cli.main(words)
        return int(ended.value.code or 0)

    return await asyncio.to_thread(command)


def answered(monkeypatch: pytest.MonkeyPatch, yes: bool) -> list[str]:
    """Somebody sits at the terminal, and answers; what was asked."""
    asked: list[str] = []

    def confirm(question: str, *, err: bool) -> bool:
        assert err, "standard output is for the answer"
        asked.append(question)
        return yes

    monkeypatch.setattr(typer, "confirm", confirm)
    monkeypatch.setattr("sys.stdin", type("Terminal", (), {"isatty": lambda self: True})())
    return asked


async def test_it_is_done_and_said(api: str, workers: Workers, capsys: pytest.CaptureFixture[str]) -> None:
    assert await run("forget", ANA, "--yes", "--api", api) == 0
    said = capsys.readouterr().out
    assert said == f"All posts of {ANA} are gone from all 8 partitions, and none is collected again\n"
    assert workers.sent[3] == [erasure(ANA, NOW, again=False)]
    (line,) = workers.audit.path.read_bytes().splitlines()
    assert "@" in json.loads(line)["by"]


async def test_as_json(api: str, workers: Workers, capsys: pytest.CaptureFixture[str]) -> None:
    assert await run("forget", ANA, "--yes", "--json", "--api", api) == 0
    assert json.loads(capsys.readouterr().out) == {
        "author": ANA,
        "at": "2026-11-23T12:00:00Z",
        "undo": False,
        "partitions": 8,
        "to_go": 0,
    }


async def test_what_has_not_arrived_everywhere_is_said_and_is_1(
    api: str, workers: Workers, capsys: pytest.CaptureFixture[str]
) -> None:
    workers.behind = {(workers.topics.posts, 1)}
    assert await run("forget", ANA, "--yes", "--api", api) == 1
    assert "has arrived in 3 of 8 partitions" in capsys.readouterr().out


async def test_undo_does_not_ask(api: str, workers: Workers, capsys: pytest.CaptureFixture[str]) -> None:
    assert await run("forget", ANA, "--undo", "--api", api) == 0
    assert "is collected again. What was written until now stays gone" in capsys.readouterr().out
    assert workers.sent[0] == [erasure(ANA, NOW, again=True)]


@pytest.mark.parametrize("yes", [True, False])
async def test_it_asks_first(api: str, workers: Workers, monkeypatch: pytest.MonkeyPatch, yes: bool) -> None:
    asked = answered(monkeypatch, yes)
    assert await run("forget", ANA, "--api", api) == (0 if yes else 1)
    assert len(asked) == 1
    assert ANA in asked[0]
    assert bool(workers.sent[0]) == yes


async def test_where_nobody_can_be_asked_nothing_is_done(
    api: str, workers: Workers, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await run("forget", ANA, "--api", api) == 2
    assert "--yes says so" in capsys.readouterr().err
    assert not any(workers.sent.values())


async def test_a_service_that_is_away_or_refuses_is_said(
    api: str, workers: Workers, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    workers.away = True
    assert await run("forget", ANA, "--yes", "--api", api) == 1
    assert "ask again" in capsys.readouterr().err
    monkeypatch.setenv("TERTULIA_API__TOKEN", "wrong")
    assert await run("forget", ANA, "--yes", "--api", api) == 1
    assert "a bearer token is needed" in capsys.readouterr().err
    assert await run("forget", ANA, "--yes", "--api", "http://127.0.0.1:9") == 1
    assert "nothing answers at http://127.0.0.1:9" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "author"),
    [
        (ANA, ANA),
        (" did:plc:ana ", ANA),
        ("at://did:plc:ana", ANA),
        ("at://did:plc:ana/app.bsky.feed.post/3k2", ANA),
        ("https://bsky.app/profile/did:plc:ana", ANA),
        ("https://bsky.app/profile/did:plc:ana/post/3k2", ANA),
        ("https://bsky.app/profile/did:web:ana.example.org", "bluesky:did:web:ana.example.org"),
        ("https://news.ycombinator.com/user?id=dang", "hackernews:dang"),
        ("https://www.youtube.com/channel/UC_x-1", "youtube:UC_x-1"),
        ("mastodon:https://a.example/users/ana", "mastodon:https://a.example/users/ana"),
        ("wikimedia:en.wikipedia.org/Ana B", "wikimedia:en.wikipedia.org/Ana B"),
    ],
)
def test_an_author_as_people_have_it_at_hand(words: str, author: str) -> None:
    assert author_of(words) == author


@pytest.mark.parametrize(
    "words",
    ["", "ana", "@ana@a.example", "ana.bsky.social", "https://a.example/@ana", "https://bsky.app/profile/ana.x", "x:"],
)
def test_what_holds_no_id_is_refused_and_the_way_to_it_said(words: str) -> None:
    with pytest.raises(Failed, match=r"/api/brands/BRAND/mentions") as refused:
        author_of(words)
    assert refused.value.code == 2
