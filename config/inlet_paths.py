"""The small language in which an inlet says where something stands in a sender's JSON, and on what condition.

`review.body` is the key `body` in `review` of a record, `tags.0` the first of a list, `$.event` a key of the whole
body; `=Web shop` is the words themselves. A condition is a path (true: something stands there), or `event = a, b`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

WHOLE = "$"
_KEY = re.compile(r"[^\s=]+")  # with blanks it is rather a forgotten = or a sentence
MOST_PARTS = 20


@dataclass(frozen=True, slots=True)
class Path:
    """A way into JSON; `whole`: from the whole body, not from the record."""

    parts: tuple[str, ...]
    whole: bool = False

    def find(self, record: Any, body: Any) -> Any:
        """What stands there; `None`: nothing."""
        found = body if self.whole else record
        for part in self.parts:
            if isinstance(found, dict):
                found = found.get(part)
            elif isinstance(found, list) and part.isdecimal() and len(part) < 6 and int(part) < len(found):
                found = found[int(part)]
            else:
                return None
        return found


@dataclass(frozen=True, slots=True)
class Constant:
    """The same words for every record."""

    text: str

    def find(self, record: Any, body: Any) -> Any:  # noqa: ARG002 - stands where a path may stand
        """The words."""
        return self.text


@dataclass(frozen=True, slots=True)
class Condition:
    """Whether something stands at `path` or, with `values`, whether it is one of them."""

    path: Path
    values: frozenset[str] = frozenset()

    def holds(self, record: Any, body: Any) -> bool:
        """False, 0, "" and what is empty count as nothing."""
        found = self.path.find(record, body)
        return _text(found) in self.values if self.values else bool(found)


def path_of(text: str) -> Path:
    """Raises `ValueError`."""
    first, *rest = (part.strip() for part in text.split("."))
    parts = rest if first == WHOLE else [first, *rest]
    if not all(map(_KEY.fullmatch, parts)) or not (parts or first == WHOLE) or len(parts) > MOST_PARTS:
        raise ValueError(
            f"{text!r} is no path: write keys with dots between them, such as review.body, or =words for a constant"
        )
    return Path(tuple(parts), whole=first == WHOLE)


def taken_from(text: str) -> Path | Constant:
    """A path, or behind `=` a constant. Raises `ValueError`."""
    if text.startswith("="):
        if not text[1:].strip():
            raise ValueError("nothing stands behind =; write the words, such as =Web shop")
        return Constant(text[1:].strip())
    return path_of(text)


def condition_of(text: str) -> Condition:
    """Raises `ValueError`."""
    path, equals, values = text.partition("=")
    known = frozenset(value.strip() for value in values.split(",") if value.strip())
    if equals and (not known or any(value.startswith("=") for value in known)):
        raise ValueError(f"{text!r} compares with nothing; write the values behind =, such as event = deleted, removed")
    try:
        return Condition(path_of(path.strip()), known)
    except ValueError:
        raise ValueError(f"{text!r} is no condition; write a path, or a path = a value") from None


def _text(value: Any) -> str:
    """A value of JSON as it is written in a condition."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "null" if value is None else str(value)
