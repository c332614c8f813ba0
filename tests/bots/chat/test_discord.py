"""The Discord outlet: requests by Discord's own API description, limits, charts, what is gone for good."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from pydantic import ValidationError

from bots.chat.base import Delivered, Message, Outlet, Refused, RetryLater, Tools
from bots.chat.discord import Discord, DiscordOptions, content, retry_after
from bots.chat.document import Document, Part, Picture, Quote
from tests.bots.chat.destination import NOW, PNG, Answer, Destination, Seen, destination, session
from tests.bots.chat.form_data import parts_of
from tests.bots.chat.messages import HOSTILE, message

OPENAPI = json.loads((Path(__file__).parents[2] / "recordings/openapi/discord_messages.json").read_text("utf-8"))
PICTURE = Picture(PNG, "Chart: posts of Acme")


def options(place: Destination, *, hook: bool) -> DiscordOptions:
    way = (
        {"webhook_url": f"{place.url}/api/webhooks/1/tok3n-tok3n-tok3n"} if hook else {"token": "MTk4", "channel": 123}
    )
    return DiscordOptions.model_validate({**way, "base_url": f"{place.url}/api/v10"})


def outlet(place: Destination, http: Any, *, hook: bool = False) -> Outlet:
    return Discord(options(place, hook=hook), Tools(http, lambda: NOW))


def by_description(given: dict[str, Any], name: str) -> None:
    """Raises unless Discord's OpenAPI document describes such a body; it allows what it does not name, we do not."""
    schemas = OPENAPI["components"]["schemas"]
    jsonschema.validate(given, {**OPENAPI, "$ref": f"#/components/schemas/{name}"})
    assert set(given) <= set(schemas[name]["properties"])
    assert all(set(embed) <= set(schemas["RichEmbed"]["properties"]) for embed in given.get("embeds", ()))
    assert set(given["allowed_mentions"]) <= set(schemas["MessageAllowedMentionsRequest"]["properties"])


def body_of(seen: Seen) -> dict[str, Any]:
    """The JSON, alone or in the form."""
    if seen.headers["Content-Type"].startswith("multipart/"):
        body: dict[str, Any] = msgspec.json.decode(parts_of(seen)["payload_json"])
        return body
    return dict(msgspec.json.decode(seen.body))


@pytest.mark.parametrize("picture", [None, PICTURE])
@pytest.mark.parametrize("hook", [False, True])
async def test_the_request_is_as_discord_describes_it(hook: bool, picture: Picture | None) -> None:
    async with destination() as place, session() as http:
        assert await outlet(place, http, hook=hook).send(message(picture=picture)) == Delivered()
    (seen,) = place.seen
    given = body_of(seen)
    by_description(given, "IncomingWebhookRequestPartial" if hook else "MessageCreateRequest")
    assert given["allowed_mentions"] == {"parse": []}
    assert seen.headers["User-Agent"].startswith("DiscordBot (")
    if hook:
        assert seen.path == "/api/webhooks/1/tok3n-tok3n-tok3n?wait=true"
        assert "nonce" not in given
    else:
        assert seen.path == "/api/v10/channels/123/messages"
        assert seen.headers["Authorization"] == "Bot MTk4"
        assert given["enforce_nonce"] is True
        assert 0 < len(given["nonce"]) <= 25


async def test_a_chart_is_a_file_that_the_embed_shows() -> None:
    async with destination() as place, session() as http:
        await outlet(place, http).send(message(picture=PICTURE))
    given = body_of(place.seen[0])
    assert given["embeds"][0]["image"] == {"url": "attachment://chart.png"}
    assert given["attachments"] == [{"id": "0", "filename": "chart.png", "description": PICTURE.alt}]
    assert parts_of(place.seen[0])["files[0]"] == PNG


