"""Questions against a real homeserver, Synapse; skipped where there is none (see ../test_matrix_synapse.py)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest

from bots.chat.base import Tools
from bots.chat.matrix import Matrix, MatrixOptions
from tests.bots.chat.destination import session
from tests.bots.chat.listen.service import Service, listening
from tests.bots.chat.test_matrix_synapse import PYTHON, Account, homeserver

__all__ = ["homeserver"]  # a fixture
pytestmark = pytest.mark.skipif(not PYTHON, reason="TERTULIA_TEST_SYNAPSE names no Python that has matrix-synapse")


@pytest.fixture
async def people(homeserver: str) -> AsyncIterator[dict[str, Account]]:
    async with session() as http:
        await _up(http, homeserver)
        found = {name: Account(http, homeserver) for name in ("bot", "ana", "eve")}
        for name, account in found.items():
            await account.open(name)
        yield found


async def _up(http: aiohttp.ClientSession, url: str) -> None:
    for _ in range(240):
        try:
            async with http.get(f"{url}/_matrix/client/versions") as answer:
                if answer.status == 200:
                    return
        except aiohttp.ClientConnectionError:
            pass
        await asyncio.sleep(0.25)


async def say(account: Account, room: str, number: int, body: str, **more: Any) -> str:
    """Somebody writes; the event's id."""
    content = {"msgtype": "m.text", "body": body, **more}
    path = f"/_matrix/client/v3/rooms/{quote(room)}/send/m.room.message/{number}"
    return str((await account.call("PUT", path, content))["event_id"])


async def invite(account: Account, who: str) -> None:
    """Into their own room."""
    await account.call("POST", f"/_matrix/client/v3/rooms/{quote(account.room)}/invite", {"user_id": who})


async def heard(account: Account, room: str, count: int) -> list[dict[str, Any]]:
    """What the bot has said there, once it is so much."""
    while True:
        path = f"/_matrix/client/v3/rooms/{quote(room)}/messages?dir=f&limit=100"
        events = (await account.call("GET", path))["chunk"]
        said = [e["content"] for e in events if e["sender"] == "@bot:localhost" and e["type"] == "m.room.message"]
        if len(said) >= count:
            return said
        await asyncio.sleep(0.1)


async def test_invited_asked_and_restarted(people: dict[str, Account], service: Service) -> None:
    bot, ana, eve = people["bot"], people["ana"], people["eve"]
    given = {
        "homeserver": bot.url,
        "room": ana.room,
        "token": bot.token,
        "questions": {"enabled": True, "people": ["@ana:localhost"], "manage": ["@ana:localhost"]},
    }
    # The homeserver's clock is the machine's, and so is the bot's.
    outlet = Matrix(MatrixOptions.model_validate(given), Tools(bot.http, lambda: datetime.now(UTC)))
    async with listening(service, {"matrix": outlet}, now=datetime.now(UTC)):
        await invite(eve, "@bot:localhost")
        await invite(ana, "@bot:localhost")
        members = f"/_matrix/client/v3/rooms/{quote(ana.room)}/joined_members"
        while "@bot:localhost" not in (await ana.call("GET", members))["joined"]:
            await asyncio.sleep(0.1)
        await invite(ana, "@eve:localhost")
        await eve.call("POST", f"/_matrix/client/v3/join/{quote(ana.room)}", {})
        await say(eve, ana.room, 1, "!tertulia help")
        asked = await say(ana, ana.room, 2, "!tertulia why fairphone")
        (first,) = await heard(ana, ana.room, 1)
        mention = {"m.mentions": {"user_ids": ["@bot:localhost"]}}
        await say(ana, ana.room, 3, "bot: silencia fairphone 1h porque sí", **mention)
        await heard(ana, ana.room, 2)
    await say(ana, ana.room, 4, "!tertulia help")
    async with listening(service, {"matrix": outlet}, now=datetime.now(UTC)):
        said = await heard(ana, ana.room, 3)
        await asyncio.sleep(1)
        said = await heard(ana, ana.room, 3)
    assert len(said) == 3, "Eve heard nothing, and nothing came twice"
    assert first["m.relates_to"] == {"m.in_reply_to": {"event_id": asked}}
    assert "84 posts in 5m" in first["body"]
    assert "@everyone" not in first["body"]
    assert "What you can ask" in said[2]["body"]
    (order,) = service.orders()
    assert order["by"] == "matrix:@ana:localhost"
    invitations = (await bot.call("GET", "/_matrix/client/v3/sync?timeout=0"))["rooms"].get("invite", {})
    assert list(invitations) == [eve.room], "a stranger's invitation is not accepted"
