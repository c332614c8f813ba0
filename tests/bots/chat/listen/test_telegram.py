"""Questions in Telegram over the real protocol: long polling with an offset."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.chat.base import Tools
from bots.chat.listen.telegram import meant_for
from tests.bots.chat.listen.service import Service, listening, quiet, until
from tests.bots.chat.listen.telegram_chat import ANA, AT, BOSS, ELSEWHERE, EVE, ROOM, TOKEN, TelegramChat
from tests.streams.api.stub import NOW


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramChat]:
    async with TelegramChat().serving() as chat:
        yield chat


async def test_commands_are_offered_in_both_languages(telegram: TelegramChat, service: Service, tools: Tools) -> None:
    async with listening(service, {"telegram": telegram.outlet(tools)}):
        await until(lambda: telegram.offsets)
    assert set(telegram.commands) == {"", "es"}
    english, spanish = telegram.commands[""], telegram.commands["es"]
    assert {"pulse", "silence", "help"} <= {each["command"] for each in english}
    assert english != spanish
    assert all(1 <= len(each["description"]) <= 256 for each in (*english, *spanish))


async def test_a_command_is_answered_as_a_reply(telegram: TelegramChat, service: Service, tools: Tools) -> None:
    async with listening(service, {"telegram": telegram.outlet(tools)}):
        telegram.say("/pulse@tertuliabot fairphone 12h")
        await until(lambda: telegram.sent)
        telegram.say("@TertuliaBot ayuda")
        await until(lambda: len(telegram.sent) == 2)
    first, second = telegram.sent
    assert first["chat_id"] == ROOM
    assert first["reply_parameters"] == {"message_id": 11, "allow_sending_without_reply": True}
    assert "Fairphone, 12h: 60 posts by 7 authors" in first["text"]
    assert "Qué se puede preguntar" in second["text"]


async def test_a_restart_answers_nothing_twice_and_nothing_old(
    telegram: TelegramChat, service: Service, tools: Tools
) -> None:
    async with listening(service, {"telegram": telegram.outlet(tools)}):
        number = telegram.say("/status")
        await until(lambda: telegram.sent)
        telegram.say("/status", message_id=11, again=number + 50)
        await until(lambda: number + 51 in telegram.offsets)
    telegram.say("/status", date=AT - 3_700, again=number + 60)
    async with listening(service, {"telegram": telegram.outlet(tools)}):
        await until(lambda: number + 61 in telegram.offsets)
        telegram.say("/help", again=number + 70)
        await until(lambda: len(telegram.sent) == 2)
        await quiet()
    assert len(telegram.sent) == 2
    assert "What you can ask" in telegram.sent[1]["text"]


async def test_what_telegram_did_not_know_was_answered_is_answered_once(
    telegram: TelegramChat, service: Service, tools: Tools
) -> None:
    async with listening(service, {"telegram": telegram.outlet(tools)}):
        telegram.say("/status")
        waiting = dict(telegram.queue)
        await until(lambda: telegram.sent)
    telegram.queue = waiting
    async with listening(service, {"telegram": telegram.outlet(tools)}):
        telegram.say("/help")
        await until(lambda: len(telegram.sent) == 2)
        await quiet()
    assert ["What you can ask" in said["text"] for said in telegram.sent] == [False, True]


async def test_updates_that_are_numbered_anew_are_confirmed(
    telegram: TelegramChat, service: Service, tools: Tools
) -> None:
    async with listening(service, {"telegram": telegram.outlet(tools)}):
        first = telegram.say("/status")
        await until(lambda: first + 1 in telegram.offsets)
        telegram.number_anew()
        low = telegram.say("/help")
        await until(lambda: low + 1 in telegram.offsets)
    assert len(telegram.offsets) < 6, "it does not ask in circles"


async def test_questions_of_an_absence_are_answered_for_an_hour(
    telegram: TelegramChat, service: Service, tools: Tools
) -> None:
    telegram.say("/help")
    telegram.say("/status")
    async with listening(service, {"telegram": telegram.outlet(tools)}, now=NOW + timedelta(minutes=59)):
        await until(lambda: len(telegram.sent) == 2)


async def test_only_who_may_is_answered(telegram: TelegramChat, service: Service, tools: Tools) -> None:
    async with listening(service, {"telegram": telegram.outlet(tools, people=[ANA], manage=[BOSS])}):
        telegram.say("/help", who=EVE)
        telegram.say("/help", chat=ELSEWHERE)
        telegram.say("/help", who=EVE, chat=EVE)
        telegram.say("/help", sender_chat={"id": ROOM, "type": "supergroup"})
        told = {"type": "user", "date": AT, "sender_user": {"id": EVE, "is_bot": False, "first_name": "Eve"}}
        telegram.say("/silence fairphone", who=BOSS, forward_origin=told)
        telegram.say("/silence fairphone", who=BOSS, chat=BOSS, forward_origin={**told, "type": "hidden_user"})
        telegram.say("/silence fairphone", who=BOSS, via_bot={"id": 9, "is_bot": True, "first_name": "Eve's"})
        telegram.say("help, somebody!")
        telegram.say("/help@OtherBot")
        telegram.say("status", chat=ANA)
        await until(lambda: telegram.sent)
        telegram.say("/ack fairphone because I am on it", who=BOSS)
        await until(lambda: len(telegram.sent) == 2)
        await quiet()
    assert [said["chat_id"] for said in telegram.sent] == [ANA, ROOM]
    (order,) = service.orders()
    assert (order["order"], order["by"]) == ("ack", f"telegram:{BOSS} (user_{BOSS})")


async def test_limits_and_troubles_are_waited_out(
    telegram: TelegramChat, service: Service, tools: Tools, caplog: pytest.LogCaptureFixture
) -> None:
    telegram.refuse = [(429, {"description": "Too Many Requests", "parameters": {"retry_after": 0}})]
    async with listening(service, {"telegram": telegram.outlet(tools)}):
        telegram.say("/help")
        await until(lambda: telegram.sent)
    assert "Telegram wants slower requests" in caplog.text
    assert TOKEN not in caplog.text


async def test_hostile_updates_do_no_harm(
    telegram: TelegramChat, service: Service, tools: Tools, caplog: pytest.LogCaptureFixture
) -> None:
    async with listening(service, {"telegram": telegram.outlet(tools)}):
        telegram.add([])
        telegram.add({"update_id": 700_001, "message": {"chat": 5}})
        telegram._update += 1
        telegram.say("/pulse", date=10**15)
        telegram.say("/pulse <b>x</b> &amp; \u202e" + "é" * 200)
        telegram.say("/" + "x" * 4_000)
        telegram.say("/start")
        await until(lambda: len(telegram.sent) == 4)
    assert "another form" in caplog.text
    told = [said["text"] for said in telegram.sent]
    assert not any("<b>x" in text or "\u202e" in text for text in told)
    assert any("What you can ask" in text for text in told)


async def test_one_bot_for_two_listeners_is_refused(
    telegram: TelegramChat, service: Service, tools: Tools, caplog: pytest.LogCaptureFixture
) -> None:
    outlets = {"telegram": telegram.outlet(tools), "second": telegram.outlet(tools)}
    async with listening(service, dict(outlets)):
        await until(lambda: "outlets.second.token: outlets.telegram listens with it as well" in caplog.text)
    assert TOKEN not in caplog.text


@pytest.mark.parametrize(
    ("text", "private", "expected"),
    [
        ("/pulse x 7d", False, "pulse x 7d"),
        ("/pulse@Bot x", False, "pulse x"),
        ("/pulse@bot x", False, "pulse x"),
        ("/pulse@other x", True, None),
        ("/tertulia pulse x", False, "pulse x"),
        ("/start now", True, "help"),
        ("pulse x", False, None),
        ("pulse x", True, "pulse x"),
        ("@Bot: pulse x", False, "pulse x"),
        ("pulse x, @bot", False, "pulse x,"),
        ("@Bottom pulse x", False, None),
        ("", True, None),
        ("/", False, ""),
    ],
)
def test_what_is_meant_for_the_bot(text: str, private: bool, expected: str | None) -> None:
    assert meant_for("Bot", text, private=private) == expected


@given(st.text(max_size=300), st.booleans())
def test_any_text_is_for_it_or_not(text: str, private: bool) -> None:
    found = meant_for("Bot", text, private=private)
    assert found is None or "\n" not in found
