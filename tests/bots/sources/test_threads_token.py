"""The token of Threads: it is renewed and kept, or its end is told; and it shows up nowhere."""

from __future__ import annotations

import json
import logging
import stat
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from aiohttp import web

from bots.http import Http
from bots.sources.base import Misconfigured, Retry
from tests.bots.sources.test_threads import NOON, Run, batches, some
from tests.bots.sources.threads_server import RENEWED, TOKEN, ThreadsServer, refusal
from tests.contract.source_server import FAULTS, SourceServer, serving


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    async with Http(random=Random(1), base_s=0.001, timeout_s=2.0) as http:
        yield http


@pytest.fixture
def threads() -> ThreadsServer:
    return ThreadsServer()


@pytest.fixture
async def server(threads: ThreadsServer) -> AsyncIterator[SourceServer]:
    async with serving(threads.serve) as server:
        yield server


def make(http: Http, server: SourceServer, threads: ThreadsServer, **options: Any) -> Run:
    run = Run(http, server.url, threads, **options)
    run.say(1, "acme", ago=600)
    return run


async def test_a_renewed_token_is_kept_for_its_owner_and_used_from_then_on(
    http: Http, server: SourceServer, threads: ThreadsServer, tmp_path: Path
) -> None:
    store = tmp_path / "threads-token"
    run = make(http, server, threads, token_store=str(store))
    await run.until(some(1))
    assert stat.S_IMODE(store.stat().st_mode) == 0o600
    assert json.loads(store.read_bytes())["token"] == RENEWED
    assert run.asked("keyword_search")[-1]["access_token"] == RENEWED
    assert [path.name for path in tmp_path.iterdir()] == ["threads-token"]
    threads.tokens = {RENEWED}  # 60 days later the first one is worth nothing
    await run.until(batches(2))
    assert len(run.asked("refresh_access_token")) == 1, "not at each start"
    run.now += timedelta(days=8)
    await run.until(batches(2))
    assert run.asked("refresh_access_token")[-1]["access_token"] == RENEWED


async def test_a_new_token_in_the_configuration_replaces_a_kept_one(
    http: Http, server: SourceServer, threads: ThreadsServer, tmp_path: Path
) -> None:
    store = tmp_path / "threads-token"
    await make(http, server, threads, token_store=str(store)).until(some(1))
    threads.tokens, threads.asked = {"another"}, []
    run = make(http, server, threads, token="another", token_store=str(store))
    await run.until(some(1))
    assert threads.asked[0][1]["access_token"] == "another"


async def test_a_token_that_is_too_young_is_renewed_another_day(
    http: Http, server: SourceServer, threads: ThreadsServer, tmp_path: Path
) -> None:
    threads.refuse["refresh_access_token"] = refusal(100)
    run = make(http, server, threads, token_store=str(tmp_path / "kept"))
    await run.until(some(1))
    assert not (tmp_path / "kept").exists()
    assert run.asked("keyword_search")[-1]["access_token"] == TOKEN


@pytest.mark.parametrize("content", ["", "{}", "my notes"])
async def test_a_file_with_something_else_is_left_alone(
    http: Http, server: SourceServer, threads: ThreadsServer, tmp_path: Path, content: str
) -> None:
    store = tmp_path / "notes"
    store.write_text(content)
    with pytest.raises(Misconfigured, match=r"sources\.threads\.token_store: .*notes holds something else"):
        await make(http, server, threads, token_store=str(store)).until(some(1))
    assert store.read_text() == content


async def test_a_folder_that_is_not_there_is_named(http: Http, server: SourceServer, threads: ThreadsServer) -> None:
    with pytest.raises(Misconfigured, match=r"sources\.threads\.token_store: .*nowhere cannot be written"):
        await make(http, server, threads, token_store="/nowhere/token").until(some(1))


@pytest.mark.parametrize(("days", "level"), [(40, logging.INFO), (9, logging.WARNING)])
async def test_without_a_file_its_end_is_told_in_plain_words(
    http: Http, server: SourceServer, threads: ThreadsServer, caplog: pytest.LogCaptureFixture, days: int, level: int
) -> None:
    threads.expires_at = int((NOON + timedelta(days=days, hours=1)).timestamp())
    with caplog.at_level(logging.INFO):
        await make(http, server, threads).until(some(1))
    (record,) = [record for record in caplog.records if "expires on" in record.message]
    day = datetime.fromtimestamp(threads.expires_at, UTC).date()
    assert record.message == (
        f"sources.threads.token: it expires on {day}, in {days} days, and is not renewed without a token_store"
    )
    assert record.levelno == level


async def test_a_token_that_may_not_search_is_refused_at_the_start(
    http: Http, server: SourceServer, threads: ThreadsServer
) -> None:
    threads.scopes = ["threads_basic"]
    with pytest.raises(Misconfigured, match="without the permission threads_keyword_search"):
        await make(http, server, threads).until(some(1))


@pytest.mark.parametrize("seed", range(3))
async def test_the_token_is_nowhere_to_be_seen(
    http: Http,
    server: SourceServer,
    threads: ThreadsServer,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
    seed: int,
) -> None:
    """Through faults of every kind: not in a log line, a traceback, an error's chain, a cursor or a dead letter."""
    shown: list[str] = []
    run = make(http, server, threads, token_store=str(tmp_path / "kept"))
    threads.odd = [{"id": "7", "username": "x"}, "odd"]
    logging.getLogger("aiohttp.access").disabled = True  # the test's own server
    try:
        with caplog.at_level(logging.DEBUG):
            server.break_with(Random(seed).choices([*FAULTS, "close"], k=60))
            for trouble in (
                None,
                refusal(4),
                refusal(100),
                refusal(1, status=500),
                web.Response(status=302, headers={"Location": f"{server.url}/loop?access_token={TOKEN}"}),
            ):
                if trouble is not None:
                    threads.refuse["keyword_search"] = trouble
                try:
                    await run.until(batches(4))
                except (Retry, Misconfigured) as error:
                    chain: BaseException | None = error
                    while chain is not None:
                        shown += [str(chain), repr(chain)]
                        chain = chain.__cause__ or (None if chain.__suppress_context__ else chain.__context__)
    finally:
        logging.getLogger("aiohttp.access").disabled = False
    shown += [caplog.text, json.dumps(run.cursor)]
    shown += [f"{batch.bad} {batch.gap}" for batch in run.batches]
    for secret in (TOKEN, RENEWED):
        assert all(secret not in text for text in shown)
