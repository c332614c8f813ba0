"""What is asked with `silence`: which alerts, for how long or until when, and why; in English or Spanish words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import Final

import msgspec

from bots.commands.grammar import NotUnderstood, is_window

USUAL: Final = "2h"
"""How long, when nothing is said of it."""
USAGE: Final = "silence MATCHER… [for 2h | until TIME] [because …], silence list, silence end ID"
_FOR: Final = ("for", "por", "durante")
_UNTIL: Final = ("until", "hasta")
_BECAUSE: Final = ("because", "porque")
_LIST: Final = ("list", "lista")
_END: Final = ("end", "fin", "termina")


class Wish(msgspec.Struct, frozen=True):
    """What was understood. `what`: matchers, or words that name a brand, rule or alert."""

    what: tuple[str, ...] = ()
    length: str = ""
    until: datetime | None = None
    comment: str = ""
    end: str = ""  # the id of a silence
    listing: bool = False


def understand(text: str | None) -> Wish:
    """`"fairphone for 2h because we know"` -> the wish. Raises `NotUnderstood`."""
    words = (text or "").split()
    if not words or (words[0].casefold() in _LIST and len(words) == 1):
        return Wish(listing=True)
    if words[0].casefold() in _END:
        if len(words) != 2:
            raise NotUnderstood("which silence ends? `silence list` shows their ids; then: silence end ID")
        return Wish(end=words[1])
    words, comment = _cut(words, _BECAUSE)
    words, until = _cut(words, _UNTIL)
    what, length = _length(words)
    if until and length:
        raise NotUnderstood(f"either how long, or until when; it is written: {USAGE}")
    if not what:
        raise NotUnderstood(f"which alerts? It is written: {USAGE}")
    end = _time(until) if until else None
    return Wish(tuple(what), "" if end else (length or USUAL), end, comment)


def with_reason(text: str | None) -> tuple[str | None, str]:
    """`"fairphone because we know"` -> `("fairphone", "we know")`."""
    words, comment = _cut((text or "").split(), _BECAUSE)
    return " ".join(words) or None, comment


def _cut(words: Sequence[str], marks: Sequence[str]) -> tuple[list[str], str]:
    """The words before the mark, and those after it."""
    at = next((number for number, word in enumerate(words) if word.casefold() in marks), len(words))
    return list(words[:at]), " ".join(words[at + 1 :])


def _length(words: Sequence[str]) -> tuple[list[str], str]:
    for word, following in pairwise((*words, "")):
        if word.casefold() in _FOR and not is_window(following):
            raise NotUnderstood(f"{following[:40]!r} is no length, such as 90m, 2h or 1d; it is written: {USAGE}")
    lengths = [word.lower() for word in words if is_window(word)]
    if len(lengths) > 1:
        raise NotUnderstood(f"more than one length; it is written: {USAGE}")
    rest = [word for word in words if not is_window(word) and word.casefold() not in _FOR]
    return rest, lengths[0] if lengths else ""


def _time(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise NotUnderstood(f"{text[:40]!r} is no time, such as 2026-11-28T09:00+01:00") from error
    if found.tzinfo is None:
        raise NotUnderstood(f"{text[:40]!r} has no time zone: add Z for UTC, or one such as +01:00")
    return found
