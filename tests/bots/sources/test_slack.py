"""What the contract suite does not show of the Slack collector: live events, connections, limits, refusals."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, ClassVar, cast

import pytest
from pydantic import ValidationError

from bots.http import Http
from bots.sources.base import Batch, Misconfigured, Retry, Tools
from bots.sources.slack import Slack
from bots.sources.slack_options import SlackOptions
from bots.sources.slack_text import read_mrkdwn
from streams.records import Post
from tests.bots.sources.slack_server import APP_TOKEN, BOT_TOKEN, OWN, TEAM, SlackServer

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
TALK, NEWS = "C100", "C200"


class Quick(Slack):
    """Impatient."""

    beat_s: ClassVar[float] = 0.02


class Desk:
    """A workspace, and a clock that tests move. `saves`: whether resume points reach Kafka."""

    def __init__(self, server: SlackServer, http: Http) -> None:
        self.server, self.http, self.now, self.saves = server, http, NOON, True
        self.cursor: Any = None
        self.batches: list[Batch] = []

    def source(self, **options: Any) -> Slack:
        given = {"app_token": APP_TOKEN, "bot_token": BOT_TOKEN, "base_url": f"{self.server.url}/api"}
        tools = Tools(http=self.http, now=lambda: self.now, random=Random(1), brands=())
        return Quick(SlackOptions.model_validate(given | options), tools)

    async def read(self, until: Callable[[], Any], steps: Any = None, **options: Any) -> list[Post]:
        """Collect in a new process until something is the case; `steps` are taken once it has caught up."""
        start, source = len(self.posts), self.source(**options)
        source.saved(self.cursor)
        async with asyncio.timeout(60), aclosing(cast(Any, source.collect(self.cursor))) as stream:
            async for batch in stream:
                self.batches.append(batch)
                self.cursor = batch.cursor if batch.cursor is not None else self.cursor
                if self.saves:
                    source.saved(json.loads(json.dumps(self.cursor)))
                if steps is not None and not self.waiting:
                    await steps()
                    steps = None
                elif steps is None and until():
                    break
        return self.posts[start:]

    async def caught_up(self, **options: Any) -> list[Post]:
        """Collect until there is nothing left to read."""
        return await self.read(lambda: not self.waiting, **options)

    @property
    def waiting(self) -> bool:
        return any(room["tasks"] for room in self.cursor["rooms"].values())

    @property
    def posts(self) -> list[Post]:
        return [post for batch in self.batches for post in batch.posts]

    def ended(self) -> bool:
        """The last of a test's messages was told."""
        return told(self.posts)[-1:] == [("create", "end")]


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    """Two channels, in one of which something was said."""
    server = SlackServer()
    server.channel(TALK, "talk")
    server.channel(NEWS, "news")
    server.user("U1", "Ana")
    server.say(TALK, "old", at(-600))
    async with server.serving(), Http("test@example.org", random=Random(2), base_s=0.001, timeout_s=5.0) as http:
        yield Desk(server, http)


def at(seconds: float) -> float:
    """So long after noon."""
    return NOON.timestamp() + seconds


def told(posts: list[Post]) -> list[tuple[str, str]]:
    """What was done, and the words."""
    return [(post.op, post.text) for post in posts]


# -- words -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "plain", "links", "people"),
    [
        (
            "*Hi* <@U1>, see <https://a.example/x_y_z|the _site_>",
            "Hi @Ana, see the _site_",
            ["https://a.example/x_y_z"],
            ["U1"],
        ),
        ("<https://a.example/?a=1&amp;b=2>", "https://a.example/?a=1&b=2", ["https://a.example/?a=1&b=2"], []),
        ("1 &lt; 2 &amp;&amp; a_b_c * 3", "1 < 2 && a_b_c * 3", [], []),
        ("&amp;lt;b&amp;gt;", "&lt;b&gt;", [], []),
        ("`code *x*` ```block```", "code x block", [], []),
        ("<!channel> <!subteam^S7> <#C9> <@U404>", "@channel @subteam #C9 @U404", [], ["U404"]),
        (":thumbs_up_: :a_b:", ":thumbs_up_: :a_b:", [], []),
        ("<javascript:alert(1)|click>", "click", [], []),
        ("< not a token", "< not a token", [], []),
    ],
)
def test_mrkdwn(source: str, plain: str, links: list[str], people: list[str]) -> None:
    def called(who: str) -> str | None:
        return "Ana" if who == "U1" else None

    text = read_mrkdwn(source, called, called)
    assert (text.plain, list(text.links), list(text.people)) == (plain, links, people)


