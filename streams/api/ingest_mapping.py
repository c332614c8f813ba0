"""A post out of a sender's own JSON, as the mapping of its inlet says."""

from __future__ import annotations

import re
from collections.abc import Callable
from collections.abc import Mapping as Given
from datetime import UTC, datetime
from typing import Any

from config.inlet_paths import Constant, Path, taken_from
from config.inlets import AuthorMapping, Mapping
from streams.records import Author, BadPost, Post

_NUMBER = re.compile(r"\d{1,17}(\.\d{1,9})?", re.ASCII)
_EARLIEST_MS = 1e11  # as seconds the year 5138, as milliseconds 1973: numbers below are seconds, all others ms
Reading = Callable[[Any], Any]


class Mapped:
    """Every id of the sender gets the platform before it, also one that seems to have it: so no two become one."""

    def __init__(self, mapping: Mapping, platform: str) -> None:
        readings = _READINGS | dict.fromkeys(_IDS, lambda value: f"{platform}:{_word(value)}")
        self._platform = platform
        self._text = [taken_from(text) for text in mapping.text]
        self._author = _taken(mapping.author, readings)
        self._post = _taken(mapping, readings)

    def post(self, record: Any, body: Any, *, delete: bool) -> Post:
        """The post, not checked yet; of a deletion its id alone is read. Raises `BadPost`."""
        post_id = _read("id", *self._post["id"], record, body)
        if post_id is None:
            raise BadPost("`id`: nothing stands where the mapping leads")
        if delete:
            return Post(id=post_id, op="delete", platform=self._platform)
        fields = {name: _read(name, *way, record, body) for name, way in self._post.items() if name != "id"}
        author = {name: _read(f"author.{name}", *way, record, body) for name, way in self._author.items()}
        given = {name: value for name, value in fields.items() if value is not None}
        return Post(
            id=post_id, platform=self._platform, author=_author(author), text=self._words(record, body), **given
        )

    def _words(self, record: Any, body: Any) -> str:
        parts = [_read("text", way, _text, record, body) for way in self._text]
        return "\n\n".join(part for part in parts if part)


def _author(found: Given[str, Any]) -> Author:
    return Author(**{"id": ""} | {name: value for name, value in found.items() if value is not None})


def _taken(
    mapping: Mapping | AuthorMapping, readings: Given[str, Reading]
) -> dict[str, tuple[Path | Constant, Reading]]:
    """Per field that is mapped to one place where it stands and how it is read."""
    given = {name: getattr(mapping, name) for name in type(mapping).model_fields if name in readings}
    return {name: (taken_from(text), readings[name]) for name, text in given.items() if text is not None}


def _read(name: str, way: Path | Constant, reading: Reading, record: Any, body: Any) -> Any:
    value = way.find(record, body)
    value = value.strip() if isinstance(value, str) else value
    if value is None or value == "":
        return None
    try:
        return reading(value)
    except ValueError as error:
        raise BadPost(f"`{name}` {error}") from None


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"is no text but {_kind(value)}")
    return value


def _word(value: Any) -> str:
    """Text, or a whole number as it is written."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return _text(value)


def _words(value: Any) -> tuple[str, ...]:
    return tuple(map(_word, filter(None, value))) if isinstance(value, list) else (_word(value),)


def _count(value: Any) -> int:
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 17:
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise ValueError("is no whole number")


def _switch(value: Any) -> bool:
    if isinstance(value, bool) or value in ("true", "false"):
        return value in (True, "true")
    raise ValueError("is neither true nor false")


def _moment(value: Any) -> datetime:
    """ISO 8601 (the gate refuses one without a time zone), or Unix seconds or milliseconds."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f"is no time but {_kind(value)}")
    try:
        if isinstance(value, str) and not _NUMBER.fullmatch(value):
            return datetime.fromisoformat(value)
        number = float(value)
        return datetime.fromtimestamp(number / 1_000 if number >= _EARLIEST_MS else number, UTC)
    except (ValueError, OverflowError, OSError):
        raise ValueError(f"is neither ISO 8601 nor Unix time: {str(value)[:80]!r}") from None


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", bool: "true or false", int: "a number", float: "a number"}
    return names.get(type(value), "something else")


_IDS = (
    "id", "reply_to", "thread", "repost_of", "quote_of", "reply_to_author", "repost_of_author", "quote_of_author",
)  # fmt: skip
_READINGS: dict[str, Reading] = {
    "created_at": _moment,
    **dict.fromkeys(("lang", "url", "venue", "handle", "name", "role"), _word),
    **dict.fromkeys(("links", "mentions"), _words),
    "hashtags": lambda value: tuple(word.removeprefix("#") for word in _words(value)),
    **dict.fromkeys(("likes", "reposts", "replies", "followers"), _count),
    "bot": _switch,
}
