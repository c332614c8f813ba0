"""The Bluesky source against a Jetstream server on loopback: cuts, refusals, silence, other hosts, lost positions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from pydantic import ValidationError

from bots.http import Http
from bots.sources.base import Bad, Gap, Retry, Tools
from bots.sources.bluesky import Bluesky, BlueskyOptions
from tests.bots.sources.jetstream_server import EPOCH, Fault, JetstreamServer, Stored, made

START = 1_793_700_000_000_000  # 2026-11-03T10:00:00Z
SECOND = 1_000_000
VERSIONS = pytest.mark.parametrize("version", ["v1", "v2"])


class Clock:
    """A clock that stands still until it is told otherwise."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 3, 10, 10, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    async with Http("ops@example.org") as client:
        yield client


@pytest.fixture
def clock() -> Clock:
    return Clock()


class Collected:
    """What a source brought, as the runner would keep it."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.bad: list[Bad] = []
        self.gaps: list[Gap] = []
        self.retries: list[Retry] = []
        self.cursor: Any = None


def source_of(http: Http, clock: Clock, *servers: JetstreamServer, **options: Any) -> Bluesky:
    settings = {"silence": "5s", "lookback": "1h", **options}
    hosts = [server.url for server in servers]
    return Bluesky(BlueskyOptions(hosts=hosts, **settings), Tools(http, clock, Random(1), ()))  # type: ignore[arg-type]


async def run(source: Bluesky, until: int, found: Collected | None = None, patience: int = 50) -> Collected:
    """Collect like the runner, going on after each `Retry`, until so many different posts are there."""
    found = found or Collected()
    while len(found.retries) < patience:
        try:
            async with aclosing(source.collect(found.cursor)) as batches:  # type: ignore[type-var]
                async for batch in batches:
                    found.ids += [post.id.rpartition("/")[2] for post in batch.posts]
                    found.bad += batch.bad
                    found.gaps += [batch.gap] if batch.gap else []
                    found.cursor = batch.cursor if batch.cursor is not None else found.cursor
                    if len(set(found.ids)) >= until:
                        return found
        except Retry as retry:
            found.retries.append(retry)
    return found


def events(count: int, first: int = 1, every: int = SECOND) -> list[Stored]:
    return [made(first + n, START + (first + n) * every, "did:plc:ana", f"r{first + n}") for n in range(count)]


def keys(items: Sequence[Stored]) -> list[str]:
    return [str(item.body["rkey"]) for item in items]


def moment(time_us: int) -> datetime:
    return EPOCH + timedelta(microseconds=time_us)


@VERSIONS
@pytest.mark.parametrize("how", ["cut", "close", "error"])
async def test_a_cut_at_any_event_loses_nothing(http: Http, clock: Clock, version: str, how: Any) -> None:
    stored = events(12)
    # Each connection brings one new event before it ends, and before it the last one once more: cursors are inclusive.
    async with JetstreamServer(stored, faults=[Fault(after=n, then=how) for n in (1, *[2] * 11)]) as server:
        found = await run(source_of(http, clock, server, version=version), 12)
    assert found.ids == keys(stored), "the repeated event is dropped"
    assert found.gaps == []
    assert len(found.retries) >= 11


@VERSIONS
async def test_a_restart_goes_on_where_the_saved_cursor_stands(http: Http, clock: Clock, version: str) -> None:
    stored = events(6)
    for cut in range(1, 6):
        async with JetstreamServer(stored, faults=[Fault(after=cut, then="silence")]) as server:
            first = await run(source_of(http, clock, server, version=version), cut)
            second = await run(source_of(http, clock, server, version=version), 6, first)
        assert second.ids == keys(stored)


async def test_only_what_was_asked_for_is_asked_for(http: Http, clock: Clock) -> None:
    async with JetstreamServer(events(2)) as server:
        await run(source_of(http, clock, server, collections=["app.bsky.feed.post"]), 2)
        (path, query), (agent,) = server.requests[0], server.agents
    assert path == "/xrpc/network.bsky.jetstream.subscribeEvents"
    assert query["collections"] == ["app.bsky.feed.post"]
    assert "kinds" not in query, "a filter on kinds would hide deletions of accounts and re-syncs"
    assert agent.startswith("tertulia/") and "ops@example.org" in agent


async def test_the_first_start_looks_back_a_little_and_is_no_gap(http: Http, clock: Clock) -> None:
    async with JetstreamServer(events(600)) as server:  # one a second until now
        found = await run(source_of(http, clock, server, lookback="1m"), 60)
    assert found.ids[0] == "r540"
    assert found.gaps == []


async def test_a_server_that_knows_only_v1_is_spoken_to_in_v1(http: Http, clock: Clock) -> None:
    async with JetstreamServer(events(3), versions=["v1"]) as server:
        found = await run(source_of(http, clock, server), 3)
        assert [path for path, _ in server.requests] == ["/subscribe"]
    assert (found.ids, found.cursor["version"], found.retries) == (["r1", "r2", "r3"], "v1", [])


async def test_v2_alone_does_not_fall_back(http: Http, clock: Clock) -> None:
    async with JetstreamServer(events(3), versions=["v1"]) as server:
        found = await run(source_of(http, clock, server, version="v2"), 3, patience=1)
    assert found.ids == []
    assert "404" in str(found.retries[0])


async def test_bad_frames_are_dead_letters_and_the_rest_comes_through(http: Http, clock: Clock) -> None:
    stored = events(4)
    stored[1].raw = b"{not json"
    stored[2].raw = b'{"$type":"message","payload":{"text":"caf\xe9"}}'  # as a text frame: no UTF-8
    async with JetstreamServer(stored) as server:
        found = await run(source_of(http, clock, server), 2)
    assert found.ids == ["r1", "r4"]
    assert [bad.record for bad in found.bad] == [stored[1].raw, stored[2].raw]
    assert found.retries == []


async def test_a_bad_record_at_the_head_does_not_hold_the_stream(http: Http, clock: Clock) -> None:
    stored = [made(1, START + SECOND, "did:plc:ana", "r1", record=[]), *events(1, first=2)]
    async with JetstreamServer(stored, faults=[Fault(after=1, then="cut")]) as server:
        found = await run(source_of(http, clock, server), 1)
        assert server.requests[-1][1]["cursor"] == ["1"]
    assert (found.ids, len(found.bad)) == (["r2"], 1)


async def test_a_refusal_says_when_to_come_back(http: Http, clock: Clock) -> None:
    faults = [Fault(status=429, headers={"Retry-After": "7"}), Fault(status=500), Fault(status=503)]
    async with JetstreamServer(events(1), faults=faults) as server:
        found = await run(source_of(http, clock, server), 1)
    assert [retry.after for retry in found.retries] == [7.0, None, None]
    assert "refused the connection: 429" in str(found.retries[0])
    assert found.ids == ["r1"]


async def test_nobody_there_is_a_retry(http: Http, clock: Clock) -> None:
    async with JetstreamServer(events(1)) as server:
        gone = server.url
    source = Bluesky(BlueskyOptions(hosts=(gone,)), Tools(http, clock, Random(1), ()))
    found = await run(source, 1, patience=2)
    assert [gone in str(retry) for retry in found.retries] == [True, True]


@VERSIONS
async def test_silence_is_noticed(http: Http, clock: Clock, version: str) -> None:
    stored = events(3)
    async with JetstreamServer(stored, faults=[Fault(after=2, then="silence")]) as server:
        found = await run(source_of(http, clock, server, version=version, silence="200ms"), 3)
    assert list(dict.fromkeys(found.ids)) == keys(stored)
    assert [str(retry) for retry in found.retries] == ["no data for 0.2 s"]


async def test_a_slow_server_is_not_a_silent_one(http: Http, clock: Clock) -> None:
    async with JetstreamServer(events(10), faults=[Fault(drip_s=0.05)]) as server:
        found = await run(source_of(http, clock, server, silence="400ms"), 10)
    assert (len(found.ids), found.retries) == (10, [])


async def test_what_happens_later_arrives(http: Http, clock: Clock) -> None:
    stored = events(4)
    async with JetstreamServer(stored[:2]) as server:
        source = source_of(http, clock, server)
        seen: list[str] = []
        async with aclosing(source.collect(None)) as batches:  # type: ignore[type-var]
            async for batch in batches:
                seen += [post.id for post in batch.posts]
                if len(seen) == 2:
                    await server.append(*stored[2:])
                if len(seen) == 4:
                    break
    assert len(seen) == 4


async def test_another_host_takes_over_by_time_with_an_overlap(http: Http, clock: Clock) -> None:
    """The second host numbers the same events otherwise: a seq must not travel."""
    here = events(100)
    there = [Stored(event.seq + 5_000, event.time_us, event.did, event.kind, event.body) for event in here]
    down = [Fault(status=503)] * 2
    async with (
        JetstreamServer(here, faults=[Fault(after=60, then="cut"), *down]) as first,
        JetstreamServer(there) as second,
    ):
        found = await run(source_of(http, clock, first, second, overlap="10s"), 100)
        assert second.requests[0][1]["cursor"] == [str(here[59].time_us - 10 * SECOND)]
    assert list(dict.fromkeys(found.ids)) == keys(here)
    assert found.gaps == []
    assert (found.cursor["host"], found.cursor["seq"]) == (second.url, 5_100)


async def test_the_preferred_host_is_gone_back_to(http: Http, clock: Clock) -> None:
    here = events(6)
    async with JetstreamServer(here, faults=[Fault(status=503)] * 3) as first, JetstreamServer(here[:3]) as second:
        found = await run(source_of(http, clock, first, second, away="15m"), 3)
        assert found.cursor["host"] == second.url
        clock.now += timedelta(minutes=15)
        source = source_of(http, clock, first, second)
        found = await run(source, 6, found)
    assert list(dict.fromkeys(found.ids)) == keys(here)
    assert found.cursor["host"] == first.url


async def test_a_healthy_second_host_is_left_for_the_first_without_a_retry(http: Http, clock: Clock) -> None:
    here = events(6)
    async with JetstreamServer(here, faults=[Fault(status=503)] * 3) as first, JetstreamServer(here) as second:
        source = source_of(http, clock, first, second, away="15m")
        found = Collected()
        while True:
            try:
                async with aclosing(source.collect(found.cursor)) as batches:  # type: ignore[type-var]
                    async for batch in batches:
                        found.cursor = batch.cursor
                        clock.now += timedelta(minutes=16)
                        if found.cursor["host"] == first.url:
                            return
            except Retry as retry:
                found.retries.append(retry)
            assert len(found.retries) <= 3


async def test_too_old_a_cursor_is_a_gap_and_the_oldest_is_next(http: Http, clock: Clock) -> None:
    stored = events(100)
    async with JetstreamServer(stored, faults=[Fault(after=10, then="cut")]) as server:
        found = await run(source_of(http, clock, server), 10)
        server.floor = 80  # the lookback of the server has gone by
        found = await run(source_of(http, clock, server), 31, found)
    assert found.ids == keys(stored[:10]) + keys(stored[79:])
    (gap,) = found.gaps
    assert (gap.start, gap.end) == (moment(stored[9].time_us), moment(stored[79].time_us))
    assert gap.reason.startswith("OutdatedCursor: requested timestamp cursor below retention floor")


async def test_v1_skips_in_silence_and_it_is_noticed(http: Http, clock: Clock) -> None:
    stored = events(100)
    async with JetstreamServer(stored, faults=[Fault(after=10, then="cut")]) as server:
        found = await run(source_of(http, clock, server, version="v1"), 10)
        server.floor = 80
        found = await run(source_of(http, clock, server, version="v1"), 31, found)
    assert found.ids == keys(stored[:10]) + keys(stored[79:])
    (gap,) = found.gaps
    assert (gap.start, gap.end) == (moment(stored[9].time_us), moment(stored[79].time_us))
    assert "later than it was asked to" in gap.reason


async def test_a_server_that_begins_to_count_anew_is_resumed_by_time(http: Http, clock: Clock) -> None:
    stored = events(20, first=1_001)
    renumbered = [Stored(event.seq - 1_000, event.time_us, event.did, event.kind, event.body) for event in stored]
    async with JetstreamServer(stored[:10], faults=[Fault(after=10, then="cut")]) as server:
        found = await run(source_of(http, clock, server), 10)
        server.events = list(renumbered)
        found = await run(source_of(http, clock, server, overlap="2s"), 20, found)
    assert list(dict.fromkeys(found.ids)) == keys(stored)
    assert (found.gaps, found.cursor["seq"]) == ([], 20)


async def test_a_cursor_of_v1_goes_on_in_v2_and_back(http: Http, clock: Clock) -> None:
    stored = events(9)
    async with JetstreamServer(stored, faults=[Fault(after=3, then="cut"), Fault(after=6, then="cut")]) as server:
        found = await run(source_of(http, clock, server, version="v1"), 3)
        found = await run(source_of(http, clock, server, version="v2", overlap="1s"), 6, found)
        found = await run(source_of(http, clock, server, version="v1", overlap="1s"), 9, found)
    assert list(dict.fromkeys(found.ids)) == keys(stored)
    assert found.gaps == []


@pytest.mark.parametrize(
    "options",
    [
        {"hosts": []},
        {"hosts": ["https://example.org"]},
        {"hosts": ["wss://user:secret@example.org"]},
        {"hosts": ["wss://example.org/subscribe"]},
        {"version": "v3"},
        {"collections": ["app.bsky.feed.like"]},
        {"silence": "0s"},
        {"silence": "1h"},
    ],
)
def test_wrong_options_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refused:
        BlueskyOptions(**options)
    assert "secret" not in refused.value.errors()[0]["msg"]


def test_a_bare_host_is_a_secure_websocket() -> None:
    assert BlueskyOptions(hosts=("jetstream.example.org/",)).hosts == ("wss://jetstream.example.org",)
