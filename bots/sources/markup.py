"""HTML to plain text, and the links in it."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

MOST_HTML = 1024 * 1024  # characters; the rest of a longer page is not read
MOST_LINKS = 200
_PARAGRAPHS = frozenset(
    ["article", "blockquote", "div", "h1", "h2", "h3", "h4", "h5", "h6", "ol", "p", "pre", "table", "ul"]
)
_BLOCKS = _PARAGRAPHS | frozenset(["address", "aside", "br", "dd", "dl", "dt", "figcaption", "hr", "li", "tr"])
_HIDDEN = frozenset({"script", "style", "template", "head", "noscript", "svg"})
_SPACES = re.compile(r"[ \t\r\f\v\u00a0]+")
_BREAKS = re.compile(r" *\n *")
_GAPS = re.compile(r"\n{3,}")


def read_html(html: str, base: str = "") -> tuple[str, tuple[str, ...]]:
    """The text a person would read, paragraphs apart, and the web addresses it links to, in order, each once."""
    reader = _Reader(base)
    reader.feed(html[:MOST_HTML])
    reader.close()
    return tidy("".join(reader.text)), tuple(dict.fromkeys(reader.links))[:MOST_LINKS]


def tidy(text: str) -> str:
    """Runs of blanks as one, no blanks at the ends of lines, at most one empty line."""
    return _GAPS.sub("\n\n", _BREAKS.sub("\n", _SPACES.sub(" ", text))).strip()


def web_address(address: str, base: str = "") -> str | None:
    """The absolute http(s) address, or None for anything else."""
    if not address.strip():
        return None
    try:
        joined = urljoin(base, address.strip())
        parts = urlsplit(joined)
    except ValueError:
        return None
    return joined if parts.scheme in ("http", "https") and parts.netloc else None


class _Reader(HTMLParser):
    def __init__(self, base: str) -> None:
        super().__init__(convert_charrefs=True)
        self.text: list[str] = []
        self.links: list[str] = []
        self._base, self._hidden = base, 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _HIDDEN:
            self._hidden += 1
        elif tag in _BLOCKS:
            self.text.append("\n\n" if tag in _PARAGRAPHS else "\n")
        elif tag == "a":
            found = web_address(dict(attrs).get("href") or "", self._base)
            if found is not None:
                self.links.append(found)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _HIDDEN:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag in _HIDDEN:
            self._hidden = max(0, self._hidden - 1)
        elif tag in _PARAGRAPHS:
            self.text.append("\n\n")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.text.append(data.replace("\n", " "))
