"""What the contract suite does not show of the Discord collector: live events, sessions, limits, refusals."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, ClassVar, cast

import pytest
from pydantic import ValidationError

from bots.http import Http, HttpError
from bots.sources.base import Batch, Misconfigured, Retry, Tools
from bots.sources.discord import Discord
from bots.sources.discord_options import DiscordOptions
from streams.records import Post
from tests.bots.sources.discord_server import GUILD, OWN, TOKEN, DiscordServer, user

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
CHAT, OTHER = "10", "11"


class Quick(Discord):
    """Impatient."""

    beat_s: ClassVar[float] = 0.02
    calm_s: ClassVar[tuple[float, float]] = (0.0, 0.0)


class Desk:
    """A server, and a clock that tests move."""

    def __init__(self, server: DiscordServer, http: Http) -> None:
        self.server, self.http, self.now = server, http, NOON
        self.cursor: Any = None
        self.batches: list[Batch] = []

    def source(self, **options: Any) -> Discord:
        given = {"token": TOKEN, "guilds": [GUILD], "base_url": f"{self.server.url}/api/v10"}
        tools = Tools(http=self.http, now=lambda: self.now, random=Random(1), brands=())
        return Quick(DiscordOptions.model_validate(given | options), tools)

    async def read(self, until: Callable[[], Any], steps: Any = None, **options: Any) -> list[Post]:
        """Collect in a new process until something is the case; `steps` are taken once it has caught up."""
        start = len(self.posts)
        async with asyncio.timeout(60), aclosing(cast(Any, self.source(**options).collect(self.cursor))) as stream:
            async for batch in stream:
                self.batches.append(batch)
                self.cursor = batch.cursor if batch.cursor is not None else self.cursor
                if steps is not None and not any(room["tasks"] for room in self.cursor["rooms"].values()):
                    await steps()
                    steps = None
                elif steps is None and until():
                    break
        return self.posts[start:]

    async def caught_up(self, **options: Any) -> list[Post]:
        """Collect until there is nothing left to read."""
        return await self.read(lambda: not any(room["tasks"] for room in self.cursor["rooms"].values()), **options)

    @property
    def posts(self) -> list[Post]:
        return [post for batch in self.batches for post in batch.posts]

    def ops(self, op: int) -> list[Any]:
        """What was sent with this opcode."""
        return [frame["d"] for frame in self.server.heard if frame["op"] == op]


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    """Two channels, in one of which something was said."""
    server = DiscordServer()
    server.channel(CHAT)
    server.channel(OTHER)
    server.say(CHAT, "old", at(-600))
    async with server.serving(), Http("test@example.org", random=Random(2), base_s=0.001, timeout_s=5.0) as http:
        yield Desk(server, http)


def at(seconds: float) -> float:
    """So long after noon."""
    return NOON.timestamp() + seconds


def told(posts: list[Post]) -> list[tuple[str, str]]:
    """What was done, and the words."""
    return [(post.op, post.text) for post in posts]


# -- options and refusals --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", [{"guilds": ["fans"]}, {"channels": ["#chat"]}, {"base_url": "x"}, {"first": "1y"}])
def test_options_out_of_reason_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        DiscordOptions.model_validate(wrong)


def test_ids_may_be_written_without_quotes() -> None:
    assert DiscordOptions.model_validate({"guilds": [123456789012345678]}).guilds == ("123456789012345678",)


@pytest.mark.parametrize(
    ("options", "key"), [({"token": None}, "token"), ({"guilds": []}, "guilds"), ({"guilds": ["7"]}, "guilds")]
)
async def test_what_is_missing_is_named(desk: Desk, options: dict[str, Any], key: str) -> None:
    with pytest.raises(Misconfigured, match=rf"^sources\.discord\.{key}: "):
        await desk.caught_up(**options)


async def test_a_token_that_is_not_accepted_is_named_but_not_shown(desk: Desk) -> None:
    with pytest.raises(Misconfigured, match=r"sources\.discord\.token: Discord does not accept it") as refused:
        await desk.caught_up(token="geheim-7")
    assert "geheim" not in str(refused.value)


async def test_without_the_intent_it_says_where_to_switch_it_on(desk: Desk) -> None:
    desk.server.flags = 0
    with pytest.raises(Misconfigured, match="Message Content Intent"):
        await desk.caught_up()
    assert not desk.ops(2), "an identify would count"


@pytest.mark.parametrize(
    ("code", "words"), [(4014, "Message Content Intent"), (4004, "not accept"), (4011, "sharding")]
)
async def test_close_codes_that_are_for_ever(desk: Desk, code: int, words: str) -> None:
    desk.server.refuse.append(code)
    with pytest.raises(Misconfigured, match=words):
        await desk.caught_up()


async def test_the_days_sessions_are_not_used_up(desk: Desk) -> None:
    desk.server.remaining = 20
    with pytest.raises(HttpError, match="used up") as spent:
        await desk.caught_up()
    assert spent.value.after == 3_600
    assert not desk.ops(2)


async def test_who_asks_says_so(desk: Desk) -> None:
    await desk.caught_up()
    agents = [agent for agent in desk.server.agents if agent.startswith("DiscordBot (")]
    assert agents
    assert all("tertulia/" in agent and "test@example.org" in agent for agent in agents)
    (login,) = desk.ops(2)
    assert login["intents"] == 1 | 1 << 9 | 1 << 15


# -- live ------------------------------------------------------------------------------------------------------------


async def test_events_are_told_as_they_come(desk: Desk) -> None:
    said = []

    async def steps() -> None:
        said.append(desk.server.say(CHAT, "hello", at(-5)))
        said.append(desk.server.say(CHAT, "helo", at(-4)))
        desk.server.edit(said[1], content="hello again")
        desk.server.delete(said[0])
        desk.server.say(CHAT, "ours", at(-3), user(OWN, bot=True))
        desk.server.say(CHAT, "end", at(-2))

    posts = await desk.read(lambda: told(desk.posts)[-1:] == [("create", "end")], steps)
    assert told(posts) == [
        ("create", "old"),
        ("create", "hello"),
        ("create", "helo"),
        ("update", "hello again"),
        ("delete", ""),
        ("create", "end"),
    ]
    assert posts[-1].url == f"https://discord.com/channels/{GUILD}/{CHAT}/{posts[-1].id.rpartition('/')[2]}"
    assert posts[-1].venue == "Ñandú fans #place-10"


async def test_a_bulk_deletion_and_that_of_a_channel(desk: Desk) -> None:
    first, second = (desk.server.say(OTHER, word, at(-60)) for word in ("one", "two"))
    desk.server.say(OTHER, "three", at(-50))

    async def steps() -> None:
        desk.server.delete(first, second)
        desk.server.event("CHANNEL_DELETE", {**desk.server.channels.pop(OTHER)})

    posts = await desk.read(lambda: [post.op for post in desk.posts].count("delete") == 3, steps)
    gone = {post.id for post in posts if post.op == "delete"}
    assert gone == {post.id for post in posts if post.op == "create" and f":{OTHER}/" in post.id}


async def test_a_preview_is_no_edit_and_an_old_edit_is_one(desk: Desk) -> None:
    ancient = desk.server.say(CHAT, "ancient", at(-40 * 86_400))

    async def steps() -> None:
        desk.server.event("MESSAGE_UPDATE", {**ancient, "embeds": [{"type": "link", "url": "https://example.org"}]})
        desk.server.edit(ancient, content="ancient, edited")
        desk.server.say(CHAT, "end", at(-2))

    posts = await desk.read(lambda: told(desk.posts)[-1:] == [("create", "end")], steps)
    assert told(posts) == [("create", "old"), ("update", "ancient, edited"), ("create", "end")]


async def test_an_update_of_parts_is_completed(desk: Desk) -> None:
    record = desk.server.say(CHAT, "whole", at(-60))

    async def steps() -> None:
        record.update(content="new whole", edited_timestamp="2026-11-23T11:59:30+00:00")
        desk.server.event("MESSAGE_UPDATE", {"id": record["id"], "channel_id": CHAT, "content": "new whole"})
        desk.server.say(CHAT, "end", at(-2))

    posts = await desk.read(lambda: told(desk.posts)[-1:] == [("create", "end")], steps)
    assert ("update", "new whole") in told(posts)


async def test_new_threads_and_threads_that_wake_up_are_followed(desk: Desk) -> None:
    desk.server.thread("70", CHAT, archived=at(-30 * 86_400))

    async def steps() -> None:
        desk.server.event("THREAD_CREATE", {**desk.server.thread("71", OTHER), "newly_created": True})
        desk.server.say("71", "in a new thread", at(-4))
        desk.server.say("70", "in an old one", at(-3))
        desk.server.event("THREAD_CREATE", desk.server.thread("72", CHAT, kind=12))
        desk.server.say("72", "in private", at(-2))
        desk.server.say(CHAT, "end", at(-1))

    posts = await desk.read(lambda: told(desk.posts)[-1:] == [("create", "end")], steps)
    assert [(post.text, post.thread) for post in posts[1:]] == [
        ("in a new thread", f"discord:{OTHER}/71"),
        ("in an old one", f"discord:{CHAT}/70"),
        ("end", posts[-1].id),
    ]


async def test_only_the_named_channels_are_read(desk: Desk) -> None:
    desk.server.say(OTHER, "elsewhere", at(-60))
    desk.server.thread("70", CHAT)
    desk.server.say("70", "in its thread", at(-30))

    async def steps() -> None:
        desk.server.say(OTHER, "elsewhere, live", at(-5))
        desk.server.say(CHAT, "end", at(-1))

    posts = await desk.read(lambda: told(desk.posts)[-1:] == [("create", "end")], steps, channels=[CHAT])
    assert {post.text for post in posts} == {"old", "in its thread", "end"}


async def test_what_cannot_be_read_becomes_a_dead_letter_and_the_rest_is_told(desk: Desk) -> None:
    async def steps() -> None:
        desk.server.event("MESSAGE_CREATE", {"id": 5, "channel_id": [], "content": None})
        desk.server.event("MESSAGE_CREATE", {"id": "6", "channel_id": CHAT, "content": "no author"})
        desk.server.event("CHANNEL_UPDATE", [])
        desk.server.say(CHAT, "end", at(-1))

    await desk.read(lambda: told(desk.posts)[-1:] == [("create", "end")], steps)
    assert len([bad for batch in desk.batches for bad in batch.bad]) == 3


# -- sessions --------------------------------------------------------------------------------------------------------


async def test_a_restart_resumes_and_misses_nothing(desk: Desk) -> None:
    await desk.caught_up()
    assert 1000 not in desk.server.closed
    assert 1001 not in desk.server.closed
    record = desk.server.say(CHAT, "meanwhile", at(-5))
    desk.server.edit(record, content="meanwhile, edited")
    gone = desk.server.say(CHAT, "taken back", at(-4))
    desk.server.delete(gone)
    asked = len(desk.server.asked)
    posts = await desk.read(lambda: [post.op for post in desk.posts][-1:] == ["delete"])
    assert told(posts) == [
        ("create", "meanwhile"),
        ("update", "meanwhile, edited"),
        ("create", "taken back"),
        ("delete", ""),
    ]
    (resumed,) = desk.ops(6)
    assert resumed["session_id"] == "session-1"
    assert resumed["seq"] == 1
    assert not any("/messages" in path for path in desk.server.asked[asked:]), "events brought it all"


@pytest.mark.parametrize("how", ["op 7", "op 9 true", "code 4000", "code 1006", "code 4009", "op 9 false"])
async def test_a_lost_connection_is_taken_up_at_once(desk: Desk, how: str) -> None:
    async def steps() -> None:
        kind, number, *rest = how.split()
        if kind == "op":
            desk.server.order(int(number), data=rest == ["true"])
        elif number == "1006":
            for socket in list(desk.server._sockets):
                assert socket._req is not None
                assert socket._req.transport is not None
                socket._req.transport.abort()
        else:
            await desk.server.drop(int(number))
        desk.server.say(CHAT, "end", at(-1))

    posts = await desk.read(lambda: told(desk.posts)[-1:] == [("create", "end")], steps)
    assert told(posts) == [("create", "old"), ("create", "end")]
    new_session = how in ("code 4009", "op 9 false")
    assert (len(desk.ops(6)), len(desk.ops(2))) == ((0, 2) if new_session else (1, 1))


async def test_a_session_that_discord_has_forgotten_is_begun_anew(desk: Desk) -> None:
    record = desk.server.say(CHAT, "lately", at(-300))
    await desk.caught_up()
    desk.server.lose_sessions()
    del desk.server.messages[CHAT][int(record["id"])]
    desk.server.say(CHAT, "end", at(-40))
    posts = await desk.read(lambda: told(desk.posts)[-1:] == [("delete", "")])
    assert told(posts) == [("create", "end"), ("delete", "")]
    assert (len(desk.ops(6)), len(desk.ops(2))) == (1, 2)


async def test_after_a_lost_session_all_that_is_remembered_is_looked_at_at_once(desk: Desk) -> None:
    """Older than `overlap` too, which would wait for an hour or a day else; and once only."""
    records = [desk.server.say(CHAT, f"said {index}", at(-5 * 3_600 + index)) for index in range(3)]
    await desk.caught_up()
    desk.server.lose_sessions()
    del desk.server.messages[CHAT][int(records[1]["id"])]
    records[2]["content"] = "changed"
    posts = await desk.read(lambda: {post.op for post in desk.posts[-2:]} == {"delete", "update"})
    assert sorted(told(posts)) == [("delete", ""), ("update", "changed")]
    asked = len(desk.server.asked)
    assert not await desk.read(lambda: len(desk.batches) % 8 == 0)
    assert not [path for path in desk.server.asked[asked:] if "messages" in path]


async def test_heartbeats_are_sent_and_answered_ones_keep_the_connection(desk: Desk) -> None:
    desk.server.interval_ms = 20.0
    await desk.read(lambda: len(desk.ops(1)) >= 3)
    assert desk.ops(1)[-1] >= 1, "the number of the last event"
    assert len(desk.ops(2)) == 1


async def test_a_connection_without_answers_is_given_up_and_resumed(desk: Desk) -> None:
    desk.server.interval_ms, desk.server.answers = 20.0, False
    await desk.read(lambda: bool(desk.ops(6)))
    assert 4000 in desk.server.closed


async def test_a_heartbeat_that_is_asked_for_is_sent_at_once(desk: Desk) -> None:
    async def steps() -> None:
        desk.server.order(1)

    await desk.read(lambda: bool(desk.ops(1)), steps)


async def test_a_gateway_that_keeps_closing_is_a_retry_in_the_end(desk: Desk) -> None:
    desk.server.refuse = deque([4000] * 20)
    with pytest.raises(Retry):
        await desk.caught_up()


# -- limits and second looks -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("everywhere", [True, False])
async def test_a_rate_limit_is_waited_for_while_live_messages_are_told(desk: Desk, everywhere: bool) -> None:
    body = {"message": "You are being rate limited.", "retry_after": 0.3, "global": everywhere}
    desk.server.limits[f"channels/{CHAT}/messages"] = deque([body])
    loop = asyncio.get_running_loop()
    begun = loop.time()
    said = False

    def done() -> bool:
        nonlocal said
        if not said and any(path.startswith(f"channels/{CHAT}/messages") for path in desk.server.asked):
            said = True
            desk.server.say(OTHER, "live", at(-1))
        return {post.text for post in desk.posts} >= {"live", "old"}

    posts = await desk.read(done)
    assert [post.text for post in posts] == ["live", "old"]
    assert loop.time() - begun >= 0.3


async def test_a_closed_channel_is_left_out_and_the_others_are_read(desk: Desk) -> None:
    desk.server.say(OTHER, "hidden", at(-60))
    desk.server.forbidden.add(OTHER)
    assert told(await desk.caught_up()) == [("create", "old")]


async def test_when_no_channel_can_be_read_it_says_so(desk: Desk) -> None:
    desk.server.forbidden |= {CHAT, OTHER}
    with pytest.raises(Misconfigured, match=r"sources\.discord\.channels"):
        await desk.read(lambda: False)


async def test_what_was_deleted_or_edited_while_away_is_found_by_a_second_look(desk: Desk) -> None:
    records = [desk.server.say(CHAT, f"said {index}", at(-900 + index)) for index in range(150)]
    await desk.caught_up()
    del desk.server.messages[CHAT][int(records[3]["id"])]
    records[140]["content"] = "changed"
    desk.now += timedelta(minutes=59)
    assert not await desk.read(lambda: len(desk.batches) % 8 == 0)
    desk.now += timedelta(minutes=2)
    posts = await desk.read(lambda: {post.op for post in desk.posts[-2:]} == {"delete", "update"})
    assert {(post.op, post.id) for post in posts} == {
        ("delete", f"discord:{CHAT}/{records[3]['id']}"),
        ("update", f"discord:{CHAT}/{records[140]['id']}"),
    }


async def test_a_thread_that_was_deleted_while_away_takes_its_messages_along(desk: Desk) -> None:
    desk.server.thread("70", CHAT)
    desk.server.say("70", "one", at(-60))
    desk.server.say("70", "two", at(-50))
    await desk.caught_up()
    del desk.server.channels["70"]
    desk.now += timedelta(hours=2)
    posts = await desk.read(lambda: [post.op for post in desk.posts].count("delete") == 2)
    assert {post.op for post in posts} == {"delete"}


async def test_the_resume_point_is_small(desk: Desk) -> None:
    import json

    for index in range(3):
        desk.server.thread(str(70 + index), CHAT)
        desk.server.say(str(70 + index), "x", at(-60))
    await desk.caught_up()
    assert set(desk.cursor["rooms"]) == {CHAT, OTHER}
    assert all(not room["tasks"] for room in desk.cursor["rooms"].values())
    assert len(json.dumps(desk.cursor)) < 2_000
