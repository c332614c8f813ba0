"""The Nostr source against a real relay.

TERTULIA_TEST_NOSTR names the address (ws://127.0.0.1:6969) of a relay that takes anybody's events, such as
`pip install nostr-relay` in an environment of its own gives with `nostr-relay -c config.yaml serve`; without it these
tests are skipped. A small `max_limit` in its config makes it give out its events page by page.
"""

from __future__ import annotations

import json
import os
import secrets
from contextlib import aclosing
from datetime import UTC, datetime
from random import Random
from typing import Any, cast

import pytest

from bots.http import Http
from bots.sources.base import Tools
from bots.sources.nostr import NostrOptions
from streams.records import Post
from tests.bots.sources.nostr_server import Signed, made
from tests.bots.sources.test_nostr import Quick

URL = os.environ.get("TERTULIA_TEST_NOSTR", "")
pytestmark = pytest.mark.skipif(not URL, reason="TERTULIA_TEST_NOSTR names no relay")


def now() -> datetime:
    return datetime.now(UTC)


async def publish(http: Http, *events: Signed) -> None:
    """The relay accepts them, so our ids and signatures are what others expect."""
    async with http.websocket(URL) as socket:
        for event in events:
            await socket.send_json(["EVENT", event])
            answer = json.loads((await socket.receive(timeout=20)).data)
            assert answer[:3] == ["OK", event["id"], True], answer


async def collect(http: Http, tag: str, cursor: Any, posts: int) -> tuple[list[Post], Any, list[str]]:
    options = NostrOptions.model_validate({"relays": [URL], "tags": [tag]})
    source, found, bad = Quick(options, Tools(http, now, Random(1), ())), list[Post](), list[str]()
    quiet = 0
    async with aclosing(cast(Any, source.collect(cursor))) as batches:
        async for batch in batches:
            found += batch.posts
            bad += [item.reason for item in batch.bad]
            cursor = json.loads(json.dumps(batch.cursor)) if batch.cursor else cursor
            quiet = 0 if batch.posts else quiet + 1
            if len(found) >= posts and quiet > 10 and cursor and cursor["relays"]:
                break
    return found, cursor, bad


@pytest.mark.timeout(120)
async def test_what_is_stored_then_what_is_new_then_what_is_taken_back() -> None:
    tag, who, at = f"t{secrets.token_hex(8)}", secrets.randbelow(2**200) + 1, int(now().timestamp())
    texts = [f'{number} Größe 日本語 🙂\n\t"quoted" back\\slash \x07' for number in range(12)]
    stored = [made(who, text, at - 60 + number // 5, ["t", tag]) for number, text in enumerate(texts)]
    async with Http("ops@example.org") as http:
        await publish(http, *stored)
        posts, cursor, bad = await collect(http, tag, None, 12)
        assert sorted(post.text for post in posts) == sorted(texts)
        assert {post.id for post in posts} == {f"nostr:{event['id']}" for event in stored}
        assert bad == []
        answer = made(who + 1, "answer", at, ["t", tag], ["e", stored[0]["id"], "", "root"])
        gone = made(who, "", at, ["e", stored[1]["id"]], kind=5)
        await publish(http, answer, gone)
        later, _, _ = await collect(http, tag, cursor, 2)
    assert {post.id: post.op for post in later} == {
        f"nostr:{answer['id']}": "create",
        f"nostr:{stored[1]['id']}": "delete",
    }
    assert next(post.thread for post in later if post.op == "create") == f"nostr:{stored[0]['id']}"
