"""The Nostr source against relays on loopback: several at once, limits, deletions, forged events, odd dates."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime
from random import Random
from typing import Any, ClassVar, cast

import pytest
from pydantic import ValidationError

from bots.http import Http
from bots.sources.base import Bad, Gap, Retry, Tools
from bots.sources.nostr import Nostr, NostrOptions
from streams.records import Post, erasure
from tests.bots.sources.nostr_server import Fault, NostrServer, Signed, made, public

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
AT = int(NOW.timestamp())


class Quick(Nostr):
    """No test waits for a second try."""

    beat_s: ClassVar[float] = 0.02
    pause_s: ClassVar[float] = 0.001


class Found:
    """What was collected, over several starts."""

    def __init__(self) -> None:
        self.posts: list[Post] = []
        self.bad: list[Bad] = []
        self.gaps: list[Gap] = []
        self.retries: list[Retry] = []
        self.cursor: Any = None
        self.quiet = 0

    @property
    def texts(self) -> list[str]:
        return [post.text for post in self.posts if post.op != "delete"]

    @property
    def deleted(self) -> list[str]:
        return [post.id for post in self.posts if post.op == "delete"]


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    async with Http("ops@example.org", base_s=0.001, timeout_s=2.0) as client:
        yield client


def source_of(http: Http, *servers: NostrServer, **options: Any) -> Nostr:
    settings = {"relays": [server.url for server in servers], "silence": "200ms", **options}
    return Quick(NostrOptions.model_validate(settings), Tools(http, lambda: NOW, Random(1), ()))


async def run(source: Nostr, posts: int, found: Found | None = None, *, quiet: int = 3, starts: int = 30) -> Found:
    """Collect, and again after each `Retry`, until so many posts are there and then all is quiet."""
    found = found or Found()
    for _ in range(starts):
        found.quiet = 0
        try:
            async with aclosing(cast(Any, source.collect(found.cursor))) as batches:
                async for batch in batches:
                    found.posts += batch.posts
                    found.bad += batch.bad
                    found.gaps += [batch.gap] if batch.gap else []
                    found.cursor = json.loads(json.dumps(batch.cursor)) if batch.cursor else found.cursor
                    found.quiet = 0 if batch.posts or batch.cursor else found.quiet + 1
                    if len(found.posts) >= posts and found.quiet >= quiet:
                        return found
        except Retry as retry:
            found.retries.append(retry)
    return found


def notes(count: int, who: int = 1, at: int = AT - 600) -> list[Signed]:
    return [made(who, f"note {number}", at + number) for number in range(count)]


async def test_an_event_that_several_relays_have_is_told_once(http: Http) -> None:
    both = notes(6)
    one, two = NostrServer(both[:4]), NostrServer(both[2:])
    async with one.serving(), two.serving():
        found = await run(source_of(http, one, two), 6)
    assert sorted(found.texts) == [f"note {number}" for number in range(6)]
    assert set(found.cursor["relays"]) == {one.url, two.url}
    assert "ops@example.org" in one.agents[0]


async def test_one_relay_that_fails_leaves_the_others_alone(http: Http) -> None:
    one, two = NostrServer(notes(3)), NostrServer(notes(3, who=2), faults=[Fault(status=503)] * 4)
    async with one.serving(), two.serving():
        found = await run(source_of(http, one, two), 6)
    assert (len(found.texts), found.retries) == (6, [])


@pytest.mark.parametrize("strict", [False, True])
async def test_a_page_that_ends_in_the_middle_of_a_second_loses_nothing(http: Http, strict: bool) -> None:
    stored = [made(1, f"note {number}", AT - 600 + number // 4) for number in range(23)]
    server = NostrServer(stored, cap=5, strict=strict)
    async with server.serving():
        found = await run(source_of(http, server), 23)
    assert sorted(found.texts) == sorted(item["content"] for item in stored)
    assert len(found.texts) == 23


@pytest.mark.parametrize("how", ["cut", "close", "silence", "closed"])
async def test_a_connection_that_breaks_anywhere_loses_nothing(http: Http, how: Any) -> None:
    stored = notes(8)
    server = NostrServer(stored, cap=3, faults=[Fault(after=number, then=how) for number in (0, 1, 3, 4, 7)])
    async with server.serving():
        found = await run(source_of(http, server), 8)
    assert sorted(found.texts) == [item["content"] for item in stored]
    assert found.retries
    assert not server.faults, "each of them has happened"


@pytest.mark.parametrize("how", ["limited", "notice"])
async def test_a_rate_limit_is_a_retry_that_waits(http: Http, how: Any) -> None:
    server = NostrServer(notes(3), faults=[Fault(then=how)])
    async with server.serving():
        found = await run(source_of(http, server), 1, starts=1)
    (retry,) = found.retries
    assert retry.after == 60
    assert "rate-limited" in str(retry)


async def test_a_refusal_tells_for_how_long(http: Http) -> None:
    server = NostrServer(faults=[Fault(status=429, headers={"Retry-After": "7"})])
    async with server.serving():
        found = await run(source_of(http, server), 1, starts=1)
    assert [retry.after for retry in found.retries] == [7]


async def test_live_events_come_and_a_date_in_the_future_moves_nothing_beyond_now(http: Http) -> None:
    server = NostrServer(notes(1))
    async with server.serving():
        source, found = source_of(http, server), Found()
        async with aclosing(cast(Any, source.collect(None))) as batches:
            async for batch in batches:
                found.posts += batch.posts
                found.cursor = batch.cursor or found.cursor
                if found.cursor and found.cursor["relays"] and len(found.posts) == 1:
                    await server.publish(made(2, "from the future", AT + 90_000), made(2, "now", AT))
                if len(found.posts) == 3:
                    break
        await server.publish(made(3, "while away", AT - 30))
        found = await run(source, 4, found)
    assert found.texts == ["note 0", "from the future", "now", "while away"]
    assert found.cursor["relays"][server.url] == AT


async def test_only_the_author_takes_back(http: Http) -> None:
    mine, other = made(1, "mine", AT - 60), made(2, "of another", AT - 60)
    server = NostrServer([mine, other])
    async with server.serving():
        source = source_of(http, server)
        found = await run(source, 2)
        server.events.append(made(1, "", AT - 10, ["e", mine["id"]], ["e", other["id"]], ["e", "x"], ["e"], kind=5))
        found = await run(source, 3, found)
    assert found.deleted == [f"nostr:{mine['id']}"]


async def test_what_was_taken_back_before_it_came_is_not_told(http: Http) -> None:
    gone, kept = made(1, "gone", AT - 60), made(2, "kept", AT - 60)
    request = made(1, "", AT - 10, ["e", gone["id"]], ["e", kept["id"]], kind=5)
    server = NostrServer([gone, kept, request])  # a relay that does not obey
    async with server.serving():
        found = await run(source_of(http, server), 1)
    assert (found.texts, found.deleted) == (["kept"], [])


async def test_who_vanishes_is_forgotten_up_to_then(http: Http) -> None:
    server = NostrServer([made(1, "old", AT - 60), made(1, "new", AT - 5), made(2, "other", AT - 60)])
    async with server.serving():
        source = source_of(http, server)
        found = await run(source, 3)
        late = made(1, "old, but late", AT - 50)
        server.events += [made(1, "", AT - 30, ["relay", "ALL_RELAYS"], kind=62), late]
        found = await run(source, 4, found)
    assert found.deleted == [f"nostr:{server.events[0]['id']}", f"nostr:{public(1)}"]
    assert found.posts[-1] == erasure(f"nostr:{public(1)}", datetime.fromtimestamp(AT - 30, UTC))
    assert "old, but late" not in found.texts


async def test_who_vanishes_is_erased_although_nothing_is_remembered(http: Http) -> None:
    """As after a restart: the match stage knows the author's posts."""
    server = NostrServer([made(1, "", AT - 30, ["relay", "ALL_RELAYS"], kind=62)])
    async with server.serving():
        found = await run(source_of(http, server), 1)
    assert [(post.id, post.erases_author) for post in found.posts] == [(f"nostr:{public(1)}", True)]


