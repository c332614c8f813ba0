"""The Slack outlet: requests by Slack's own API description, blocks, answers, charts."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from pydantic import ValidationError

from bots.chat.base import Delivered, Message, Outcome, Refused, RetryLater, Tools
from bots.chat.document import Document, Part, Picture, Quote
from bots.chat.slack import Slack, SlackOptions
from bots.chat.slack_blocks import blocks, fallback
from tests.bots.chat.destination import NOW, PNG, Answer, Destination, destination, session
from tests.bots.chat.messages import HOSTILE, message
from tests.contract.outlet_worlds import form

OPENAPI = json.loads((Path(__file__).parents[2] / "recordings/openapi/slack_post_message.json").read_text("utf-8"))
POSTED = '{"ok":true,"channel":"C012","ts":"1700000000.000100"}'
PICTURE = Picture(PNG, "Chart: posts of Acme")


async def sent(place: Destination, told: Message, to: str | None = None) -> Outcome:
    given = {"token": "xoxb-secret", "channel": "C012", "base_url": f"{place.url}/api"}
    async with session() as http:
        return await Slack(SlackOptions.model_validate(given), Tools(http, lambda: NOW)).send(told, to)


def _by_description(fields: dict[str, str]) -> None:
    """Raises unless the form is one that Slack's OpenAPI document describes."""
    described = {
        each["name"]: each for each in OPENAPI["/chat.postMessage"]["post"]["parameters"] if each["in"] == "formData"
    }
    schema = {
        "properties": {name: {"type": each["type"]} for name, each in described.items()},
        "required": [name for name, each in described.items() if each.get("required")],
        "additionalProperties": False,
    }
    booleans = {name for name, each in described.items() if each["type"] == "boolean"}
    values = {name: json.loads(value) if name in booleans else value for name, value in fields.items()}
    jsonschema.validate(values, schema)


@pytest.mark.parametrize("to", [None, "C999/1700000000.000200"])
async def test_the_request_is_as_slack_describes_it(to: str | None) -> None:
    async with destination() as place:
        place.usual = Answer(body=POSTED)
        assert await sent(place, message(), to) == Delivered()
    (seen,) = place.seen
    assert seen.path == "/api/chat.postMessage"
    assert seen.headers["Authorization"] == "Bearer xoxb-secret"
    fields = form(seen)
    _by_description(fields)
    assert (fields["channel"], fields.get("thread_ts")) == (("C012", None) if to is None else tuple(to.split("/")))
    assert {fields[name] for name in ("unfurl_links", "unfurl_media", "link_names")} == {"false"}


def test_the_blocks_in_full() -> None:
    document = Document("t", (Part("h", ("l",), (Quote("q", "https://e.example/1"), Quote("r"))),), "https://e.example")
    bold = {"style": {"bold": True}}
    assert blocks(Message("k", document, lang="es")) == [
        {
            "type": "rich_text",
            "elements": [
                {
                    "type": "rich_text_section",
                    "elements": [
                        {"type": "text", "text": "t", **bold},
                        {"type": "text", "text": "\n"},
                        {"type": "text", "text": "\nh", **bold},
                        {"type": "text", "text": "\n"},
                        {"type": "text", "text": "l"},
                    ],
                },
                {
                    "type": "rich_text_quote",
                    "elements": [
                        {"type": "text", "text": "q"},
                        {"type": "text", "text": " "},
                        {"type": "link", "url": "https://e.example/1", "text": "publicación"},
                    ],
                },
                {"type": "rich_text_quote", "elements": [{"type": "text", "text": "r"}]},
                {
                    "type": "rich_text_section",
                    "elements": [{"type": "link", "url": "https://e.example", "text": "más"}],
                },
            ],
        }
    ]


def _kinds(node: Any) -> set[str]:
    if isinstance(node, list):
        return {kind for part in node for kind in _kinds(part)}
    return {node["type"]} | _kinds(node.get("elements", []))