async def test_a_chart_that_a_bot_may_not_send_keeps_no_message_from_being_told() -> None:
    async with destination() as place, session() as http:
        place.answers = [Answer(403, body='{"message": "Missing Permissions", "code": 50013}')]
        assert await outlet(place, http).send(message(picture=PICTURE)) == Delivered()
        place.answers = [Answer(401)]
        assert isinstance(await outlet(place, http).send(message(picture=PICTURE)), Refused)
    whole, without, wrong_token = (seen.headers["Content-Type"].partition(";")[0] for seen in place.seen)
    assert (whole, without, wrong_token) == ("multipart/form-data", "application/json", "multipart/form-data")


async def test_an_answer_refers_to_its_question() -> None:
    async with destination() as place, session() as http:
        await outlet(place, http).send(message(), "98765/43210")
    given = body_of(place.seen[0])
    by_description(given, "MessageCreateRequest")
    assert given["message_reference"] == {"message_id": "43210", "fail_if_not_exists": False}


def test_the_text_in_full() -> None:
    document = Document("t", (Part("h", ("l",), (Quote("q", "https://e.example/1"), Quote("r"))),), "https://e.example")
    assert content(Message("k", document, lang="es")) == {
        "content": "**t**",
        "allowed_mentions": {"parse": []},
        "embeds": [
            {"description": "**h**\nl\n> q [publicación](https://e.example/1)\n\n> r\n\n[más](https://e.example)"}
        ],
    }
    assert content(Message("k", Document("t"))) == {"content": "**t**", "allowed_mentions": {"parse": []}}
    assert "embeds" not in content(Message("k", Document("t", (Part("", ("\u200b",)),))))


def test_hostile_words_show_their_signs() -> None:
    given = content(Message("k", Document(HOSTILE, (Part("", (HOSTILE,)),))))
    for shown in (given["content"].removeprefix("**").removesuffix("**"), given["embeds"][0]["description"]):
        assert r"\<b\>" in shown
        assert r"\|\|h\|\|" in shown
        assert "@everyone" not in shown
        assert "](" not in shown


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset-After": "1.5"}, 1.5),
        ({"X-RateLimit-Remaining": "3", "X-RateLimit-Reset-After": "1.5"}, 0),
        ({"X-RateLimit-Remaining": "0"}, 0),
        ({}, 0),
    ],
)
async def test_a_used_up_limit_makes_a_pause(headers: dict[str, str], pause: float) -> None:
    async with destination() as place, session() as http:
        place.usual = Answer(headers=headers)
        assert await outlet(place, http).send(message()) == Delivered(pause)


async def test_a_limits_body_says_how_long_it_lasts() -> None:
    async with destination() as place, session() as http:
        place.usual = Answer(429, body='{"message":"You are being rate limited.","retry_after":0.65,"global":false}')
        outcome = await outlet(place, http).send(message())
    assert isinstance(outcome, RetryLater)
    assert outcome.after == 0.65
    assert retry_after(b"<html>") is None


@pytest.mark.parametrize(
    ("hook", "status", "final"), [(True, 404, True), (True, 400, False), (False, 401, True), (False, 404, False)]
)
async def test_what_is_gone_for_good_is_not_asked_again(hook: bool, status: int, final: bool) -> None:
    """A webhook that was deleted, a token that is wrong; not a room that a question came from."""
    async with destination() as place, session() as http:
        place.answers = [Answer(status, body='{"message": "Unknown Webhook", "code": 10015}')]
        found = outlet(place, http, hook=hook)
        first, second = await found.send(message()), await found.send(message())
    assert isinstance(first, Refused)
    assert len(place.seen) == (1 if final else 2)
    assert second == (first if final else Delivered())


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({}, "either token and channel, or webhook_url"),
        ({"token": "x", "channel": "general"}, "channel"),
        ({"token": "x", "channel": 1, "webhook_url": "https://discord.com/api/webhooks/1/x"}, "either"),
        ({"webhook_url": "https://d.example/x", "questions": {"enabled": True}}, "questions"),
    ],
)
def test_mistakes_are_named(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        DiscordOptions.model_validate(wrong)
