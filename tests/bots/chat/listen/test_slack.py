"""Questions in Slack over the real protocol: envelopes by websocket, answers by HTTP."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator

import pytest

from bots.chat.base import Outlet, Tools
from tests.bots.chat.listen.service import Service, listening, quiet, until
from tests.bots.chat.listen.slack_room import ANA, AT, BOSS, EVE, ROOM, SlackRoom, words


@pytest.fixture
async def slack() -> AsyncIterator[SlackRoom]:
    async with SlackRoom().serving() as room:
        assert isinstance(room, SlackRoom)
        yield room


async def test_a_slash_command_is_acknowledged_and_answered_for_all(
    slack: SlackRoom, service: Service, tools: Tools
) -> None:
    async with listening(service, {"slack": slack.outlet(tools)}):
        await until(lambda: slack.connections)
        slack.slash("/tertulia", "pulse fairphone 12h")
        await until(lambda: slack.responded)
        slack.slash("/pulso", "fairphone 12h")
        await until(lambda: len(slack.responded) == 2)
    assert slack.acked == ["slash-1", "slash-2"]
    first, second = slack.responded
    assert first["response_type"] == "in_channel"
    assert "Fairphone, 12h: 60 posts by 7 authors" in words(first)
    assert "60" in words(second)
    assert not slack.posted


async def test_a_mention_is_answered_in_its_thread_and_a_word_is_forgiven(
    slack: SlackRoom, service: Service, tools: Tools
) -> None:
    async with listening(service, {"slack": slack.outlet(tools)}):
        await until(lambda: slack.connections)
        asked = slack.mention("pluse fairphone 12h")
        await until(lambda: slack.posted)
        inside = slack.mention("help", thread_ts="1795435200.000009")
        await until(lambda: len(slack.posted) == 2)
    first, second = slack.posted
    assert (first["channel"], first["thread_ts"]) == (ROOM, asked["ts"])
    assert "60 posts by 7 authors" in words(first)
    assert "pluse -> pulse" in words(first)
    assert second["thread_ts"] == inside["thread_ts"]
    assert "watch [BRAND [KIND]] [off]" in words(second)


async def test_what_is_delivered_twice_is_answered_once_even_after_a_restart(
    slack: SlackRoom, service: Service, tools: Tools
) -> None:
    async with listening(service, {"slack": slack.outlet(tools)}):
        await until(lambda: slack.connections)
        command, mention = slack.slash("/tertulia", "status"), slack.mention("status")
        await until(lambda: slack.responded and slack.posted)
        slack.send(command)
        slack.event({**mention, "type": "app_mention"})
        await until(lambda: len(slack.acked) == 4)
    async with listening(service, {"slack": slack.outlet(tools)}):
        await until(lambda: slack.connections)
        slack.send(command)
        slack.event(mention)
        await until(lambda: len(slack.acked) == 6)
        await quiet()
    assert len(slack.responded) == 1
    assert len(slack.posted) == 1


async def test_strangers_hear_nothing_and_are_logged_once(
    slack: SlackRoom, service: Service, tools: Tools, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    async with listening(service, {"slack": slack.outlet(tools, people=[ANA])}):
        await until(lambda: slack.connections)
        slack.mention("status", user=EVE)
        slack.slash("/tertulia", "help", user=EVE)
        slack.slash("/tertulia", "help", channel="C999")
        slack.direct("status", user=EVE)
        slack.direct("status", user=ANA)
        await until(lambda: slack.posted)
        await quiet()
    assert not slack.responded
    (said,) = slack.posted
    assert said["channel"] == "D77"
    assert "thread_ts" not in said
    refused = [record.message for record in caplog.records if "is not answered" in record.message]
    assert len(refused) == 3, "Eve in the room and alone, Ana in another room"
    assert EVE in refused[0]


async def test_changes_need_leave_and_are_written_down_with_the_name(
    slack: SlackRoom, service: Service, tools: Tools
) -> None:
    async with listening(service, {"slack": slack.outlet(tools, manage=[BOSS])}):
        await until(lambda: slack.connections)
        slack.slash("/tertulia", "silence fairphone 1h")
        await until(lambda: slack.responded)
        assert "among those who may" in words(slack.responded[0])
        assert not service.behind.published
        slack.mention("silence brand=“fairphone” for 1h because launch", user=BOSS)
        await until(lambda: slack.posted)
        slack.slash("/tertulia", "silencios")
        await until(lambda: len(slack.responded) == 2)
    (made,) = service.behind.published
    assert made.matchers == ('brand="fairphone"',)
    (order,) = service.orders()
    assert order["by"] == made.created_by == f"slack:{BOSS} (name.{BOSS.lower()})"
    assert order["order"] == "silence"
    assert "launch" in words(slack.responded[1]), "to list them needs no leave"


async def test_old_questions_and_the_talk_of_bots_are_left_alone(
    slack: SlackRoom, service: Service, tools: Tools
) -> None:
    async with listening(service, {"slack": slack.outlet(tools)}):
        await until(lambda: slack.connections)
        slack.mention("status", ts=f"{AT - 3_700:.0f}.000001")
        slack.mention("status", bot_id="B1")
        slack.mention("status", subtype="message_changed")
        slack.mention("status", user="U900")
        slack.event({"type": "message", "channel_type": "channel", "user": ANA, "text": "status", "channel": ROOM})
        slack.mention("help", ts=f"{AT - 3_500:.0f}.000002")
        await until(lambda: slack.posted)
        await quiet()
    assert len(slack.posted) == 1


async def test_it_goes_on_over_a_new_connection_and_through_a_limit(
    slack: SlackRoom, service: Service, tools: Tools, caplog: pytest.LogCaptureFixture
) -> None:
    async with listening(service, {"slack": slack.outlet(tools)}):
        await until(lambda: slack.connections)
        slack.send({"type": "disconnect", "reason": "refresh_requested"})
        await until(lambda: slack.connections == 2)
        await slack.drop(0)
        await until(lambda: slack.connections == 1)
        slack.statuses = [429, 500]
        slack.slash("/tertulia", "status")
        await until(lambda: slack.responded)
        await slack.drop()
        await until(lambda: slack.opened == 3)
        slack.mention("status")
        await until(lambda: slack.posted)
    assert "listening again in" in caplog.text


async def test_hostile_frames_and_words_do_no_harm(
    slack: SlackRoom, service: Service, tools: Tools, caplog: pytest.LogCaptureFixture
) -> None:
    async with listening(service, {"slack": slack.outlet(tools)}):
        await until(lambda: slack.connections)
        slack.send(b"\xff{")
        slack.send({"type": "slash_commands", "envelope_id": "e1", "payload": {"command": 5}})
        slack.send({"type": "events_api", "envelope_id": "e2", "payload": []})
        slack.mention("x", ts="not a time")
        slack.mention("pulse &lt;!channel&gt; <!here> <@U1> ```" + "x" * 9_000)
        slack.mention("why <https://evil.example|fairphone>")
        slack.mention("help", ts="1e300")
        await until(lambda: len(slack.posted) == 3)
        slack.mention("why fairphone")
        await until(lambda: len(slack.posted) == 4)
    assert any("longer than 400 characters" in words(said) for said in slack.posted)
    for said in slack.posted:
        assert "<!channel>" not in said["text"]
    assert "it burns" in words(slack.posted[3])
    assert "another form" in caplog.text


async def test_a_wrong_token_is_told_and_stops_only_this_listener(
    slack: SlackRoom, service: Service, tools: Tools, caplog: pytest.LogCaptureFixture
) -> None:
    outlets: dict[str, Outlet] = {
        "slack": slack.outlet(tools, app_token="xapp-2-wrong"),
        "second": slack.outlet(tools, lang="es"),
    }
    async with listening(service, outlets):
        await until(lambda: slack.connections)
        slack.slash("/tertulia", "help")
        await until(lambda: slack.responded)
        await until(lambda: "no questions are answered in slack" in caplog.text)
    assert "outlets.slack.app_token" in caplog.text
    assert "xapp-2" not in caplog.text
    assert "Qué se puede preguntar" in words(slack.responded[0])
