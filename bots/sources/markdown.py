"""Markdown, as people write it in posts, to plain text, and the links in it."""

from __future__ import annotations

import re

from bots.sources.markup import MOST_LINKS, tidy, web_address

_LINK = re.compile(r"!?\[([^\[\]]*)\]\(\s*<?([^\s()<>]*(?:\([^\s()]*\)[^\s()<>]*)?)>?(?:\s+[\"'(][^)]*)?\)")
_BARE = re.compile(r"https?://[^\s<>\"')\]]+")
_BLOCK = re.compile(r"^[ \t]*(?:#{1,6}[ \t]+|(?:>[ \t]?)+|:::.*$|```.*$|~~~.*$|(?:[-*_][ \t]*){3,}$)", re.MULTILINE)
_MARKS = re.compile(r"(?<!\w)(?:[*_`]{1,3}|~~)(?=\S)|(?<=\S)(?:[*_`]{1,3}|~~)(?!\w)")  # not the * of 2 * 3 or a_b
_ANGLES = re.compile(r"<(https?://[^\s<>]+)>")
_HIDDEN = 0xF0000  # private use: where escaped characters wait until the markup is gone
_BACK = re.compile("[\U000f0000-\U000f007f]")
_ESCAPE = re.compile(r"\\([\\`*_{}\[\]()#+\-.!~>|])")


def read_markdown(source: str) -> tuple[str, tuple[str, ...]]:
    """The text a person would read, and the web addresses it links to, in order, each once."""
    found = [match[2] if match.re is _LINK else match[0] for match in _addresses(source)]
    links = [address for link in found if (address := web_address(link.rstrip(".,;:!?")))]
    text = _ESCAPE.sub(lambda match: chr(_HIDDEN + ord(match[1])), source.replace("\r\n", "\n"))
    text = _ANGLES.sub(r"\1", _LINK.sub(r"\1", text))
    text = _MARKS.sub("", _BLOCK.sub("", text))
    text = _BACK.sub(lambda match: chr(ord(match[0]) - _HIDDEN), text)
    return tidy(text), tuple(dict.fromkeys(links))[:MOST_LINKS]


def _addresses(source: str) -> list[re.Match[str]]:
    named = list(_LINK.finditer(source))
    inside = {place for one in named for place in range(one.start(), one.end())}
    bare = [match for match in _BARE.finditer(source) if match.start() not in inside]
    return sorted((*named, *bare), key=lambda match: match.start())
