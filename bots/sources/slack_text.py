"""Slack's mrkdwn to plain text, with who and what it names (docs.slack.dev/messaging/formatting-message-text)."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import msgspec

from bots.sources.markup import MOST_LINKS, tidy, web_address

_TOKEN = re.compile(r"<([^<>\n]+)>")
_MARKS = re.compile(r"(?<![\w:])(?:[*_~]|`{1,3})+(?=\S)|(?<=[^\s:])(?:[*_~]|`{1,3})+(?![\w:])")
_QUOTE = re.compile(r"^(?:&gt;)+ ?", re.MULTILINE)
Name = Callable[[str], str | None]


class Text(msgspec.Struct):
    """What a person reads, and in their order the web addresses and the people's ids in it."""

    plain: str
    links: tuple[str, ...] = ()
    people: tuple[str, ...] = ()


def people_in(source: str) -> list[str]:
    """The ids of those who are mentioned."""
    return [inside[1:].partition("|")[0] for inside in _TOKEN.findall(source) if inside.startswith("@")]


def read_mrkdwn(source: str, person: Name, channel: Name) -> Text:
    """Text and what it names; `person` and `channel` give names to ids that stand without one."""
    links, parts, end = list[str](), list[str](), 0
    for found in _TOKEN.finditer(source):
        parts += [_unmarked(source[end : found.start()]), _named(found[1], person, channel, links)]
        end = found.end()
    parts.append(_unmarked(source[end:]))
    people = tuple(dict.fromkeys(people_in(source)))
    return Text(tidy("".join(parts)), tuple(dict.fromkeys(links))[:MOST_LINKS], people)


def _named(inside: str, person: Name, channel: Name, links: list[str]) -> str:
    target, _, label = inside.partition("|")
    label = unescape(label)
    if target.startswith("@"):
        return f"@{label or person(target[1:]) or target[1:]}"
    if target.startswith("#"):
        return f"#{label or channel(target[1:]) or target[1:]}"
    if target.startswith("!"):  # !here, !subteam^S1|@team, !date^…|words
        return label or f"@{target[1:].partition('^')[0]}"
    address = web_address(unescape(target))
    if address is not None:
        links.append(address)
    return label or unescape(target).removeprefix("mailto:")


def _unmarked(source: str) -> str:
    return unescape(_MARKS.sub("", _QUOTE.sub("", source)))
