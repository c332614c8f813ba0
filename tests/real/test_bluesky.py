"""The Bluesky source against Bluesky's own account server, through the real Jetstream (Go, its first wire form)."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bots.http import Http
from tests.real.atproto import REPOST, Account, Atproto, Ref
from tests.real.collecting import Collected, Collecting
from tests.real.running import until

pytestmark = pytest.mark.timeout(600)


@pytest.fixture
async def atproto(tmp_path: Path) -> AsyncIterator[Atproto]:
    found = Atproto(tmp_path)
    async with found.running():
        yield found


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    async with Http("ops@example.org", base_s=0.05) as client:
        yield client


def collecting(http: Http, atproto: Atproto, **more: Any) -> Collecting:
    return Collecting("bluesky", http, {"hosts": [atproto.host], "silence": "5s", **more})


def told(ref: Ref, op: str = "create") -> Any:
    """Until this was told."""
    name = f"bluesky:{ref.uri}"
    return lambda found: any(post.id == name and post.op == op for post in found.told)


def at_least(count: int) -> Any:
    """Until so many posts are left."""
    return lambda found: len(found.left) >= count


def strong(ref: Ref) -> dict[str, str]:
    return {"uri": ref.uri, "cid": ref.cid}


def answer(root: Ref, parent: Ref) -> dict[str, Any]:
    return {"reply": {"root": strong(root), "parent": strong(parent)}}


async def conversation(atproto: Atproto, ana: Account, beto: Account) -> Ref:
    """A thread with all that may happen in one; the last record."""
    root = await atproto.say(ana, "¿Qué tal el té? Größe 日本語 🙂", tags=["Tea"])
    first = await atproto.say(beto, "Bueno", **answer(root, root))
    await atproto.say(ana, "¿Sí?", **answer(root, first))
    embed = {"$type": "app.bsky.embed.record", "record": strong(root)}
    await atproto.say(beto, "Mira esto", embed=embed)
    await atproto.put(beto, REPOST, {"subject": strong(root)})
    gone = await atproto.say(beto, "Malo")
    await atproto.delete(beto, gone)
    old = await atproto.say(ana, "Se bueno")
    await atproto.put(ana, "app.bsky.feed.post", {"text": "Es bueno"}, old.uri.rpartition("/")[2])
    await atproto.put(beto, "app.bsky.feed.like", {"subject": strong(root)})
    return await atproto.say(ana, "Fin")


async def test_a_conversation_arrives_as_the_account_server_holds_it(http: Http, atproto: Atproto) -> None:
    ana, beto = await atproto.account("ana"), await atproto.account("beto")
    last = await conversation(atproto, ana, beto)
    found = await collecting(http, atproto).life(told(last))
    held = await atproto.held(ana, beto)
    assert found.texts == held
    assert (len(held), found.bad, found.gaps) == (7, [], [])
    assert sorted(post.op for post in found.told) == ["create"] * 8 + ["delete", "update"]
    by_text = {post.text: post for post in found.left.values()}
    root, first, second = by_text["¿Qué tal el té? Größe 日本語 🙂"], by_text["Bueno"], by_text["¿Sí?"]
    assert (root.thread, root.hashtags, root.lang) == (root.id, ("Tea",), "es")
    assert (first.reply_to, first.thread, first.reply_to_author) == (root.id, root.id, f"bluesky:{ana.did}")
    assert (second.reply_to, second.thread) == (first.id, root.id)
    assert by_text["Mira esto"].quote_of == root.id
    assert by_text[""].repost_of == root.id
    assert {post.author.handle for post in found.left.values() if post.author} == {ana.handle, beto.handle}


async def test_accounts_that_are_deleted_or_taken_down_lose_all_their_posts(http: Http, atproto: Atproto) -> None:
    ana, beto, chus = [await atproto.account(name) for name in ("ana", "beto", "chus")]
    for who in (ana, beto, chus):
        for number in range(3):
            await atproto.say(who, f"Nº {number}")
    source = collecting(http, atproto)
    await source.life(at_least(9))
    await atproto.end_account(beto)
    await atproto.take_down(chus)
    last = await atproto.say(ana, "Fin")
    found = await source.life(told(last))
    assert found.texts == await atproto.held(ana)
    assert {post.id for post in found.told if post.erases_author} == {f"bluesky:{beto.did}", f"bluesky:{chus.did}"}


async def test_a_collector_killed_again_and_again_goes_on_by_its_cursor(http: Http, atproto: Atproto) -> None:
    ana = await atproto.account("ana")
    source = collecting(http, atproto)
    for turn in range(1, 5):
        for number in range(6):  # while it is away
            await atproto.say(ana, f"Nº {turn}-{number}")
        await source.life(at_least(6 * turn - 3))  # and it dies in the midst
    found = await source.life(at_least(24))
    assert found.texts == await atproto.held(ana)
    assert found.gaps == []
    assert source.cursor["version"] == "v1", "this Jetstream speaks the first wire form only"


async def test_a_jetstream_that_restarts_is_read_on(http: Http, atproto: Atproto) -> None:
    ana = await atproto.account("ana")
    await atproto.say(ana, "before")
    source = collecting(http, atproto)
    collected = asyncio.ensure_future(source.life(lambda found: _all(found, "after")))

    async def first() -> bool:
        return bool(source.found.left) or collected.done()

    await until(first, "the first post")
    atproto.jetstream.end(signal.SIGTERM)  # it writes down where it was
    await atproto.say(ana, "while it was down")
    await atproto.jetstream.start()
    last = await atproto.say(ana, "after")
    found = await collected
    assert found.texts == await atproto.held(ana)
    assert f"bluesky:{last.uri}" in found.left
    assert found.retries, "the cut was noticed"


def _all(found: Collected, text: str) -> bool:
    return text in found.texts.values()
