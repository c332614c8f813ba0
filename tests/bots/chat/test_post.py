"""One HTTP attempt: what cannot be sent at all, and what a server must not get us to say."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bots.chat import discord, matrix, telegram
from bots.chat.base import Outcome, Refused, RetryLater
from bots.chat.post import attempt
from tests.bots.chat.destination import Answer, destination, session


async def asked(url: str, headers: dict[str, str]) -> Outcome:
    async with session() as http:
        return await attempt(http, "POST", url, b"{}", headers, timedelta(seconds=5))


@pytest.mark.parametrize(
    ("address", "token"), [("http://{}", "tok3n-tok3n\nX-Evil: 1"), ("http://me:passw0rd-passw0rd@{}", "tok3n-tok3n")]
)
async def test_what_http_does_not_allow_is_refused_without_being_shown(address: str, token: str) -> None:
    """aiohttp raises plain `ValueError` for it, which would end the courier."""
    async with destination() as place:
        outcome = await asked(address.format(place.url.removeprefix("http://")), {"Authorization": f"Bearer {token}"})
        assert not place.seen
    assert isinstance(outcome, Refused)
    assert "tok3n" not in outcome.reason
    assert "passw0rd" not in outcome.reason


async def test_a_host_that_is_none_is_an_outcome_as_well() -> None:
    assert isinstance(await asked("http://mail..example.org/", {}), Refused | RetryLater)


async def test_secrets_of_the_address_are_left_out_as_written_and_as_meant() -> None:
    async with destination() as place:
        place.usual = Answer(400, body="a%2Bs3cr3t-t0ken a+s3cr3t-t0ken passw0rd-passw0rd")
        address = place.url.replace("http://", "http://me:passw0rd-passw0rd@")
        outcome = await asked(f"{address}/?sig=a%2Bs3cr3t-t0ken", {})
    assert isinstance(outcome, Refused)
    assert outcome.reason.endswith("answers 400: … … …")


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"x":' + b"[" * 100_000, b'{"\xff":"\xff"}', b"<html>"])
def test_no_body_makes_reading_it_fail(body: bytes) -> None:
    for hint in (discord.retry_after, matrix.retry_after, telegram.retry_after):
        assert hint(body) is None
