"""X against a server on loopback: rules in step, breaks and absences, edits, deletions, money, refusals."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, cast

import pytest
from aiohttp import web

from bots.http import Http
from bots.sources.base import LOOKS_S, Batch, Misconfigured, Retry, Tools
from bots.sources.x import X
from bots.sources.x_options import XOptions
from config.schema import Brand
from streams.records import Post, check_post
from tests.bots.sources.x_server import TOKEN, XServer, problem, snowflake
from tests.contract.source_server import SourceServer, serving

BRANDS = (Brand(name="acme", terms=("Acme",)),)
RULE = {"value": '"Acme" OR #Acme', "tag": "tertulia:acme"}


class PatientX(X):
    """As quick as a test wants, but with the real ages of posts and the real lag of the search."""

    beat_s = 0.01
    pause_s = 0.0
    rest_s = 0.0


class Run:
    """A collector on a server, with a clock that the test turns."""

    def __init__(self, http: Http, server: SourceServer, x: XServer, **options: Any) -> None:
        self.now = datetime(2026, 11, 3, 12, tzinfo=UTC)
        self.tick = timedelta(0)  # by which each batch turns it
        self.x, self.cursor, self.batches = x, cast(Any, None), list[Batch]()
        self._http = http
        self._options = {"token": TOKEN, "base_url": server.url, "silence": "300ms"} | options

    def say(self, text: str, *, ago: float = 0.0, **more: Any) -> Any:
        """A post of so many seconds ago; the search knows it, the stream only if it is pushed."""
        number = snowflake(self.now.timestamp() - ago, len(self.x.tweets))
        tweet = {"id": number, "text": text, "author_id": "11", "edit_history_tweet_ids": [number]} | more
        self.x.tweets[number] = tweet
        return tweet

    async def until(self, enough: Callable[[Run], bool], most: int = 400) -> None:
        """Collect until it is enough; a failure is raised."""
        options = XOptions.model_validate(self._options)
        source = PatientX(options, Tools(self._http, lambda: self.now, Random(1), BRANDS))
        async with aclosing(cast(Any, source.collect(self.cursor))) as stream:
            async for batch in stream:
                self.batches.append(batch)
                if batch.cursor is not None:
                    self.cursor = json.loads(json.dumps(batch.cursor))
                most -= 1
                self.now += self.tick
                if enough(self):
                    return
                assert most, "it never came to an end"

    @property
    def posts(self) -> list[Post]:
        """All that was told."""
        return [check_post(post, self.now) for batch in self.batches for post in batch.posts]

    @property
    def texts(self) -> list[str]:
        """What was told, deletions as their ids."""
        return [post.text if post.op != "delete" else f"-{post.id}" for post in self.posts]

    @property
    def gaps(self) -> list[tuple[datetime, datetime]]:
        """All that is missing."""
        return [(batch.gap.start, batch.gap.end) for batch in self.batches if batch.gap is not None]

    def asked(self, path: str) -> list[dict[str, str]]:
        """The queries of all requests for a path."""
        return [query for _, name, query in self.x.asked if name == path]


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    async with Http("ops@example.org", random=Random(1), base_s=0.001, timeout_s=2.0) as http:
        yield http


@pytest.fixture
def x() -> XServer:
    return XServer(users={"11": {"id": "11", "username": "ana", "name": "Ana"}})


@pytest.fixture
async def server(x: XServer) -> AsyncIterator[SourceServer]:
    async with serving(cast(Any, x.serve)) as server:
        yield server


@pytest.fixture
def run(http: Http, server: SourceServer, x: XServer) -> Run:
    return Run(http, server, x)


def some(count: int) -> Callable[[Run], bool]:
    """Until so many posts were told."""
    return lambda run: len(run.posts) >= count


def batches(count: int) -> Callable[[Run], bool]:
    """Until so many more batches came."""
    seen: list[int] = []

    def enough(run: Run) -> bool:
        seen.append(1)
        return len(seen) >= count

    return enough


async def test_rules_of_others_are_left_alone_and_ours_are_renewed(run: Run, x: XServer) -> None:
    x.rules = [
        {"id": "1", "value": "cats", "tag": "another program"},
        {"id": "2", "value": '"Old"', "tag": "tertulia:old"},
        {"id": "3", "value": "dogs", "tag": ""},
    ]
    await run.until(batches(2))
    assert [(rule["value"], rule["tag"]) for rule in x.rules] == [
        ("cats", "another program"),
        ("dogs", ""),
        (RULE["value"], RULE["tag"]),
    ]
    posted = [method for method, path, _ in x.asked if method == "POST"]
    assert len(posted) == 2
    await run.until(batches(2))
    assert [method for method, path, _ in x.asked if method == "POST"] == posted, "nothing was to be done"


async def test_a_rule_that_is_there_in_another_spelling_is_kept(run: Run, x: XServer) -> None:
    x.rules = [{"id": "7", "value": '"acme" OR #acme', "tag": "tertulia:acme"}]
    await run.until(batches(2))
    assert [rule["id"] for rule in x.rules] == ["7"]


async def test_a_rule_that_x_refuses_is_named(http: Http, server: SourceServer, x: XServer) -> None:
    with pytest.raises(Misconfigured, match=r"sources\.x\.rules: X refuses '\"open': Unbalanced quotes"):
        await Run(http, server, x, rules=['"open']).until(batches(1))


async def test_posts_of_other_programs_rules_are_not_told(run: Run, x: XServer) -> None:
    x.rules = [{"id": "1", "value": "cats", "tag": "another program"}]
    theirs, mine = run.say("cats"), run.say("acme")
    x.live.put_nowait(x.line(theirs))
    await x.live.put(x.line(mine, {"id": "9001", "tag": "tertulia:acme"}))
    await run.until(some(1))
    assert run.texts == ["acme"]


async def test_what_is_asked_for(run: Run, x: XServer) -> None:
    await run.until(batches(2))
    (query,) = run.asked("tweets/search/stream")
    assert {"edit_history_tweet_ids", "note_tweet", "referenced_tweets"} <= set(query["tweet.fields"].split(","))
    assert "referenced_tweets.id.author_id" in query["expansions"]
    assert "username" in query["user.fields"]
    assert "backfill_minutes" not in query


async def test_signs_of_life_are_batches_and_silence_is_noticed(run: Run, x: XServer) -> None:
    await run.until(batches(5))
    assert run.texts == []
    x.mute = True
    with pytest.raises(Retry, match="did not answer in time"):
        await run.until(batches(1_000), most=1_001)


async def test_malformed_lines_are_dead_letters_and_new_kinds_are_passed_over(run: Run, x: XServer) -> None:
    x.lines = [b"{broken", b'{"data": {"id": "1"}}', b'{"something": "new"}', b"[" * 3_000]
    x.live.put_nowait(b"")
    await run.until(lambda run: sum(len(batch.bad) for batch in run.batches) >= 3)
    bad = [bad for batch in run.batches for bad in batch.bad]
    assert [record.record[:7] for record in bad] == [b"{broken", b'{"id":"', b"[[[[[[["]


@pytest.mark.parametrize("field", ["errors", "plain"])
async def test_a_disconnection_is_told_in_its_own_words(run: Run, x: XServer, field: str) -> None:
    detail = "This stream has been disconnected upstream for operational reasons."
    found = problem("operational-disconnect", "operational-disconnect", detail=detail)
    x.lines = [json.dumps({"errors": [found]} if field == "errors" else found).encode()]
    with pytest.raises(Retry, match="X ended the stream: This stream has been disconnected upstream"):
        await run.until(batches(50))


async def test_errors_beside_a_post_are_no_disconnection(run: Run, x: XServer) -> None:
    tweet = run.say("acme", referenced_tweets=[{"type": "replied_to", "id": "5"}])
    line = {"data": tweet, "errors": [problem("resource-not-found", "Not Found Error", resource_id="5")]}
    x.lines = [json.dumps(line).encode()]
    await run.until(some(1))
    assert run.posts[0].reply_to == "x:5"


async def test_what_was_said_during_an_absence_is_searched_for(run: Run, x: XServer) -> None:
    x.page = 2
    await run.until(batches(3))
    for number in range(5):
        run.now += timedelta(minutes=10)
        run.say(f"acme {number}")
    run.now += timedelta(minutes=10)
    run.batches.clear()
    await run.until(batches(5))
    assert run.asked("tweets/search/recent") == [], "the search does not know the newest posts yet"
    run.tick = timedelta(seconds=20)
    await run.until(some(5))
    assert sorted(run.texts) == [f"acme {number}" for number in range(5)]
    assert run.gaps == []
    searches = run.asked("tweets/search/recent")
    assert [query.get("next_token") for query in searches] == [None, "t2", "t4"]
    assert {query["query"] for query in searches} == {RULE["value"]}


async def test_what_is_older_than_a_week_is_a_gap(run: Run) -> None:
    await run.until(batches(3))
    left = run.now
    run.now += timedelta(days=10)
    run.say("acme", ago=3_600)
    run.tick = timedelta(seconds=20)
    await run.until(some(1))
    ((start, end),) = run.gaps
    assert abs(start - left) <= timedelta(seconds=61)
    assert timedelta(days=2, hours=23) < end - left < timedelta(days=3, hours=1)


async def test_a_search_that_x_refuses_is_a_gap(run: Run, x: XServer) -> None:
    await run.until(batches(3))
    left = run.now
    run.now += timedelta(hours=1)
    run.tick = timedelta(seconds=20)
    denied = problem("client-forbidden", "Client Forbidden", detail="not on your plan")
    x.refuse["tweets/search/recent"] = web.json_response(denied, status=403)
    await run.until(lambda run: bool(run.gaps))
    ((start, end),) = run.gaps
    assert start <= left < left + timedelta(hours=1) <= end
    assert run.cursor["holes"] == []


async def test_without_search_an_absence_is_a_gap(http: Http, server: SourceServer, x: XServer) -> None:
    run = Run(http, server, x, search=False)
    await run.until(batches(3))
    left = run.now
    run.now += timedelta(minutes=7)
    await run.until(batches(3))
    assert run.gaps == [(left, run.now)]
    assert run.asked("tweets/search/recent") == []


async def test_a_short_break_is_repeated_by_the_stream_where_that_is_allowed(
    http: Http, server: SourceServer, x: XServer
) -> None:
    run = Run(http, server, x, backfill_minutes=3)
    await run.until(batches(3))
    run.now += timedelta(minutes=2)
    await run.until(batches(3))
    assert [query.get("backfill_minutes") for query in run.asked("tweets/search/stream")] == [None, "3"]
    assert run.cursor["holes"] == []
    x.refuse["tweets/search/stream"] = web.json_response(problem("invalid-request", "no"), status=400)
    run.now += timedelta(minutes=2)
    with pytest.raises(Misconfigured, match=r"sources\.x\.backfill_minutes"):
        await run.until(batches(1))


async def test_an_edit_that_comes_by_the_stream_is_an_update(run: Run, x: XServer) -> None:
    old = run.say("acme befor")
    new = run.say("acme before", ago=-60)
    new["edit_history_tweet_ids"] = [old["id"], new["id"]]
    x.rules = [{"id": "1", **RULE}]
    for line in (x.line(old), x.line(new), x.line(old), x.line(new)):  # the stream may repeat itself
        x.live.put_nowait(line)
    x.live.put_nowait(x.line(run.say("acme end")))
    await run.until(some(3))
    assert [(post.op, post.text) for post in run.posts] == [
        ("create", "acme befor"),
        ("update", "acme before"),
        ("create", "acme end"),
    ]
    assert len({post.id for post in run.posts}) == 2


async def test_deletions_are_found_by_second_looks_at_their_ages(run: Run, x: XServer) -> None:
    x.rules = [{"id": "1", **RULE}]
    posts = [run.say(f"acme {number}") for number in range(3)]
    for tweet in posts:
        x.live.put_nowait(x.line(tweet))
    await run.until(some(3))
    x.gone[posts[1]["id"]] = "resource-not-found"
    run.now += timedelta(seconds=LOOKS_S[0] - 60)
    await run.until(batches(5))
    assert run.asked("tweets") == []
    run.now += timedelta(seconds=120)
    await run.until(lambda run: any(post.op == "delete" for post in run.posts))
    assert run.texts[-1] == f"-x:{posts[1]['id']}"
    (query,) = run.asked("tweets")
    assert set(query["ids"].split(",")) == {tweet["id"] for tweet in posts}
    await run.until(batches(5))
    assert len(run.asked("tweets")) == 1, "the next look is a day later"


async def test_second_looks_can_be_switched_off(http: Http, server: SourceServer, x: XServer) -> None:
    run = Run(http, server, x, recheck=0)
    x.rules = [{"id": "1", **RULE}]
    x.live.put_nowait(x.line(run.say("acme")))
    await run.until(some(1))
    run.now += timedelta(days=40)
    await run.until(batches(5))
    assert run.asked("tweets") == []
    assert run.cursor["seen"] == {}


async def test_the_days_money_is_not_overspent(http: Http, server: SourceServer, x: XServer) -> None:
    run = Run(http, server, x, most_posts_per_day=3, recheck=0)
    x.rules = [{"id": "1", **RULE}]
    for number in range(3):
        x.live.put_nowait(x.line(run.say(f"acme {number}")))
    with pytest.raises(Retry, match=r"most_posts_per_day: 3 posts were read today; .* 2026-11-04 00:00 UTC") as stopped:
        await run.until(batches(100))
    assert len(run.texts) == 3
    assert stopped.value.after == 12 * 3_600
    midnight = datetime(2026, 11, 4, tzinfo=UTC)
    assert run.gaps == [(run.now, midnight)]
    connections = len(run.asked("tweets/search/stream"))
    with pytest.raises(Retry):  # a restart does not forget it
        await run.until(batches(1))
    assert len(run.asked("tweets/search/stream")) == connections
    run.now = midnight + timedelta(minutes=1)
    x.lines = [x.line(run.say("acme next day"))]  # a stream that is not over yet must not take it
    await run.until(lambda run: "acme next day" in run.texts)
    assert (run.cursor["reads"], len(run.gaps)) == (1, 1)


async def test_second_looks_leave_half_of_the_days_money(http: Http, server: SourceServer, x: XServer) -> None:
    run = Run(http, server, x, most_posts_per_day=6)
    x.rules = [{"id": "1", **RULE}]
    for number in range(5):
        x.live.put_nowait(x.line(run.say(f"acme {number}")))
    await run.until(some(5))
    run.now += timedelta(days=1)
    await run.until(batches(9))
    assert [len(query["ids"].split(",")) for query in run.asked("tweets")] == [3]
    assert (run.cursor["reads"], run.cursor["again"]) == (3, 3)


@pytest.mark.parametrize(
    ("status", "body", "words", "after"),
    [
        (
            429,
            {"connection_issue": "TooManyConnections", "title": "ConnectionException"},
            "another open connection",
            30,
        ),
        (429, problem("usage-capped", "UsageCapExceeded", detail="Monthly cap"), "used up: Monthly cap", 3_600),
        (402, problem("credits", "CreditsDepleted", detail="no credits"), "used up: no credits", 3_600),
        (503, {"title": "Service Unavailable"}, "answers 503", None),
        (409, {"title": "Conflict"}, "answers 409", None),
    ],
)
async def test_what_passes_is_a_retry(
    run: Run, x: XServer, status: int, body: Any, words: str, after: float | None
) -> None:
    x.refuse["tweets/search/stream"] = web.json_response(body, status=status)
    with pytest.raises(Retry, match=words) as refused:
        await run.until(batches(1))
    assert refused.value.after == after


async def test_a_rate_limit_names_its_end(run: Run, x: XServer) -> None:
    reset = str(int(datetime.now(UTC).timestamp()) + 500)
    limit = {"x-rate-limit-limit": "50", "x-rate-limit-remaining": "0", "x-rate-limit-reset": reset}
    x.refuse["tweets/search/stream"] = web.Response(status=429, headers=limit)
    with pytest.raises(Retry) as refused:
        await run.until(batches(1))
    assert refused.value.after is not None
    assert 490 < refused.value.after <= 500


@pytest.mark.parametrize(("status", "kind"), [(401, "about:blank"), (403, "client-forbidden")])
async def test_a_token_that_does_not_do_is_named(run: Run, x: XServer, status: int, kind: str) -> None:
    x.refuse["tweets/search/stream/rules"] = web.json_response(problem(kind, "no", detail="not you"), status=status)
    with pytest.raises(Misconfigured, match=r"sources\.x\.token: .*not you"):
        await run.until(batches(1))


async def test_without_a_token_or_anything_to_match_it_says_so(http: Http) -> None:
    tools = Tools(http, lambda: datetime.now(UTC), Random(1), ())
    for options, words in (({}, "sources.x.token"), ({"token": "t"}, "sources.x.rules")):
        source = X(XOptions.model_validate(options), tools)
        with pytest.raises(Misconfigured, match=words):
            await anext(cast(Any, source.collect(None)))


async def test_trouble_with_the_search_does_not_end_the_stream(
    run: Run, x: XServer, caplog: pytest.LogCaptureFixture
) -> None:
    await run.until(batches(3))
    run.now += timedelta(minutes=10)
    run.tick = timedelta(seconds=20)
    x.refuse["tweets/search/recent"] = web.Response(status=404)
    x.lines = [x.line(run.say("acme live", ago=5))]
    with caplog.at_level(logging.DEBUG):
        await run.until(lambda run: "acme live" in run.texts and len(run.asked("tweets/search/recent")) > 1)
    assert "cannot be asked for now" in caplog.text
    assert TOKEN not in caplog.text
