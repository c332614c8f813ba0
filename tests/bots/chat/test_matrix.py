"""The Matrix outlet: the requests as the specification has them, on loopback."""

from __future__ import annotations

from urllib.parse import unquote

import msgspec
import pytest
from pydantic import ValidationError

from bots.chat.base import Delivered, Message, Outcome, Refused, RetryLater, Tools
from bots.chat.document import Picture
from bots.chat.matrix import Matrix, MatrixOptions, retry_after
from tests.bots.chat.destination import NOW, PNG, Answer, Destination, destination, session
from tests.bots.chat.messages import message

ROOM = "!odd/room?id#1:example.org"
MESSAGE = message()
UPLOADED = Answer(body='{"content_uri":"mxc://example.org/abc"}')
PICTURE = Picture(PNG, "Chart: posts of Acme\x07")


def options(homeserver: str, **more: object) -> MatrixOptions:
    given = {"homeserver": homeserver, "room": ROOM, "token": "syt_secret", **more}
    return MatrixOptions.model_validate(given)


async def sent(
    *answers: Answer, slash: str = "", told: Message = MESSAGE, to: str | None = None
) -> tuple[Outcome, Destination]:
    """One attempt against a homeserver that answers so."""
    async with destination() as place, session() as http:
        place.answers = list(answers)
        outcome = await Matrix(options(place.url + slash), Tools(http, lambda: NOW)).send(told, to)
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
    assert "m.relates_to" not in event


@pytest.mark.parametrize(("to", "room", "event"), [("!a/b:c/$ev/1", "!a/b:c", "$ev/1"), ("!a/b:c", "!a/b:c", None)])
async def test_an_answer_names_the_event_it_answers(to: str, room: str, event: str | None) -> None:
    _, place = await sent(to=to)
    assert unquote(place.seen[0].path.split("/")[5]) == room
    related = msgspec.json.decode(place.seen[0].body).get("m.relates_to")
    assert related == (None if event is None else {"m.in_reply_to": {"event_id": event}})


async def test_a_chart_is_uploaded_and_shown_by_an_event_of_its_own() -> None:
    outcome, place = await sent(Answer(), UPLOADED, told=message(picture=PICTURE))
    assert outcome == Delivered()
    text, upload, shown = place.seen
    assert upload.method == "POST"
    assert upload.path == "/_matrix/media/v3/upload?filename=chart.png"
    assert upload.headers["Content-Type"] == "image/png"
    assert upload.body == PNG
    assert shown.path == f"{text.path}-chart"
    event = msgspec.json.decode(shown.body)
    assert event["msgtype"] == "m.image"
    assert event["url"] == "mxc://example.org/abc"
    assert event["body"] == "Chart: posts of Acme"
    assert event["info"] == {"mimetype": "image/png", "size": len(PNG)}


@pytest.mark.parametrize(
    ("answers", "kind"),
    [
        ([Answer(), Answer(429, body='{"retry_after_ms": 100}')], RetryLater),
        ([Answer(), UPLOADED, Answer(503, {"Retry-After": "5"})], RetryLater),
        ([Answer(), Answer(body="<html>")], Delivered),
        ([Answer(), UPLOADED, Answer(502)], Delivered),
        ([Answer(), Answer(413)], Delivered),
        ([Answer(403)], Refused),
    ],
)
async def test_a_chart_is_waited_for_only_as_long_as_the_homeserver_says(answers: list[Answer], kind: type) -> None:
    """Trying again costs nothing, for it knows both events by their ids; but alerts do not wait for a broken store."""
    outcome, _ = await sent(*answers, told=message(picture=PICTURE))
    assert isinstance(outcome, kind)


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
