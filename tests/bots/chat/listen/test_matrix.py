"""Questions in Matrix over the real protocol: /sync with a token that is kept."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.chat.base import Tools
from bots.chat.listen.matrix_text import meant_for
from tests.bots.chat.listen.matrix_home import ANA, AT_MS, BOSS, DIRECT, EVE, ME, ROOM, TOKEN, MatrixHome
from tests.bots.chat.listen.service import Service, listening, quiet, until


@pytest.fixture
async def matrix() -> AsyncIterator[MatrixHome]:
    async with MatrixHome().serving() as home:
        yield home


async def test_mentions_and_the_call_are_answered_as_replies(
    matrix: MatrixHome, service: Service, tools: Tools
) -> None:
    matrix.say("!tertulia help")
    async with listening(service, {"matrix": matrix.outlet(tools)}):
        await until(lambda: "1" in matrix.since)
        asked = matrix.say("!tertulia pulso fairphone 12h")
        matrix.say("pulse fairphone")
        await until(lambda: matrix.sent)
        matrix.say("Tertulia Bot: help", mention=True)
        await until(lambda: len(matrix.sent) == 2)
        await quiet()
    assert len(matrix.sent) == 2, "what was said before the first start is not answered"
    (room, first), (_, second) = matrix.sent
    assert room == ROOM
    assert first["m.relates_to"] == {"m.in_reply_to": {"event_id": asked}}
    assert "Fairphone, 12h: 60 publicaciones" in first["body"]
    assert "What you can ask" in second["body"]


async def test_a_restart_goes_on_where_it_stood(matrix: MatrixHome, service: Service, tools: Tools) -> None:
    async with listening(service, {"matrix": matrix.outlet(tools)}):
        await until(lambda: "0" in matrix.since)
        matrix.say("!tertulia status")
        await until(lambda: matrix.sent)
    matrix.say("!tertulia help")
    matrix.say("!tertulia status", room=ROOM)
    matrix.log[-1][1]["origin_server_ts"] = AT_MS - 3_700_000
    async with listening(service, {"matrix": matrix.outlet(tools)}):
        await until(lambda: len(matrix.sent) == 2)
        await quiet()
    assert matrix.since.count("") == 1
    assert len(matrix.sent) == 2, "the old one is left alone"
    assert "What you can ask" in matrix.sent[1][1]["body"]


async def test_only_who_may_is_answered_and_may_invite(
    matrix: MatrixHome, service: Service, tools: Tools, caplog: pytest.LogCaptureFixture
) -> None:
    matrix.invite("!evil:else.example", EVE)
    async with listening(service, {"matrix": matrix.outlet(tools, people=[ANA], manage=[BOSS])}):
        await until(lambda: "1" in matrix.since)
        matrix.invite("!forged:else.example", EVE, BOSS)
        matrix.invite("!friends:home.example", BOSS)
        matrix.say("!tertulia help", who=EVE)
        matrix.say("!tertulia help", who=ME)
        matrix.members["!crowd:home.example"] = {ME, ANA, EVE}
        matrix.say("!tertulia help", room="!crowd:home.example")
        matrix.say("!tertulia help", room="!put-out:home.example")
        matrix.say("!tertulia help", room=DIRECT)
        await until(lambda: matrix.sent and matrix.joined)
        matrix.say("!tertulia forget demo:a1", who=BOSS)
        await until(lambda: len(matrix.sent) == 2)
        assert not service.workers.audit.path.exists()
        matrix.say("!tertulia olvida demo:a1 sí", who=BOSS)
        await until(lambda: len(matrix.sent) == 3)
        await quiet()
    assert [room for room, _ in matrix.sent] == [DIRECT, ROOM, ROOM]
    assert matrix.joined == ["!friends:home.example"]
    assert f"the invitation of {EVE} is not accepted" in caplog.text
    assert "go for good" in matrix.sent[1][1]["body"]
    assert "demo:a1" in matrix.sent[2][1]["body"]
    (order,) = service.orders()
    assert (order["author"], order["by"]) == ("demo:a1", f"matrix:{BOSS}")


async def test_troubles_are_waited_out_and_a_wrong_token_is_told(
    matrix: MatrixHome, service: Service, tools: Tools, caplog: pytest.LogCaptureFixture
) -> None:
    matrix.refuse = [(429, {"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 1}), (403, {"errcode": "M_FORBIDDEN"})]
    async with listening(service, {"matrix": matrix.outlet(tools)}):
        await until(lambda: "0" in matrix.since)
        matrix.say("!tertulia help")
        await until(lambda: matrix.sent)
        matrix.refuse = [(401, {"errcode": "M_UNKNOWN_TOKEN"})]
        matrix.say("not for the bot, but news")
        await until(lambda: "outlets.matrix.token: the homeserver does not accept it" in caplog.text)
    assert TOKEN not in caplog.text


async def test_an_account_without_a_profile_listens(matrix: MatrixHome, service: Service, tools: Tools) -> None:
    matrix.profile = None
    async with listening(service, {"matrix": matrix.outlet(tools)}):
        await until(lambda: "0" in matrix.since)
        matrix.say(f"{ME} help")
        await until(lambda: matrix.sent)


async def test_hostile_events_do_no_harm(
    matrix: MatrixHome, service: Service, tools: Tools, caplog: pytest.LogCaptureFixture
) -> None:
    async with listening(service, {"matrix": matrix.outlet(tools)}):
        await until(lambda: "0" in matrix.since)
        hostile: list[Any] = [
            None,
            [],
            {"msgtype": 5},
            {"msgtype": "m.text", "body": {}},
            {"m.mentions": {"user_ids": 5}},
        ]
        for content in hostile:
            matrix.add(content)
        matrix.log.append((ROOM, {"type": 5}))
        matrix.log.append((ROOM, []))
        matrix.add({"algorithm": "m.megolm.v1.aes-sha2"}, type="m.room.encrypted")
        matrix.add({"algorithm": "m.megolm.v1.aes-sha2"}, type="m.room.encrypted")
        edit = {"m.relates_to": {"rel_type": "m.replace"}}
        matrix.add({"msgtype": "m.text", "body": "!tertulia help", **edit})
        matrix.add({"msgtype": "m.notice", "body": "!tertulia help"})
        matrix.add({"msgtype": "m.text", "body": "!tertulia help"}, origin_server_ts=10**400)
        matrix.say("!tertulia <b>@room</b> " + "x" * 2_000)
        await until(lambda: len(matrix.sent) == 2)
        await quiet()
    assert caplog.text.count("is encrypted and cannot be read") == 1
    assert len(matrix.sent) == 2
    for _, content in matrix.sent:
        assert content["m.mentions"] == {}


@pytest.mark.parametrize(
    ("body", "more", "expected"),
    [
        ("!tertulia pulse x", {}, "pulse x"),
        ("!TERTULIA", {}, ""),
        ("!tertulia\npulse x", {}, "pulse x"),
        ("@bot:h.example.org pulse x", {}, None),
        ("@bot:h.example:8448 pulse x", {}, None),
        ("pulse x @bot:h.example.", {}, "pulse x ."),
        ("!tertulias pulse", {}, None),
        ("pulse x", {}, None),
        ("@bot:h.example: pulse x", {}, "pulse x"),
        ("Bot Name, pulse x", {"m.mentions": {"user_ids": ["@bot:h.example"]}}, "pulse x"),
        ("bot pulse x", {"m.mentions": {"user_ids": ["@bot:h.example"]}}, "pulse x"),
        ("robot pulse", {"m.mentions": {"user_ids": ["@bot:h.example"]}}, "robot pulse"),
        ("> <@a:b> !tertulia help\n\n!tertulia pulse x", {}, "pulse x"),
        ("> <@a:b> !tertulia help\n\nthank you", {}, None),
        ("!tertulia pulse x", {"msgtype": "m.notice"}, None),
        ("* !tertulia pulse x", {"m.relates_to": {"rel_type": "m.replace"}}, None),
    ],
)
def test_what_is_meant_for_the_bot(body: str, more: dict[str, Any], expected: str | None) -> None:
    assert meant_for("@bot:h.example", "Bot Name", {"msgtype": "m.text", "body": body, **more}) == expected


anything = st.recursive(
    st.none() | st.integers() | st.text(max_size=50),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
)


@given(anything | st.fixed_dictionaries({"msgtype": st.just("m.text"), "body": anything, "m.mentions": anything}))
def test_any_content_is_for_it_or_not(content: Any) -> None:
    found = meant_for("@bot:h.example", "", content)
    assert found is None or isinstance(found, str)