# -- options and refusals --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", [{"channels": ["#talk"]}, {"channels": ["D100"]}, {"base_url": "x"}, {"first": "1y"}])
def test_options_out_of_reason_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        SlackOptions.model_validate(wrong)


@pytest.mark.parametrize("key", ["app_token", "bot_token"])
async def test_a_token_that_is_missing_or_wrong_is_named_but_not_shown(desk: Desk, key: str) -> None:
    with pytest.raises(Misconfigured, match=rf"^sources\.slack\.{key}: it is missing"):
        await desk.caught_up(**{key: None})
    with pytest.raises(Misconfigured, match=rf"^sources\.slack\.{key}: Slack does not accept it") as refused:
        await desk.caught_up(**{key: "geheim-7"})
    assert "geheim" not in str(refused.value)


@pytest.mark.parametrize(
    ("method", "error", "words"),
    [
        ("auth.test", {"error": "account_inactive"}, "bot_token: the app was removed"),
        ("apps.connections.open", {"error": "not_allowed_token_type"}, "app_token: it is of the wrong kind"),
        (
            "conversations.history",
            {"error": "missing_scope", "needed": "channels:history", "provided": "channels:read"},
            "bot_token: the app lacks channels:history; add it under OAuth",
        ),
        (
            "users.conversations",
            {"error": "missing_scope", "needed": "channels:read"},
            "bot_token: the app lacks channels:read",
        ),
        ("conversations.history", {"error": "not_in_channel"}, "channels: the app is a member of none"),
    ],
)
async def test_refusals_in_plain_words(desk: Desk, method: str, error: dict[str, str], words: str) -> None:
    desk.server.refuse[method] = error
    with pytest.raises(Misconfigured, match=rf"sources\.slack\.{words}"):
        await desk.read(lambda: False)


@pytest.mark.parametrize("error", ["internal_error", "ratelimited", "team_added_to_org", "a_word_of_next_year"])
async def test_a_passing_error_is_a_retry(desk: Desk, error: str) -> None:
    desk.server.refuse["conversations.history"] = {"error": error}
    with pytest.raises(Retry, match=error):
        await desk.read(lambda: False)


async def test_socket_mode_that_is_switched_off_is_said(desk: Desk) -> None:
    async def steps() -> None:
        desk.server.send({"type": "disconnect", "reason": "link_disabled"})

    with pytest.raises(Misconfigured, match=r"sources\.slack\.app_token: Socket Mode is switched off"):
        await desk.read(lambda: False, steps)


async def test_a_channel_that_is_not_ours_is_left_out(desk: Desk) -> None:
    desk.server.channel("C500", "strangers", is_member=False)
    posts = await desk.caught_up(channels=[TALK, "C500", "C999"])
    assert told(posts) == [("create", "old")]


# -- live ------------------------------------------------------------------------------------------------------------


async def test_events_are_told_as_they_come(desk: Desk) -> None:
    async def steps() -> None:
        hello = desk.server.say(TALK, "hello", at(-9))
        typo = desk.server.say(TALK, "helo", at(-8))
        answer = desk.server.reply(TALK, hello, "an answer", at(-7))
        desk.server.edit(TALK, typo, "hello again")
        desk.server.delete(TALK, typo)
        desk.server.delete(TALK, hello)
        desk.server.delete(TALK, answer)
        desk.server.say(TALK, "joined", at(-6), subtype="channel_join")
        desk.server.say(TALK, "ours", at(-5), OWN)
        desk.server.say(TALK, "end", at(-4))

    posts = await desk.read(desk.ended, steps)
    assert told(posts) == [
        ("create", "old"),
        ("create", "hello"),
        ("create", "helo"),
        ("create", "an answer"),
        ("update", "hello again"),
        ("delete", ""),
        ("delete", ""),
        ("delete", ""),
        ("create", "end"),
    ]
    answer, end = posts[3], posts[-1]
    assert (answer.reply_to, answer.reply_to_author) == (posts[1].id, f"slack:{TEAM}/U1")
    assert [post.id for post in posts[5:8]] == [posts[2].id, posts[1].id, answer.id]
    assert end.author is not None
    assert (end.author.handle, end.author.name, end.venue) == ("Ana", "Real U1", "Ñandú fans #talk")
    ts, parent = answer.id.rpartition("/")[2], posts[1].id.rpartition("/")[2]
    place = f"https://fans.slack.com/archives/{TALK}/p{ts.replace('.', '')}"
    assert answer.url == f"{place}?thread_ts={parent}&cid={TALK}"


