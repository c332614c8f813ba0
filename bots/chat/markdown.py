"""A document in the Markdown of Discord and Mattermost."""

from __future__ import annotations

import re
from typing import Final

from bots.chat.drawing import Markup
from config.language import Lang

_MARKS: Final = re.compile(r"([\\`*_\[\]()|~>])")
_BEGINS: Final = re.compile(r"^(\d*)([#+.)-])")  # at the start of a line: headings, lists, small print, rules
_UNDERLINE: Final = re.compile(r"^=")  # makes a heading of the line above; knows no backslash
_OF_LINKS: Final = str.maketrans({"(": "%28", ")": "%29", "`": "%60", "|": "%7C"})


class Markdown(Markup[str]):
    """`extra`: further characters that the chat gives a meaning to, and shows after a backslash."""

    def __init__(self, lang: Lang = "en", extra: str = "") -> None:
        super().__init__(lang)
        self._extra = re.compile(f"([{re.escape(extra)}])") if extra else None

    def title(self, text: str) -> str:
        """Bold."""
        return f"**{self.escape(text)}**"

    def heading(self, text: str) -> str:
        """Bold, after an empty line."""
        return f"\n**{self.escape(text)}**"

    def line(self, text: str) -> str:
        """As it is."""
        return self.escape(text)

    def quote(self, text: str, url: str) -> str:
        """A block; without the empty line after it Mattermost would take the next line into it."""
        return f"> {self.escape(text)}" + (f" {anchor(url, self.post)}" if url else "") + "\n"

    def link(self, url: str) -> str:
        """By its label."""
        return anchor(url, self.more)

    def escape(self, text: str) -> str:
        """The text as it is meant to be read."""
        found = _MARKS.sub(r"\\\1", text)
        found = found if self._extra is None else self._extra.sub(r"\\\1", found)
        return _UNDERLINE.sub("\u200b=", _BEGINS.sub(r"\1\\\2", found))


def anchor(url: str, label: str) -> str:
    """A link; parentheses would end it, and two backticks in two links make code of all between them."""
    return f"[{label}]({url.translate(_OF_LINKS)})"
