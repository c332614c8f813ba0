"""The Nostr source against a real relay: what is stored, what is new, what is taken back, a relay that is killed."""

from __future__ import annotations

import asyncio
import secrets
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bots.http import Http
from tests.bots.sources.nostr_server import Signed, made
from tests.bots.sources.test_nostr import Quick
from tests.real.collecting import Collected, Collecting
from tests.real.relay import Relay, notes, now


@pytest.fixture
async def relay(tmp_path: Path) -> AsyncIterator[Relay]:
    found = Relay(tmp_path)
    async with found.server:
        yield found


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    async with Http("ops@example.org", base_s=0.05) as client:
        yield client


def names(events: list[Signed]) -> set[str]:
    return {f"nostr:{event['id']}" for event in events}


async def life(source: Collecting, left: int) -> Collected:
    """Until so many posts are left, and the source has saved that it has caught up."""
    return await source.life(lambda found: len(found.left) >= left and bool(source.cursor["relays"]), Quick)


async def test_what_is_stored_then_what_is_new_then_what_is_taken_back(http: Http, relay: Relay) -> None:
    tag, who, at = f"t{secrets.token_hex(8)}", secrets.randbelow(2**200) + 1, now()
    stored = notes(tag, who, 12, at - 60)
    await relay.publish(http, *stored)
    source = Collecting("nostr", http, {"relays": [relay.url], "tags": [tag]})
    found = await life(source, 12)
    assert set(found.left) == names(stored)
    assert {post.id.partition(":")[2]: post.text for post in found.told} == await relay.held(http, stored[0]["pubkey"])
    answer = made(who + 1, "answer", at, ["t", tag], ["e", stored[0]["id"], "", "root"])
    gone = made(who, "", at, ["e", stored[1]["id"]], kind=5)
    await relay.publish(http, answer, gone)
    found = await source.life(lambda found: len(found.told) >= 14, Quick)
    assert {post.id: post.op for post in found.told[12:]} == {
        f"nostr:{answer['id']}": "create",
        f"nostr:{stored[1]['id']}": "delete",
    }
    assert found.left[f"nostr:{answer['id']}"].thread == f"nostr:{stored[0]['id']}"
    assert set(found.texts.values()) == {*(await relay.held(http, stored[0]["pubkey"])).values(), "answer"}
    assert found.bad == []


async def test_a_relay_that_is_killed_and_comes_back_loses_nothing(http: Http, relay: Relay) -> None:
    tag, who, at = f"t{secrets.token_hex(8)}", secrets.randbelow(2**200) + 1, now()
    first, later = notes(tag, who, 7, at - 120), notes(tag, who + 1, 9, at - 30)
    await relay.publish(http, *first)
    source = Collecting("nostr", http, {"relays": [relay.url], "tags": [tag], "silence": "5s"})
    found = await life(source, 7)
    assert set(found.left) == names(first)
    collected = asyncio.ensure_future(source.life(lambda found: len(found.left) >= 16, Quick))
    relay.server.end(signal.SIGKILL)
    await relay.server.start()
    await relay.publish(http, *later)
    found = await collected
    assert set(found.left) == names([*first, *later])
    assert len(found.told) == 16, "what was told before the kill is not told again"
