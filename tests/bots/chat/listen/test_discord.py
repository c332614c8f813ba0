"""Questions in Discord over the real protocol: interactions by the Gateway, answers by REST."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from bots.chat.base import Tools
from tests.bots.chat.listen.discord_guild import ANA, BOSS, ELSEWHERE, EVE, DiscordGuild, words
from tests.bots.chat.listen.service import ALERT, Service, listening, quiet, until
from tests.bots.sources.discord_server import GUILD, TOKEN


@pytest.fixture
async def discord() -> AsyncIterator[DiscordGuild]:
    async with DiscordGuild().serving() as guild:
        assert isinstance(guild, DiscordGuild)
        yield guild


async def test_commands_are_registered_in_the_server_and_need_no_intent(
    discord: DiscordGuild, service: Service, tools: Tools
) -> None:
    async with listening(service, {"discord": discord.outlet(tools)}):
        await until(lambda: discord.sessions)
    (commands,) = discord.registered.values()
    assert list(discord.registered) == [GUILD]
    by_name = {each["name"]: each for each in commands}
    assert {"pulse", "voice", "why", "silence", "ack", "watch", "digest", "forget", "help"} <= by_name.keys()
    assert by_name["pulse"]["name_localizations"]["es-ES"] == "pulso"
    brand, window = by_name["pulse"]["options"]
    assert (brand["name"], brand["autocomplete"], window["name"], window["autocomplete"]) == (
        "brand",
        True,
        "window",
        True,
    )
    identify = next(frame for frame in discord.heard if frame["op"] == 2)
    assert identify["d"]["intents"] == 0


async def test_a_command_thinks_at_once_and_then_answers(discord: DiscordGuild, service: Service, tools: Tools) -> None:
    async with listening(service, {"discord": discord.outlet(tools)}):
        await until(lambda: discord.sessions)
        number = discord.give("pulse", brand="fairphone", window="12h")
        await until(lambda: discord.told)
        spanish = discord.give("help", locale="es-ES")
        await until(lambda: len(discord.told) == 2)
    (first, body), (second, help_body) = discord.told
    assert (first, second) == (number, spanish)
    assert "Fairphone, 12h: 60 posts by 7 authors" in words(body)
    assert body["allowed_mentions"] == {"parse": []}
    assert "Qué se puede preguntar" in words(help_body)


async def test_brands_alerts_and_windows_are_completed(discord: DiscordGuild, service: Service, tools: Tools) -> None:
    async with listening(service, {"discord": discord.outlet(tools)}):
        await until(lambda: discord.sessions)
        asked = [
            discord.give("pulse", brand="PHONE", focused="brand"),
            discord.give("pulse", brand="shift", window="7", focused="window"),
            discord.give("health", window="45m", focused="window"),
            discord.give("why", alert="fair", focused="alert"),
            discord.give("help", nothing="x", focused="nothing"),
        ]
        stranger = discord.give("pulse", brand="", focused="brand", channel=ELSEWHERE)
        await until(lambda: len(discord.firsts) == 5)
        await quiet()
    offered = [discord.firsts[number] for number in asked]
    assert all(each["type"] == 8 for each in offered)
    brands, windows, typed, alerts, none = ([c["value"] for c in each["data"]["choices"]] for each in offered)
    assert brands == ["fairphone", "shiftphone"]
    assert windows == ["7d"]
    assert typed == ["45m"]
    assert alerts == [ALERT.fingerprint]
    assert none == []
    assert stranger not in discord.firsts
    assert not discord.told


async def test_only_who_may_is_answered(discord: DiscordGuild, service: Service, tools: Tools) -> None:
    async with listening(service, {"discord": discord.outlet(tools, people=[ANA], manage=[BOSS])}):
        await until(lambda: discord.sessions)
        strangers = [discord.give("help", who=EVE), discord.give("help", channel=ELSEWHERE)]
        discord.give("silence", what="fairphone", length="3h", reason="launch")
        await until(lambda: discord.told)
        discord.give("silence", who=BOSS, what="fairphone", length="3h", reason="launch")
        await until(lambda: len(discord.told) == 2)
    assert not set(strangers) & discord.firsts.keys(), "nothing thinks for strangers"
    assert "among those who may" in words(discord.told[0][1])
    (made,) = service.behind.published
    assert made.created_by == f"discord:{BOSS} (user_{BOSS})"
    assert made.comment == "launch"
    assert (made.ends_at or made.starts_at) - made.starts_at == timedelta(hours=3)


async def test_watching_is_kept_listed_and_ended(discord: DiscordGuild, service: Service, tools: Tools) -> None:
    async with listening(service, {"discord": discord.outlet(tools, manage=[BOSS])}):
        await until(lambda: discord.sessions)
        crisis = {"brand": "fairphone", "kind": "crisis"}
        for options in (crisis, {}, {**crisis, "off": "off"}, {}):
            before = len(discord.told)
            discord.give("watch", who=BOSS, **options)
            await until(lambda: len(discord.told) > before)  # noqa: B023 - awaited within the turn
    made, listed, ended, empty = (words(body) for _, body in discord.told)
    assert "told of crisis of fairphone" in made
    assert f"discord:{BOSS} \\(user\\_{BOSS}\\)" in listed
    assert "no longer told of crisis of fairphone" in ended
    assert "asked for nothing" in empty
    assert [order["order"] for order in service.orders()] == ["watch", "unwatch"]
    assert {order["about"] for order in service.orders()} == {'brand="fairphone" kind="crisis"'}


async def test_a_session_is_resumed_and_events_that_come_again_are_answered_once(
    discord: DiscordGuild, service: Service, tools: Tools
) -> None:
    async with listening(service, {"discord": discord.outlet(tools)}):
        await until(lambda: discord.sessions)
        discord.give("help")
        await until(lambda: discord.told)
        await discord.drop(4_000)
        late = discord.give("status", late=True)
        again = dict(next(iter(discord.sessions.values()))[-2])
        await until(lambda: any(frame["op"] == 6 for frame in discord.heard))
        discord.event("INTERACTION_CREATE", again["d"])
        discord.give("status")
        await until(lambda: len(discord.told) == 2)
        await quiet()
    assert len(discord.told) == 2
    assert late not in discord.firsts


async def test_a_session_that_cannot_be_resumed_is_left_with_growing_pauses(
    discord: DiscordGuild, service: Service, tools: Tools, caplog: pytest.LogCaptureFixture
) -> None:
    async with listening(service, {"discord": discord.outlet(tools)}):
        await until(lambda: discord.sessions)
        discord.give("help")
        await until(lambda: discord.told)
        discord.refuse.extend([4_000] * 3)
        await discord.drop(4_000)
        await until(lambda: len(discord.sessions) == 2)
        discord.give("status")
        await until(lambda: len(discord.told) == 2)
    assert [frame["op"] for frame in discord.heard if frame["op"] in (2, 6)] == [2, 6, 6, 6, 2]
    assert caplog.text.count("listening again in") == 1


async def test_a_limit_is_waited_out(discord: DiscordGuild, service: Service, tools: Tools) -> None:
    async with listening(service, {"discord": discord.outlet(tools)}):
        await until(lambda: discord.sessions)
        discord.statuses = [429, 429]
        discord.give("help")
        await until(lambda: discord.told)
    assert len(discord.told) == 1


async def test_hostile_events_do_no_harm(
    discord: DiscordGuild, service: Service, tools: Tools, caplog: pytest.LogCaptureFixture
) -> None:
    async with listening(service, {"discord": discord.outlet(tools)}):
        await until(lambda: discord.sessions)
        hostile: list[Any] = [
            {},
            [],
            {"id": 5},
            {"id": "1", "application_id": "1", "token": "t", "type": 2, "data": None},
        ]
        for event in hostile:
            discord.event("INTERACTION_CREATE", event)
        discord.give("unheard-of", brand="x")
        discord.give("pulse", brand="@everyone <@101> ](https://evil.example) \u202e" + "x" * 150, window="9" * 30)
        discord.give("why", alert="fairphone")
        await until(lambda: len(discord.told) == 3)
    assert "another form" in caplog.text
    told = "\n".join(words(body) for _, body in discord.told)
    assert "@everyone" not in told
    assert "\u202e" not in told


@pytest.mark.parametrize("wrong", ["token", "room"])
async def test_what_only_a_person_can_mend_is_told(
    discord: DiscordGuild, service: Service, tools: Tools, caplog: pytest.LogCaptureFixture, wrong: str
) -> None:
    if wrong == "token":
        discord.token = "another"
    else:
        del discord.channels["700"]
    async with listening(service, {"discord": discord.outlet(tools)}):
        await until(lambda: "no questions are answered in discord" in caplog.text)
    key = "outlets.discord.token" if wrong == "token" else "outlets.discord.questions.rooms"
    assert key in caplog.text
    assert TOKEN not in caplog.text
