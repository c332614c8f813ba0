"""A message as Slack's Block Kit, in `rich_text`, where Slack looks for no markup: words stay words.

Source: docs.slack.dev/reference/block-kit/blocks/rich-text-block.
"""

from __future__ import annotations

import html
from typing import Any, Final

import msgspec

from bots.chat.base import Message
from bots.chat.drawing import Markup, fitted, utf8
from bots.chat.text import as_plain

MOST_BLOCKS: Final = 10_000  # bytes of JSON: beyond about 13,000 Slack says msg_blocks_too_long
MOST_TEXT: Final = 3_000  # of the form without blocks, which Slack shortens at 4,000


class _Piece(msgspec.Struct, frozen=True):
    elements: list[dict[str, Any]]
    quoted: bool = False


class _RichText(Markup[_Piece]):
    def title(self, text: str) -> _Piece:
        return _Piece([_words(text, bold=True)])

    def heading(self, text: str) -> _Piece:
        return _Piece([_words(f"\n{text}", bold=True)])

    def line(self, text: str) -> _Piece:
        return _Piece([_words(text)])

    def quote(self, text: str, url: str) -> _Piece:
        link = [_words(" "), _link(url, self.post)] if url else []
        return _Piece([_words(text), *link], quoted=True)

    def link(self, url: str) -> _Piece:
        return _Piece([_link(url, self.more)])


def blocks(message: Message) -> list[dict[str, Any]]:
    """One block: sections of lines, and quotes between them."""
    found: list[dict[str, Any]] = []
    for piece in fitted(message.document, _RichText(message.lang), MOST_BLOCKS, _size):
        if piece.quoted or not found or found[-1]["type"] == "rich_text_quote":
            kind = "rich_text_quote" if piece.quoted else "rich_text_section"
            found.append({"type": kind, "elements": [*piece.elements]})
        else:
            found[-1]["elements"] += [_words("\n"), *piece.elements]
    return [{"type": "rich_text", "elements": found}]


def fallback(message: Message) -> str:
    """The same for notifications and screen readers; there Slack does look for its <…>."""
    text = as_plain(message.document, MOST_TEXT, _escaped, message.lang)
    return html.escape(text, quote=False)


def _words(text: str, *, bold: bool = False) -> dict[str, Any]:
    return {"type": "text", "text": text or " "} | ({"style": {"bold": True}} if bold else {})


def _link(url: str, label: str) -> dict[str, Any]:
    return {"type": "link", "url": url, "text": label}


def _size(piece: _Piece) -> int:
    return len(msgspec.json.encode(piece)) + 40  # and what is around it


def _escaped(text: str) -> int:
    return utf8(html.escape(text, quote=False))
