"""Telegram: options, when an update is confirmed, absences, chosen chats."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import timedelta
from random import Random
from typing import Any, cast

import pytest
from pydantic import ValidationError

from bots.http import Http
from bots.sources.base import Misconfigured, Tools
from bots.sources.telegram_options import TelegramOptions
from tests.bots.sources.telegram_desk import NOON, Desk, bare, ids, written
from tests.contract.source_server import SourceServer, serving
from tests.contract.worlds.telegram import CHANNEL, GROUP, SUPER, TOKEN, QuickTelegram, TelegramWorld


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    """The client."""
    async with Http("test@example.org", random=Random(2), base_s=0.0001, timeout_s=2.0, attempts=2) as http:
        yield http


@pytest.fixture
async def server(world: TelegramWorld) -> AsyncIterator[SourceServer]:
    """The Bot API."""
    async with serving(world.serve) as server:
        world.url = server.url
        yield server


@pytest.fixture
def world() -> TelegramWorld:
    """With an empty queue."""
    return bare()


@pytest.fixture
def desk(http: Http, world: TelegramWorld, server: SourceServer) -> Desk:
    """It."""
    return Desk(http, world)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"token": "AAFD39kk"}, "no token of a bot"),
        ({"token": f"{TOKEN}/x"}, "no token of a bot"),
        ({"chats": ["https://t.me/acme"]}, "write @name"),
        ({"chats": ["12345"]}, "begins with -"),
        ({"wait": "2m"}, "between 1s and 25s"),
        ({"base_url": "api.telegram.org"}, "not a web address"),
    ],
)
def test_mistakes_in_the_options_are_told_in_plain_words(options: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        TelegramOptions.model_validate(options)


async def test_without_a_token_it_says_which_key(http: Http) -> None:
    tools = Tools(http=http, now=lambda: NOON, random=Random(1), brands=())
    with pytest.raises(Misconfigured, match=r"sources\.telegram\.token"):
        await anext(QuickTelegram(TelegramOptions(), tools).collect(None))


async def test_it_asks_for_the_four_kinds_and_waits_at_telegram(desk: Desk, server: SourceServer) -> None:
    await desk.read(1)
    asked = dict(server.requests[0].query)
    kinds = json.loads(asked.pop("allowed_updates"))
    assert kinds == ["message", "edited_message", "channel_post", "edited_channel_post"]
    assert asked == {"limit": "100", "timeout": "20"}


# -- confirming ------------------------------------------------------------------------------------------------------


async def test_nothing_is_confirmed_before_kafka_has_it(desk: Desk, world: TelegramWorld) -> None:
    for number in range(1, 4):
        world.add("message", written(number))
    told = await desk.read(3, save=False)
    assert ids(told) == ["-4001/1", "-4001/2", "-4001/3"]  # once, though Telegram gave them three times
    assert world.confirmed == 0 and len(world.queue) == 3
    desk.start()  # killed: Kafka may have nothing of it
    assert ids(await desk.read(2)) == ["-4001/1", "-4001/2", "-4001/3"]
    assert not world.queue


async def test_what_was_saved_is_confirmed_and_what_came_since_is_not(desk: Desk, world: TelegramWorld) -> None:
    world.add("message", written(1))
    await desk.read(1)
    world.add("message", written(2))
    assert ids(await desk.read(2, save=False)) == ["-4001/2"]
    assert [update["message"]["message_id"] for update in world.queue.values()] == [2]


async def test_with_kafka_away_news_behind_what_is_unconfirmed_is_still_told(desk: Desk, world: TelegramWorld) -> None:
    async with aclosing(cast(Any, desk.source.collect(None))) as stream:
        for number in range(1, 6):
            world.add("message", written(number))
            assert ids([await anext(stream)]) == [f"-4001/{number}"]
    assert world.confirmed == 0


async def test_a_full_answer_is_only_followed_once_it_is_saved(desk: Desk, world: TelegramWorld) -> None:
    for number in range(1, 131):
        world.add("message", written(number))
    async with aclosing(cast(Any, desk.source.collect(None))) as stream:
        first = await anext(stream)
        assert len(first.posts) == 100 and not (await anext(stream)).posts
        desk.source.saved(first.cursor)
        rest = [await anext(stream), await anext(stream)]
    assert len(ids(rest)) == 30


async def test_saving_wakes_it_at_once(desk: Desk, world: TelegramWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QuickTelegram, "settle_s", 60.0)
    world.add("message", written(1))
    async with aclosing(cast(Any, desk.source.collect(None))) as stream:
        first = await anext(stream)
        second = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0.02)
        assert not second.done()
        desk.source.saved(first.cursor)
        await asyncio.wait_for(second, 5)
    assert world.confirmed == first.cursor["next"]


# -- absences --------------------------------------------------------------------------------------------------------


async def test_an_absence_of_more_than_a_day_is_a_gap(desk: Desk, world: TelegramWorld) -> None:
    world.add("message", written(1))
    await desk.read(2)
    desk.now += timedelta(hours=30)
    world._update += 5  # what Telegram dropped
    world.add("message", written(7))
    desk.start()
    gaps = [batch.gap for batch in await desk.read(2) if batch.gap is not None]
    assert [(gap.start, gap.end) for gap in gaps] == [(NOON, NOON + timedelta(hours=6))]


async def test_if_the_update_that_was_due_is_there_nothing_was_dropped(desk: Desk, world: TelegramWorld) -> None:
    world.add("message", written(1))
    await desk.read(2)
    desk.now += timedelta(hours=30)
    world.add("message", written(2))
    desk.start()
    batches = await desk.read(2)
    assert ids(batches) == ["-4001/2"] and not any(batch.gap for batch in batches)


async def test_a_quiet_day_without_an_absence_is_no_gap(desk: Desk) -> None:
    for _ in range(40):
        desk.now += timedelta(hours=1)
        batches = await desk.read(1)
        assert batches[0].gap is None and batches[0].cursor is not None


async def test_a_quiet_minute_is_not_worth_a_resume_point(desk: Desk) -> None:
    batches = await desk.read(5)
    assert [batch.cursor is not None for batch in batches] == [True, False, False, False, False]


@pytest.mark.parametrize("number", [5, 2_000_000])
async def test_after_a_quiet_week_numbers_start_anew_anywhere(desk: Desk, world: TelegramWorld, number: int) -> None:
    world.add("message", written(1))
    await desk.read(2)
    desk.now += timedelta(days=8)
    await desk.read(1)
    world._update = number
    for message in (2, 3):
        world.add("message", written(message))
    assert ids(await desk.read(3)) == ["-4001/2", "-4001/3"]
    assert not world.queue  # and they are confirmed by their own numbers


# -- chats -----------------------------------------------------------------------------------------------------------


async def test_only_the_chosen_chats_are_told(desk: Desk, world: TelegramWorld) -> None:
    world.add("message", written(1))
    world.add("message", written(2, chat=SUPER))
    world.add("channel_post", written(3, chat=CHANNEL))
    world.add("message", written(4, chat={"id": 5, "type": "private", "first_name": "Ann"}))
    world.add("message", written(5, chat=SUPER | {"id": -100777, "username": "other", "is_direct_messages": True}))
    desk.start(chats=["@acmetalk", str(CHANNEL["id"])])
    assert ids(await desk.read(1, save=False)) == [f"{SUPER['id']}/2", f"{CHANNEL['id']}/3"]
    desk.start()
    assert ids(await desk.read(1)) == ["-4001/1", f"{SUPER['id']}/2", f"{CHANNEL['id']}/3"]


async def test_a_group_that_becomes_a_supergroup_stays_chosen(desk: Desk, world: TelegramWorld) -> None:
    desk.start(chats=[str(GROUP["id"])])
    later = {"id": -1009999999999, "type": "supergroup", "title": "Friends & co"}
    world.add("message", written(1))
    world.add("message", written(2, text="", migrate_to_chat_id=later["id"]))
    world.add("message", written(1, chat=later, text="", migrate_from_chat_id=GROUP["id"]))
    await desk.read(2)
    desk.start(chats=[str(GROUP["id"])])
    world.add("message", written(2, chat=later, reply_to_message=written(1)))
    told = [post for batch in await desk.read(1) for post in batch.posts]
    assert [(post.id, post.reply_to) for post in told] == [("telegram:-1009999999999/2", "telegram:-4001/1")]


async def test_what_is_written_to_the_bot_alone_is_no_dead_letter(desk: Desk, world: TelegramWorld) -> None:
    world.add("message", written(1, chat={"id": 5, "type": "private"}, text={"not": "text"}))
    world.add("message", written(2, text={"not": "text"}))
    batch = (await desk.read(1))[0]
    assert [json.loads(bad.record)["message"]["message_id"] for bad in batch.bad] == [2]
    assert batch.bad[0].offset == str(world._update)


async def test_an_update_without_a_number_is_told_once_and_stops_nothing(desk: Desk, world: TelegramWorld) -> None:
    world.queue[1_000_000] = {"message": written(9)}
    world.add("message", written(1))
    batches = await desk.read(3)
    assert ids(batches) == ["-4001/1"] and sum(len(batch.bad) for batch in batches) == 1
