"""What the owners of Discord and Telegram say of their APIs (tests/recordings/openapi/), held against what is sent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import jsonschema

_FOLDER: Final = Path(__file__).parents[3] / "recordings/openapi"
_DISCORD: Final[dict[str, Any]] = {
    name: schema
    for file in ("discord_messages.json", "discord_commands.json")
    for name, schema in json.loads((_FOLDER / file).read_text("utf-8"))["components"]["schemas"].items()
}
_TELEGRAM: Final = json.loads((_FOLDER / "telegram_questions.json").read_text("utf-8"))
_LOOKS: Final[dict[str, Any]] = {
    "Integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "String": lambda value: isinstance(value, str),
    "Boolean": lambda value: isinstance(value, bool),
}


def as_discord_says(given: Any, name: str) -> None:
    """Raises unless its OpenAPI document describes such a body, all the way down."""
    jsonschema.validate(given, {"$ref": f"#/components/schemas/{name}", "components": {"schemas": _DISCORD}})
    _knows(given, name)


def commands_as_discord_says(given: list[dict[str, Any]]) -> None:
    """A list of commands; what the document does not name is refused as well."""
    assert len(given) <= 100, "of one server"
    assert len({each["name"] for each in given}) == len(given)
    for each in given:
        as_discord_says(each, "ApplicationCommandUpdateRequest")
        for option in each["options"]:
            _knows(option, "ApplicationCommandStringOption")


def _knows(given: Any, name: str) -> None:
    assert set(given) <= set(_DISCORD[name]["properties"]), f"{name} has no {set(given)}"


def as_telegram_says(method: str, given: Mapping[str, Any], *, by_query: bool = False) -> None:
    """Raises for a parameter that the method does not have, lacks, or has in another form. In a query all is text."""
    fields = {field["name"]: field for field in _TELEGRAM["methods"][method]["fields"]}
    assert set(given) <= fields.keys()
    assert {name for name, field in fields.items() if field["required"]} <= set(given)
    for name, value in given.items():
        kinds = [_LOOKS[kind] for kind in fields[name]["types"] if kind in _LOOKS]
        if kinds:
            assert any(looks(int(value) if by_query else value) for looks in kinds), f"{method}.{name}: {value!r}"
