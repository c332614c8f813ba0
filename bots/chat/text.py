"""A document without any markup, and in the little HTML that Matrix and mail programs allow."""

from __future__ import annotations

import html
from collections.abc import Callable

from bots.chat.document import Document
from bots.chat.drawing import Markup, draw
from config.language import Lang

MOST = 12_000


class Plain(Markup[str]):
    """Words only."""

    def title(self, text: str) -> str:
        """As it is."""
        return text

    def heading(self, text: str) -> str:
        """After an empty line."""
        return f"\n{text}"

    def line(self, text: str) -> str:
        """As it is."""
        return text

    def quote(self, text: str, url: str) -> str:
        """In quotation marks; the address follows."""
        return f"“{text}”" + (f" {url}" if url else "")

    def link(self, url: str) -> str:
        """The bare address."""
        return url


class Html(Markup[str]):
    """Every word of others is escaped; only `strong`, `br`, `blockquote` and `a` occur."""

    between = ""

    def title(self, text: str) -> str:
        """Bold."""
        return f"<strong>{escape(text)}</strong>"

    def heading(self, text: str) -> str:
        """Bold, below an empty line."""
        return f"<br><br><strong>{escape(text)}</strong>"

    def line(self, text: str) -> str:
        """A new line."""
        return f"<br>{escape(text)}"

    def quote(self, text: str, url: str) -> str:
        """A block of its own."""
        return f"<blockquote>{escape(text)}{' ' + anchor(url, self.post) if url else ''}</blockquote>"

    def link(self, url: str) -> str:
        """A new line."""
        return f"<br>{anchor(url, self.more)}"


def as_plain(document: Document, most: int = MOST, measure: Callable[[str], int] = len, lang: Lang = "en") -> str:
    """The document without markup, in at most `most`."""
    return draw(document, Plain(lang), most, measure)


def as_html(document: Document, most: int = MOST, measure: Callable[[str], int] = len, lang: Lang = "en") -> str:
    """The document as HTML, in at most `most`."""
    return draw(document, Html(lang), most, measure)


def anchor(url: str, label: str) -> str:
    """A link."""
    return f'<a href="{escape(url)}">{escape(label)}</a>'


def escape(text: str) -> str:
    """For HTML's text and attributes."""
    return html.escape(text, quote=True)
