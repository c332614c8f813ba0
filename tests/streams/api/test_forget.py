"""`PUT /api/forget`: who may, what goes into the log, when it is done, and what is written down of it."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from streams.api.forget import Others
from streams.api.peers import LookupFailed, Peers
from streams.records import Post, erasure
from tests.streams.api.conftest import Serve
from tests.streams.api.orders import Workers
from tests.streams.api.stub import NOW, make_config

ANA = "bluesky:did:plc:ana"
PARTITIONS = 4 + 4


@pytest.fixture
def workers(tmp_path: Path) -> Workers:
    """Both, with nothing in their way."""
    config = make_config()
    assert config.kafka.posts_partitions + config.kafka.brand_partitions == PARTITIONS
    return Workers(config, tmp_path)


async def put(http: aiohttp.ClientSession, url: str, body: Any, **more: Any) -> tuple[int, dict[str, Any]]:
    """Status and answer."""
    async with http.put(url + "/api/forget", json=body, **more) as response:
        return response.status, await response.json(content_type=None)


def lines(workers: Workers) -> list[dict[str, Any]]:
    """What the audit says."""
    return [msgspec.json.decode(line) for line in workers.audit.path.read_bytes().splitlines()]


async def test_it_is_done_once_every_partition_has_applied_it(
    serve: Serve, http: aiohttp.ClientSession, workers: Workers
) -> None:
    server = await serve(forget=workers.routes())
    status, answer = await put(http, server.url, {"author": ANA})
    said = {"author": ANA, "at": "2026-11-23T12:00:00Z", "undo": False, "partitions": PARTITIONS, "to_go": 0}
    assert (status, answer) == (200, said)
    assert list(workers.sent.values()) == [[erasure(ANA, NOW, again=False)]] * 4


async def test_to_undo_is_another_record(serve: Serve, http: aiohttp.ClientSession, workers: Workers) -> None:
    server = await serve(forget=workers.routes())
    status, answer = await put(http, server.url, {"author": ANA, "undo": True})
    assert (status, answer["undo"]) == (200, True)
    assert workers.sent[0] == [erasure(ANA, NOW, again=True)]


@pytest.mark.parametrize(
    ("topic", "behind", "to_go"),
    [("posts", (1,), 1 + 4), ("posts", (0, 1, 2), 3 + 4), ("mentions", (2, 3), 2)],
)
async def test_it_says_in_how_many_partitions_it_has_not_arrived(
    serve: Serve, http: aiohttp.ClientSession, workers: Workers, topic: str, behind: tuple[int, ...], to_go: int
) -> None:
    workers.behind = {(getattr(workers.topics, topic), number) for number in behind}
    server = await serve(forget=workers.routes())
    status, answer = await put(http, server.url, {"author": ANA})
    assert (status, answer["to_go"]) == (202, to_go)


async def test_it_waits_for_a_worker_that_is_late(
    serve: Serve, http: aiohttp.ClientSession, workers: Workers, tmp_path: Path
) -> None:
    patient = Workers(make_config(), tmp_path, longest_s=30)
    patient.behind = {(patient.topics.posts, 1), (patient.topics.posts, 2)}
    server = await serve(forget=patient.routes())
    asking = asyncio.ensure_future(put(http, server.url, {"author": ANA}))
    while not patient.asked_with:
        await asyncio.sleep(0.01)
    assert not asking.done()
    patient.behind.clear()
    assert (await asking)[0] == 200


async def test_a_worker_that_does_not_answer_has_not_applied_it(
    serve: Serve, http: aiohttp.ClientSession, workers: Workers
) -> None:
    workers.there_answers = False
    server = await serve(forget=workers.routes())
    assert (await put(http, server.url, {"author": ANA}))[1]["to_go"] == 2 + 4


async def test_who_goes_away_leaves_no_half_of_an_order(
    serve: Serve, http: aiohttp.ClientSession, workers: Workers
) -> None:
    workers.slow.clear()
    server = await serve(forget=workers.routes())
    with pytest.raises(TimeoutError):
        await put(http, server.url, {"author": ANA}, timeout=aiohttp.ClientTimeout(total=0.1))
    workers.slow.set()
    while not all(workers.sent.values()):
        await asyncio.sleep(0.01)


async def test_kafka_away_is_a_503_that_asks_to_ask_again(
    serve: Serve, http: aiohttp.ClientSession, workers: Workers
) -> None:
    workers.away = True
    server = await serve(forget=workers.routes())
    status, answer = await put(http, server.url, {"author": ANA})
    assert status == 503
    assert "ask again" in answer["detail"]


# -- who may, and how ------------------------------------------------------------------------------------------------


async def test_without_the_token_nothing_happens(serve: Serve, http: aiohttp.ClientSession, workers: Workers) -> None:
    server = await serve(config=make_config(token="secret"), forget=workers.routes())
    assert (await put(http, server.url, {"author": ANA}))[0] == 401
    assert not any(workers.sent.values())
    assert not workers.audit.path.exists()
    headers = {"Authorization": "Bearer secret"}
    assert (await put(http, server.url, {"author": ANA}, headers=headers))[0] == 200
    assert workers.asked_with[0] == "Bearer secret", "the other workers want it too"


@pytest.mark.parametrize("media", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_no_request_that_a_foreign_page_can_send_is_taken(
    serve: Serve, http: aiohttp.ClientSession, workers: Workers, media: str, method: str
) -> None:
    """These three types, and POST, are what a browser sends to another site without asking it first."""
    server = await serve(forget=workers.routes())
    body, headers = msgspec.json.encode({"author": ANA}), {"Content-Type": media}
    async with http.request(method, server.url + "/api/forget", data=body, headers=headers) as response:
        assert response.status == (405 if method == "POST" else 415)
    async with http.options(server.url + "/api/forget", headers={"Origin": "https://evil.example"}) as response:
        assert response.status == 405
        assert not [name for name in response.headers if name.startswith("Access-Control")]
    assert not any(workers.sent.values())


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"author": "ana"}, "`author`: is no `author.id` of a post"),
        ({"author": ""}, "`author`: is no `author.id` of a post"),
        ({"author": "t:" + "a" * 900, "x": 1}, "unknown field `x`"),
        ({"author": 7}, "Expected `str`"),
        ({}, "missing required field `author`"),
        ([], "Expected `object`"),
    ],
)
async def test_what_names_no_author_is_refused(
    serve: Serve, http: aiohttp.ClientSession, workers: Workers, body: Any, reason: str
) -> None:
    server = await serve(forget=workers.routes())
    status, answer = await put(http, server.url, body)
    assert status == 400
    assert reason in answer["detail"]
    assert not any(workers.sent.values())


# -- what is written down --------------------------------------------------------------------------------------------


async def test_the_audit_says_who_and_when_and_only_the_owner_reads_it(
    serve: Serve, http: aiohttp.ClientSession, workers: Workers
) -> None:
    server = await serve(forget=workers.routes())
    await put(http, server.url, {"author": ANA, "by": "eva@desk"})
    await put(http, server.url, {"author": ANA, "undo": True})
    first, second = lines(workers)
    assert first == {
        "at": "2026-11-23T12:00:00Z",
        "order": "forget",
        "author": ANA,
        "by": "eva@desk",
        "address": "127.0.0.1",
    }
    assert (second["order"], second["by"]) == ("forget --undo", "")
    assert stat.S_IMODE(workers.audit.path.stat().st_mode) == 0o600


async def test_what_cannot_be_written_down_is_not_done(
    serve: Serve, http: aiohttp.ClientSession, workers: Workers
) -> None:
    workers.audit.path.mkdir()
    server = await serve(forget=workers.routes())
    status, answer = await put(http, server.url, {"author": ANA})
    assert (status, "nothing was done" in answer["detail"]) == (503, True)
    assert not any(workers.sent.values())


# -- between workers -------------------------------------------------------------------------------------------------


async def test_workers_tell_each_other_how_far_they_are(serve: Serve, workers: Workers) -> None:
    server = await serve(config=make_config(token="secret"), forget=workers.routes())
    nobody = "http://127.0.0.1:9"

    async def lookup() -> dict[int, str]:
        return {0: server.url, 1: "http://me", 2: nobody}

    peers = Peers(lookup, 1)
    try:
        found = await Others(peers, lambda: "http://me").applied("Bearer secret")
        assert found == [workers.here()]
        assert await Others(peers, lambda: "http://me").applied("Bearer wrong") == []
    finally:
        await peers.stop()


async def test_without_a_directory_nobody_is_asked() -> None:
    async def lookup() -> dict[int, str]:
        raise LookupFailed("Kafka is away")

    assert await Others(Peers(lookup, 1), lambda: "http://me").applied(None) == []


def test_the_record_is_what_the_match_stage_reads() -> None:
    assert Post(ANA, "delete", author=erasure(ANA, NOW).author, created_at=NOW).erases_author
