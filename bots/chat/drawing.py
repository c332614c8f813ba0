"""Draws a document in the markup of a chat, within its limits.

A piece (title, heading, line, quote, link) is cut before it is escaped, between what readers see as characters; what
does not fit as a whole is left out as a whole, from the end, so that no markup is ever cut.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import Final, Generic, TypeVar

from bots.chat.document import Document
from bots.chat.taming import tame, web_url
from config.language import Lang

Piece = TypeVar("Piece")
MOST_TITLE: Final = 200  # characters of each piece, before it is escaped
MOST_LINE: Final = 500
MOST_QUOTE: Final = 280
POST: Final[dict[Lang, str]] = {"en": "post", "es": "publicación"}
MORE: Final[dict[Lang, str]] = {"en": "more", "es": "más"}
LEFT_OUT: Final = "…"


class Markup(ABC, Generic[Piece]):
    """How one chat writes the pieces, as strings or as parts of its JSON.

    It is given tame text, which it has to escape; a quote's `url` may be empty.
    """

    between = "\n"

    def __init__(self, lang: Lang = "en") -> None:
        self.post, self.more = POST[lang], MORE[lang]

    @abstractmethod
    def title(self, text: str) -> Piece:
        """What comes first."""

    @abstractmethod
    def heading(self, text: str) -> Piece:
        """Begins a part."""

    @abstractmethod
    def line(self, text: str) -> Piece:
        """A line of a part."""

    @abstractmethod
    def quote(self, text: str, url: str) -> Piece:
        """Words of somebody else, and where they stand."""

    @abstractmethod
    def link(self, url: str) -> Piece:
        """Where to see more; comes last."""


def draw(document: Document, markup: Markup[str], most: int, measure: Callable[[str], int] = len) -> str:
    """The document in at most `most`, counted as the chat counts: `len` is code points."""
    return markup.between.join(fitted(document, markup, most, lambda piece: measure(piece) + len(markup.between)))


def fitted(document: Document, markup: Markup[Piece], most: int, measure: Callable[[Piece], int]) -> list[Piece]:
    """The pieces that fit, the link always. The title is there whatever `most` says: it has to allow for that."""
    url = web_url(document.link)
    left_out, tail = markup.line(LEFT_OUT), [markup.link(url)] if url else []
    room = most - sum(measure(piece) for piece in [left_out, *tail])
    kept: list[Piece] = []
    for piece in _pieces(document, markup):
        room -= measure(piece)
        if kept and room < 0:
            return [*kept, left_out, *tail]
        kept.append(piece)
    return [*kept, *tail]


def _pieces(document: Document, markup: Markup[Piece]) -> Iterator[Piece]:
    yield markup.title(tame(document.title, MOST_TITLE))
    for part in document.parts:
        if part.title:
            yield markup.heading(tame(part.title, MOST_TITLE))
        for line in part.lines:
            yield markup.line(tame(line, MOST_LINE))
        for quote in part.quotes:
            yield markup.quote(tame(quote.text, MOST_QUOTE), web_url(quote.url))


def utf16(text: str) -> int:
    """UTF-16 code units, in which Telegram counts; never less than code points."""
    return len(text.encode("utf-16-le")) // 2


def utf8(text: str) -> int:
    """Bytes of UTF-8."""
    return len(text.encode())