async def test_what_is_shared_is_a_quote(desk: Desk) -> None:
    shared = {"channel_id": NEWS, "ts": "1795000000.000100", "author_id": "U7", "is_share": True, "text": "the news"}

    async def steps() -> None:
        desk.server.say(TALK, "look at that", at(-2), attachments=[shared])
        desk.server.say(TALK, "end", at(-1))

    quote = (await desk.read(desk.ended, steps))[-2]
    assert (quote.text, quote.quote_of) == ("look at that", f"slack:{TEAM}/{NEWS}/1795000000.000100")
    assert quote.quote_of_author == f"slack:{TEAM}/U7"


async def test_an_event_that_comes_again_is_told_once(desk: Desk) -> None:
    async def steps() -> None:
        event = {"type": "message", "channel": TALK, "user": "U1", "text": "once", "ts": f"{int(at(-3))}.500000"}
        for _ in range(3):
            desk.server.event(event)
        desk.server.say(TALK, "end", at(-1))

    assert told(await desk.read(desk.ended, steps)).count(("create", "once")) == 1


async def test_a_preview_is_no_edit_and_an_old_edit_is_one(desk: Desk) -> None:
    ancient = desk.server.say(TALK, "ancient", at(-40 * 86_400))

    async def steps() -> None:
        desk.server._changed(TALK, {**ancient, "attachments": [{"id": 1, "title": "preview"}]}, ancient)
        desk.server.edit(TALK, ancient, "ancient, edited")
        desk.server.say(TALK, "end", at(-1))

    posts = await desk.read(desk.ended, steps)
    assert told(posts) == [("create", "old"), ("update", "ancient, edited"), ("create", "end")]


async def test_a_channel_that_it_is_invited_to_is_followed(desk: Desk) -> None:
    async def steps() -> None:
        desk.server.channel("C300", "new")
        desk.server.channel("C400", "secret", is_private=True)
        desk.server.say("C300", "welcome", at(-3))
        desk.server.say("C400", "in private", at(-2))
        desk.server.say(TALK, "end", at(-1))

    assert {post.text for post in await desk.read(desk.ended, steps)} == {"old", "welcome", "end"}


async def test_what_cannot_be_read_becomes_a_dead_letter_and_the_rest_is_told(desk: Desk) -> None:
    async def steps() -> None:
        for broken in ({"text": 5}, {"ts": "yesterday"}, {"ts": None}):
            desk.server.event(
                {"type": "message", "channel": TALK, "user": "U1", "text": "x", "ts": "1.000001", **broken}
            )
        for frame in (b"\xff\xfe", b"{}", b"[" * 5_000):
            desk.server.send(frame)
        desk.server.event({"type": "app_mention", "channel": TALK})
        desk.server.say(TALK, "end", at(-1))

    await desk.read(desk.ended, steps)
    assert len([bad for batch in desk.batches for bad in batch.bad]) == 6


async def test_without_the_scope_for_names_there_are_ids(desk: Desk) -> None:
    desk.server.refuse["users.info"] = {"error": "missing_scope", "needed": "users:read", "provided": ""}
    desk.server.say(TALK, "to <@U1>", at(-60))
    posts = await desk.caught_up()
    assert [post.author.handle for post in posts if post.author] == ["U1", "U1"]
    assert posts[1].text == "to @U1"
    assert len([path for path in desk.server.asked if path.startswith("users.info")]) == 1


# -- envelopes and connections ---------------------------------------------------------------------------------------


async def test_an_envelope_is_acknowledged_when_its_resume_point_is_saved_and_not_before(desk: Desk) -> None:
    desk.saves = False

    async def steps() -> None:
        desk.server.say(TALK, "end", at(-1))

    await desk.read(desk.ended, steps)
    assert desk.server.acked == []
    desk.saves = True

    async def again() -> None:
        desk.server.say(TALK, "and again", at(-1))

    await desk.read(lambda: desk.server.acked, again)
    assert len(desk.server.acked) == 1


async def test_what_was_said_while_away_is_read_afterwards(desk: Desk) -> None:
    parent = desk.server.say(TALK, "question", at(-2 * 86_400))
    await desk.caught_up()
    desk.server.say(TALK, "meanwhile", at(-50))
    desk.server.reply(TALK, parent, "late answer", at(-40))
    desk.server.edit(TALK, desk.server.messages[TALK][0], "old, edited")
    posts = await desk.caught_up()
    assert set(told(posts)) == {("create", "meanwhile"), ("create", "late answer"), ("update", "old, edited")}


