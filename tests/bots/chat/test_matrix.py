"""The Matrix outlet: the request as the specification has it, on loopback."""

from __future__ import annotations

from urllib.parse import unquote

import msgspec
import pytest
from pydantic import ValidationError

from bots.chat.base import Message, Outcome, RetryLater, Tools
from bots.chat.matrix import Matrix, MatrixOptions, retry_after
from tests.bots.chat.destination import NOW, Answer, Destination, alert, destination, session

ROOM = "!odd/room?id#1:example.org"
MESSAGE = Message(alert(), "Acme")


def options(homeserver: str, **more: object) -> MatrixOptions:
    given = {"homeserver": homeserver, "room": ROOM, "token": "syt_secret", **more}
    return MatrixOptions.model_validate(given)


async def sent(*answers: Answer, slash: str = "") -> tuple[Outcome, Destination]:
    """One attempt against a homeserver that answers so."""
    async with destination() as place, session() as http:
        place.answers = list(answers)
        outcome = await Matrix(options(place.url + slash), Tools(http, lambda: NOW)).send(MESSAGE)
    return outcome, place


@pytest.mark.parametrize("slash", ["", "/"])
async def test_the_request_is_the_one_of_the_specification(slash: str) -> None:
    """PUT /_matrix/client/v3/rooms/{roomId}/send/{eventType}/{txnId}, every part one path segment."""
    _, place = await sent(slash=slash)
    (seen,) = place.seen
    assert seen.method == "PUT"
    assert seen.headers["Authorization"] == "Bearer syt_secret"
    parts = seen.path.split("/")
    assert parts[:5] == ["", "_matrix", "client", "v3", "rooms"]
    assert unquote(parts[5]) == ROOM
    assert parts[6:8] == ["send", "m.room.message"]
    assert parts[8:] == [MESSAGE.key]


async def test_the_event_mentions_nobody_and_has_both_bodies() -> None:
    _, place = await sent()
    event = msgspec.json.decode(place.seen[0].body)
    assert event["msgtype"] == "m.text"
    assert event["format"] == "org.matrix.custom.html"
    assert event["m.mentions"] == {}
    assert "84 posts" in event["body"]
    assert event["formatted_body"].startswith("<strong>")


@pytest.mark.parametrize(
    ("answer", "after"),
    [
        (Answer(429, body='{"errcode": "M_LIMIT_EXCEEDED", "error": "", "retry_after_ms": 2500}'), 2.5),
        (Answer(429, headers={"Retry-After": "9"}, body='{"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 2500}'), 9),
        (Answer(429, body='{"errcode": "M_LIMIT_EXCEEDED"}'), None),
        (Answer(502, body="<html>Bad gateway</html>"), None),
    ],
)
async def test_the_limit_says_how_long_to_wait(answer: Answer, after: float | None) -> None:
    outcome, _ = await sent(answer)
    assert isinstance(outcome, RetryLater)
    assert outcome.after == after


@pytest.mark.parametrize("body", [b"", b"[]", b'{"retry_after_ms": "soon"}', b"\xff", b'{"retry_after_ms": null}'])
def test_a_body_without_a_limit_is_no_hint(body: bytes) -> None:
    assert retry_after(body) is None


@pytest.mark.parametrize("wrong", [{"homeserver": "example.org"}, {"room": "#alias:example.org"}, {"token": None}])
def test_mistakes_are_named(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        options("https://example.org").model_validate(
            {"homeserver": "https://example.org", "room": ROOM, "token": "t"} | wrong
        )
