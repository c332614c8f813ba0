"""Bluesky in bad weather: random faults and kills, and in the end exactly what the archive holds has been told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime
from random import Random
from typing import Any, Literal

import pytest

from bots.http import Http
from bots.sources.base import Retry, Tools
from bots.sources.bluesky import Bluesky, BlueskyOptions
from tests.bots.sources.jetstream_server import Fault, JetstreamServer, Stored, made, text_of

START = 1_793_700_000_000_000
NOW = datetime(2026, 11, 3, 10, 10, tzinfo=UTC)
HOWS: list[Literal["cut", "close", "error", "silence"]] = ["cut", "close", "error", "silence"]
Told = dict[str, str | None]
"""By post id: the text it ended with, or None once it was deleted."""


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    async with Http() as client:
        yield client


def archive(rng: Random, count: int) -> list[Stored]:
    """Posts, edits, deletions, reposts, names, and records that nobody can read."""
    events: list[Stored] = []
    for seq in range(1, count + 1):
        at, number = START + seq * 100_000, rng.randrange(1, seq + 1)
        did = f"did:plc:{number % 7}"
        record = {"$type": "app.bsky.feed.post", "text": f"edited at {seq}", "createdAt": text_of(at)}
        match rng.choices(["post", "edit", "delete", "repost", "name", "bad"], [10, 2, 2, 3, 1, 1])[0]:
            case "edit":
                events.append(made(seq, at, did, f"r{number}", operation="update", record=record))
            case "delete":
                events.append(made(seq, at, did, f"r{number}", operation="delete", record=None))
            case "repost":
                subject = {
                    "subject": {"uri": "at://did:plc:0/app.bsky.feed.post/r1", "cid": "x"},
                    "createdAt": text_of(at),
                }
                events.append(made(seq, at, did, f"s{seq}", collection="app.bsky.feed.repost", record=subject))
            case "name":
                events.append(Stored(seq, at, did, "identity", {"did": did, "handle": f"h{seq}.example.org"}))
            case "bad":
                events.append(made(seq, at, did, f"b{seq}", record={"text": [seq]}))
            case _:
                events.append(made(seq, at, f"did:plc:{seq % 7}", f"r{seq}"))
    return events


def folded(events: list[Stored]) -> Told:
    """An independent reading of the archive."""
    told: Told = {}
    for event in events:
        if event.kind != "commit" or isinstance((event.body["record"] or {}).get("text"), list):
            continue
        name = f"bluesky:at://{event.did}/{event.body['collection']}/{event.body['rkey']}"
        told[name] = None if event.body["operation"] == "delete" else event.body["record"].get("text", "")
    return told


def weather(rng: Random, count: int) -> list[Fault]:
    """Mostly connections that break after a while, some that are refused."""
    return [
        Fault(status=rng.choice([429, 500, 502, 503]))
        if rng.random() < 0.2
        else Fault(after=rng.randrange(12), then=rng.choices(HOWS, [4, 3, 3, 1])[0], drip_s=rng.choice([0, 0, 0.001]))
        for _ in range(count)
    ]


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize("seed", range(4))
async def test_nothing_is_lost_and_the_last_word_counts(http: Http, version: str, seed: int) -> None:
    rng = Random(seed)
    events = archive(rng, 150)
    last = events[-1].seq
    told: Told = {}
    cursor: Any = None
    async with JetstreamServer(events, faults=weather(rng, 40)) as server:
        options = BlueskyOptions.model_validate(
            {"hosts": [server.url], "version": version, "silence": "150ms", "lookback": "1h", "overlap": "1s"}
        )
        source = Bluesky(options, Tools(http, lambda: NOW, Random(1), ()))
        for _ in range(200):
            saved = [cursor]
            try:
                async with aclosing(source.collect(cursor)) as batches:  # type: ignore[type-var]
                    async for batch in batches:
                        assert batch.gap is None
                        told |= {post.id: None if post.op == "delete" else post.text for post in batch.posts}
                        saved.append(batch.cursor)
                        if batch.cursor["time"] == events[-1].time_us or rng.random() < 0.1:
                            break
            except Retry:
                pass
            cursor = saved[-1]
            if cursor is not None and cursor["time"] == events[-1].time_us:
                break
            if rng.random() < 0.3:  # killed before the newest resume points were saved, and started anew
                cursor = rng.choice(saved)
                source = Bluesky(options, Tools(http, lambda: NOW, Random(1), ()))
    assert cursor["time"] == START + last * 100_000, "it never came to the end"
    assert told == folded(events)