@pytest.mark.parametrize("reason", ["refresh_requested", "warning"])
async def test_a_connection_that_is_renewed_overlaps_with_the_next(desk: Desk, reason: str) -> None:
    async def steps() -> None:
        desk.server.send({"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-1"}})
        while desk.server.connections < 2:
            await asyncio.sleep(0.01)
        desk.server.say(TALK, "over the old one", at(-5))
        await asyncio.sleep(0.05)
        await desk.server.drop(0)
        while desk.server.connections > 1:
            await asyncio.sleep(0.01)
        desk.server.say(TALK, "end", at(-1))

    asked = len(desk.server.asked)
    posts = await desk.read(desk.ended, steps)
    assert told(posts) == [("create", "old"), ("create", "over the old one"), ("create", "end")]
    opened = [path for path in desk.server.asked[asked:] if path.startswith("apps.connections.open")]
    assert len(opened) == 2
    assert len([path for path in desk.server.asked[asked:] if path.startswith("auth.test")]) == 1


async def test_a_connection_that_breaks_is_a_retry(desk: Desk) -> None:
    async def steps() -> None:
        await desk.server.drop()

    with pytest.raises(Retry, match="1001"):
        await desk.read(lambda: False, steps)


async def test_too_many_connections_are_waited_for(desk: Desk) -> None:
    async def steps() -> None:
        desk.server.send({"type": "disconnect", "reason": "too_many_websockets"})

    with pytest.raises(Retry) as crowded:
        await desk.read(lambda: False, steps)
    assert crowded.value.after == 30


# -- limits and second looks -----------------------------------------------------------------------------------------


async def test_a_rate_limit_is_waited_for_while_live_messages_are_told(desk: Desk) -> None:
    desk.server.limits["conversations.history"] = deque([1])
    loop = asyncio.get_running_loop()
    begun, said = loop.time(), False

    def done() -> bool:
        nonlocal said
        if not said and any(path.startswith("conversations.history") for path in desk.server.asked):
            said = True
            desk.server.say(NEWS, "live", at(-1))
        return {post.text for post in desk.posts} >= {"live", "old"}

    assert [post.text for post in await desk.read(done)] == ["live", "old"]
    assert loop.time() - begun >= 1


async def test_what_was_deleted_or_edited_while_away_is_found_by_a_second_look(desk: Desk) -> None:
    desk.server.page = 40
    records = [desk.server.say(TALK, f"said {index}", at(-900 + index)) for index in range(100)]
    replies = [desk.server.reply(TALK, records[0], f"reply {index}", at(-700 + index)) for index in range(60)]
    await desk.caught_up()
    desk.now += timedelta(hours=5)  # the overlap is long over
    await desk.caught_up()
    await desk.read(lambda: len(desk.batches) % 20 == 0)  # their first looks
    desk.server.messages[TALK].remove(records[53])
    desk.server.messages[TALK].remove(replies[7])
    records[80]["text"] = "changed"
    desk.now += timedelta(hours=25)
    posts = await desk.read(lambda: len([post for post in desk.posts if post.op != "create"]) == 3, threads="0s")
    assert {(post.op, post.id.rpartition("/")[2]) for post in posts} == {
        ("delete", records[53]["ts"]),
        ("delete", replies[7]["ts"]),
        ("update", records[80]["ts"]),
    }


async def test_a_channel_that_is_closed_to_us_is_not_taken_for_deleted(desk: Desk) -> None:
    desk.server.say(NEWS, "news", at(-60))
    await desk.caught_up()
    desk.server.channels[TALK]["is_member"] = False
    desk.now += timedelta(hours=2)
    assert not await desk.read(lambda: len(desk.batches) % 15 == 0)


async def test_a_resume_point_of_another_workspace_is_put_away(desk: Desk) -> None:
    await desk.caught_up()
    desk.cursor["team"] = "T2"
    assert told(await desk.caught_up()) == [("create", "old")]
    assert desk.cursor["team"] == TEAM


async def test_the_requests_are_those_of_the_documentation(desk: Desk) -> None:
    await desk.caught_up()
    (history,) = [path for path in desk.server.asked if path.startswith(f"conversations.history?channel={TALK}")]
    names = {part.partition("=")[0] for part in history.partition("?")[2].split("&")}
    assert names == {"channel", "oldest", "latest", "inclusive", "limit"}
    assert "token" not in "".join(desk.server.asked)
