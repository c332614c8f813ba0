"""Questions in Slack by HTTP: signatures good, tampered and stale; commands, events, Slack's check of the address."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import socket
from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.chat.base import Tools
from bots.chat.listen.slack_signature import TOLERANCE_S, is_slacks
from tests.bots.chat.listen.service import Service, listening, quiet, until
from tests.bots.chat.listen.slack_room import ANA, AT, EVE, ROOM, SlackRoom, words
from tests.bots.sources.slack_server import OWN

# The example of docs.slack.dev/authentication/verifying-requests-from-slack, to the letter.
SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
STAMP = 1_531_420_618
BODY = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
    b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
    b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
    b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
)
SIGNATURE = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"


def test_slacks_own_example() -> None:
    assert is_slacks(SECRET, str(STAMP), SIGNATURE, BODY, STAMP)


@pytest.mark.parametrize(
    ("stamp", "signature", "body", "now", "good"),
    [
        (STAMP, SIGNATURE, BODY, STAMP + TOLERANCE_S, True),
        (STAMP, SIGNATURE, BODY, STAMP + TOLERANCE_S + 1, False),
        (STAMP, SIGNATURE, BODY, STAMP - TOLERANCE_S - 1, False),
        (STAMP + 1, SIGNATURE, BODY, STAMP, False),
        (STAMP, SIGNATURE, BODY + b"&x=y", STAMP, False),
        (STAMP, SIGNATURE.upper(), BODY, STAMP, False),
        (STAMP, SIGNATURE.removeprefix("v0="), BODY, STAMP, False),
        (STAMP, "", BODY, STAMP, False),
        ("", SIGNATURE, BODY, STAMP, False),
        ("-1531420618", SIGNATURE, BODY, STAMP, False),
        ("1531420618.0", SIGNATURE, BODY, STAMP, False),
        ("٣", SIGNATURE, BODY, STAMP, False),
    ],
)
def test_tampered_and_stale(stamp: object, signature: str, body: bytes, now: int, good: bool) -> None:
    assert is_slacks(SECRET, str(stamp), signature, body, now) is good


@given(st.text(max_size=20), st.text(max_size=80), st.binary(max_size=50), st.floats(0, 2e9))
def test_nothing_made_up_is_slacks(stamp: str, signature: str, body: bytes, now: float) -> None:
    assert not is_slacks(SECRET, stamp, signature, body, now)


def signed(body: bytes, at: float = AT, secret: str = SECRET) -> dict[str, str]:
    """The headers that Slack would send."""
    stamp = f"{at:.0f}"
    made = hmac.new(secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={made}"}


class Address:
    """Where Slack sends its requests."""

    def __init__(self, http: aiohttp.ClientSession, port: int) -> None:
        self.http, self.url = http, f"http://127.0.0.1:{port}/slack"

    async def send(self, body: bytes, kind: str, headers: Mapping[str, str] | None = None) -> tuple[int, str]:
        """Status and body; signed unless told otherwise."""
        given = signed(body) if headers is None else headers
        async with self.http.post(self.url, data=body, headers={**given, "Content-Type": kind}) as answer:
            return answer.status, await answer.text()

    async def command(self, slack: SlackRoom, text: str, user: str = ANA, headers: Any = None) -> tuple[int, str]:
        fields = {
            "command": "/tertulia",
            "text": text,
            "user_id": user,
            "user_name": "ana",
            "channel_id": ROOM,
            "trigger_id": f"t-{user}-{text}",
            "response_url": f"{slack.url}/respond/1",
        }
        return await self.send(urlencode(fields).encode(), "application/x-www-form-urlencoded", headers)

    async def event(self, event: Any, **more: Any) -> tuple[int, str]:
        return await self.send(
            json.dumps({"type": "event_callback", "event": event, **more}).encode(), "application/json"
        )


@pytest.fixture
async def slack() -> AsyncIterator[SlackRoom]:
    async with SlackRoom().serving() as room:
        assert isinstance(room, SlackRoom)
        yield room


@pytest.fixture
async def address(slack: SlackRoom, service: Service, tools: Tools) -> AsyncIterator[Address]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    outlet = slack.outlet(tools, app_token="", signing_secret=SECRET, port=port, people=[ANA])
    async with listening(service, {"slack": outlet}):
        found = Address(tools.session, port)
        while True:
            try:
                await found.send(b"{}", "application/json")
                break
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.01)
        yield found


async def test_a_command_is_acknowledged_empty_and_answered(slack: SlackRoom, address: Address) -> None:
    assert await address.command(slack, "pulse fairphone 12h") == (200, "")
    assert await address.command(slack, "pulse fairphone 12h") == (200, "")
    assert await address.command(slack, "help", user=EVE) == (200, "")
    await until(lambda: slack.responded)
    await quiet()
    (said,) = slack.responded
    assert "60 posts by 7 authors" in words(said)


async def test_a_mention_and_slacks_own_check(slack: SlackRoom, address: Address) -> None:
    event = {"type": "app_mention", "user": ANA, "text": f"<@{OWN}> help", "ts": f"{AT:.0f}.000001", "channel": ROOM}
    assert await address.event(event) == (200, "")
    assert await address.event(event) == (200, "")
    await until(lambda: slack.posted)
    check = json.dumps({"type": "url_verification", "challenge": "3eZbrw1aB"}).encode()
    status, body = await address.send(check, "application/json")
    assert (status, json.loads(body)) == (200, {"challenge": "3eZbrw1aB"})
    await quiet()
    assert len(slack.posted) == 1


async def test_what_slack_did_not_sign_lately_is_turned_away(
    slack: SlackRoom, address: Address, caplog: pytest.LogCaptureFixture
) -> None:
    body = b"command=/tertulia"
    bad = [
        {},
        signed(body, secret="another"),
        signed(b"command=/other"),
        signed(body, at=AT - 301),
        signed(body, at=AT + 301),
    ]
    for headers in bad:
        assert await address.send(body, "application/x-www-form-urlencoded", headers) == (401, "")
    assert not slack.responded
    assert caplog.text.count("was turned away") == len(bad)
    assert SECRET not in caplog.text


async def test_signed_nonsense_is_refused(slack: SlackRoom, address: Address) -> None:
    form, plain = "application/x-www-form-urlencoded", "application/json"
    for body, kind in ((b"command=/x", form), (b"\xff", form), (b"{", plain), (b"[" * 50_000, plain), (b"5", plain)):
        status, _ = await address.send(body, kind)
        assert status == 400, body[:20]
    assert (await address.send(b"x" * 70_000, plain))[0] == 413
    async with address.http.get(address.url) as answer:
        assert answer.status == 405
    assert not slack.responded
    assert not slack.posted


async def test_a_port_that_is_taken_is_told(
    slack: SlackRoom, service: Service, tools: Tools, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        outlet = slack.outlet(tools, app_token="", signing_secret=SECRET, port=taken.getsockname()[1])
        async with listening(service, {"slack": outlet}):
            await until(lambda: "outlets.slack.questions.port: cannot listen on" in caplog.text)