async def test_nobody_vanishes_by_a_forged_request(http: Http) -> None:
    forged = made(1, "", AT - 30, kind=62) | {"sig": made(2, "", AT - 30, kind=62)["sig"]}
    server = NostrServer([forged, made(3, "other", AT - 60)])
    async with server.serving():
        found = await run(source_of(http, server), 1)
    assert (found.texts, found.deleted) == (["other"], [])


async def test_hashtags_choose_notes_but_not_deletions(http: Http) -> None:
    tagged = made(1, "#Olives", AT - 60, ["t", "olives"])
    server = NostrServer([tagged, *notes(2)])
    async with server.serving():
        source = source_of(http, server, tags=["#Olives"])
        found = await run(source, 1)
        server.events.append(made(1, "", AT - 10, ["e", tagged["id"]], kind=5))
        found = await run(source, 2, found)
    assert found.texts == ["#Olives"]
    assert found.posts[0].venue == "#olives"
    assert found.deleted == [f"nostr:{tagged['id']}"]


async def test_forged_events_are_dead_letters_and_hide_nothing(http: Http) -> None:
    true = made(1, "said", AT - 60)
    server = NostrServer([true | {"content": "not said", "created_at": AT - 50}, true])
    foreign = made(1, "in my name", AT - 40) | {"sig": made(2, "x", AT)["sig"]}
    server.events.append(foreign)
    async with server.serving():
        found = await run(source_of(http, server), 1)
        trusting = await run(source_of(http, server, signatures=False), 2)
    assert found.texts == ["said"]
    assert {bad.reason for bad in found.bad} == {
        "`id` is not the hash of the event",
        "`sig` is not the author's signature",
    }
    assert sorted(trusting.texts) == ["in my name", "said"]


async def test_an_absence_that_is_too_long_is_a_gap(http: Http) -> None:
    server = NostrServer(notes(1))
    async with server.serving():
        found = Found()
        found.cursor = {"relays": {server.url: AT - 5 * 86_400}}
        found = await run(source_of(http, server, furthest="1d"), 1, found)
    (gap,) = found.gaps
    assert (gap.start.day, gap.end.day) == (18, 22)
    assert "furthest" in gap.reason


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"relays": []}, "at least 1"),
        ({"relays": ["https://relay.example"]}, "not a websocket address"),
        ({"relays": ["wss://me@relay.example"]}, "without user"),
        ({"tags": ["#"]}, "empty"),
        ({"silence": "1h"}, "less than or equal"),
    ],
)
def test_a_mistake_in_the_options_is_told_plainly(options: Any, word: str) -> None:
    with pytest.raises(ValidationError, match=word):
        NostrOptions.model_validate(options)


def test_relays_and_hashtags_are_brought_into_one_form() -> None:
    options = NostrOptions.model_validate({"relays": ["nos.lol/", "wss://nos.lol"], "tags": ["#Olives", "olives"]})
    assert (options.relays, options.tags) == (("wss://nos.lol",), ("olives",))
