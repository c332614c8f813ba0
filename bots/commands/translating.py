"""An answer in another language: whole phrases of its sheet, found in a catalogue. What is not there stays English.

As in gettext, the English phrases are the keys, so that sheets need not know of languages. A test asks everything that
can be asked and finds the phrases that are missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from bots.commands.sheet import Sheet
from bots.commands.spanish import LABELS, PHRASES

MOST: Final = 2_000  # characters; nothing of ours is longer
_SLOT: Final = re.compile(r"(\{\}|<>)")


class _Phrase:
    """One entry with its slots."""

    def __init__(self, english: str, spanish: str) -> None:
        parts = _SLOT.split(english)
        self._own, self._translated = parts[::2], [slot == "<>" for slot in parts[1::2]]
        self._spanish = _SLOT.split(spanish)

    def of(self, text: str) -> str | None:
        """The phrase in Spanish, when the text is this phrase."""
        found = between(text, self._own)
        if found is None:
            return None
        inside = [spanish(each) if put else each for each, put in zip(found, self._translated, strict=True)]
        return "".join(_filled(self._spanish, iter(inside)))


def between(text: str, own: Sequence[str]) -> list[str] | None:
    """What stands between the pieces of a phrase, something each time; None where they are not all there.

    The first place of each piece is as good as any later one, so that no other is tried. A regular expression would try
    them all: minutes, for a text that was made for it.
    """
    first, *middle, last = own
    at, end = len(first), len(text) - len(last)
    if not (text.startswith(first) and text.endswith(last)):
        return None
    found: list[str] = []
    for piece in middle:
        place = text.find(piece, at + 1, end - 1)
        if place < 0:
            return None
        found.append(text[at:place])
        at = place + len(piece)
    return [*found, text[at:end]] if at < end else None


def _filled(parts: list[str], inside: Iterator[str]) -> Iterator[str]:
    for part in parts:
        yield next(inside) if _SLOT.fullmatch(part) else part


def _exact(pair: tuple[str, str]) -> tuple[int, int]:
    """How many letters of a phrase are its own, and in how many pieces they stand."""
    own = [part for part in _SLOT.split(pair[0]) if part and not _SLOT.fullmatch(part)]
    return sum(map(len, own)), len(own)


# The most exact ones first: "4 authors wrote half of it" is also something "of it".
_WITH_SLOTS: Final = [
    _Phrase(*pair) for pair in sorted(PHRASES.items(), key=_exact, reverse=True) if "{}" in pair[0] or "<>" in pair[0]
]


def spanish(text: str) -> str:
    """A phrase in Spanish; what is not in the catalogue is left as it is."""
    if text in PHRASES or len(text) > MOST:
        return PHRASES.get(text, text)
    return next((found for phrase in _WITH_SLOTS if (found := phrase.of(text)) is not None), text)


def spanish_sheet(sheet: Sheet) -> Sheet:
    """Title, heads, names of rows, cells and notes."""
    rows = [(LABELS.get(row[0], row[0]), *(_cell(cell, sheet) for cell in row[1:])) for row in sheet.rows]
    head = [LABELS.get(each, each) for each in sheet.head]
    return Sheet(spanish(sheet.title), rows, head, [spanish(note) for note in sheet.notes])


def _cell(cell: str, sheet: Sheet) -> str:
    """In a table with heads a single word is somebody's: a handle, or what a circle talks of."""
    return cell if sheet.head and " " not in cell else spanish(cell)