def test_hostile_words_are_text_elements_and_nothing_else() -> None:
    """No user, usergroup, broadcast, channel or emoji element, whatever they say; and escaped in the fallback."""
    told = Message("k", Document(HOSTILE, (Part(HOSTILE, (HOSTILE,), (Quote(HOSTILE),)),)))
    assert _kinds(blocks(told)) == {"rich_text", "rich_text_section", "rich_text_quote", "text"}
    assert not {"<", ">"} & set(fallback(told))
    assert "&amp;amp;" in fallback(told)


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        ("ratelimited", RetryLater, "ratelimited"),
        ("internal_error", RetryLater, "internal_error"),
        ("external_channel_migrating", RetryLater, "external_channel_migrating"),
        ("channel_not_found", Refused, "no such channel"),
        ("not_in_channel", Refused, "/invite"),
        ("invalid_auth", Refused, "does not accept it"),
        ("missing_scope", Refused, "chat:write"),
        ("something_new", Refused, "something_new"),
    ],
)
async def test_a_no_is_understood_although_its_status_is_200(error: str, kind: type, words: str) -> None:
    async with destination() as place:
        place.usual = Answer(body=json.dumps({"ok": False, "error": error}))
        outcome = await sent(place, message())
    assert isinstance(outcome, kind)
    assert words in str(outcome)


async def test_a_chart_follows_in_the_thread_of_its_message() -> None:
    async with destination() as place:
        upload = {"ok": True, "upload_url": f"{place.url}/upload/v1/abc", "file_id": "F07"}
        place.answers = [
            Answer(body=POSTED),
            Answer(body=json.dumps(upload)),
            Answer(body="OK - 67"),
            Answer(body='{"ok":true}'),
        ]
        assert await sent(place, message(picture=PICTURE)) == Delivered()
    _, asked, uploaded, shared = place.seen
    assert asked.path == "/api/files.getUploadURLExternal"
    assert form(asked) == {"filename": "chart.png", "length": str(len(PNG)), "alt_txt": PICTURE.alt}
    assert (uploaded.path, uploaded.body) == ("/upload/v1/abc", PNG)
    assert "Authorization" not in uploaded.headers, "the address is all that is needed"
    assert shared.path == "/api/files.completeUploadExternal"
    given = form(shared)
    assert json.loads(given.pop("files")) == [{"id": "F07", "title": PICTURE.alt}]
    assert given == {"channel_id": "C012", "thread_ts": "1700000000.000100"}


@pytest.mark.parametrize("failing", [1, 2, 3])
async def test_a_message_stands_without_its_chart(failing: int, caplog: pytest.LogCaptureFixture) -> None:
    """It is delivered: sending it again would show it twice. The log says what failed."""
    async with destination() as place:
        upload = json.dumps({"ok": True, "upload_url": f"{place.url}/up", "file_id": "F07"})
        answers = [Answer(body=POSTED), Answer(body=upload), Answer(), Answer(body='{"ok":true}')]
        answers[failing] = Answer(500)
        place.answers = answers
        assert await sent(place, message(picture=PICTURE)) == Delivered()
    assert [record.levelno for record in caplog.records if "chart" in record.message] == [logging.WARNING]


async def test_an_incoming_webhook_gets_blocks_and_no_previews() -> None:
    async with destination() as place, session() as http:
        place.usual = Answer(body="ok")
        options = SlackOptions.model_validate({"webhook_url": f"{place.url}/services/T/B/x"})
        assert await Slack(options, Tools(http, lambda: NOW)).send(message()) == Delivered()
    given = msgspec.json.decode(place.seen[0].body)
    assert given["blocks"] == blocks(message())
    assert given["unfurl_links"] is given["unfurl_media"] is False


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({}, "either token and channel, or webhook_url"),
        ({"token": "xoxb-1"}, "either token and channel"),
        ({"token": "xoxb-1", "channel": "C012", "webhook_url": "https://hooks.example/x"}, "either"),
        ({"token": "xoxb-1", "channel": "#general"}, "channel"),
        ({"webhook_url": "hooks.example"}, "web address"),
        ({"webhook_url": "https://hooks.example/x", "pictures": True}, "shows no charts"),
        ({"token": "xoxb-1", "channel": "C012", "questions": {"enabled": True}}, "app_token"),
    ],
)
def test_mistakes_are_named(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        SlackOptions.model_validate(wrong)
