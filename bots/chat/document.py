"""What is told in a chat, before any markup: alerts, digests and answers alike. Each outlet draws it in its own way.

Nothing in here is escaped or shortened: the outlet does that, for only it knows its markup and its limits
(`bots/chat/text.py` has the means). Quotes are what strangers wrote; titles and lines may hold names that they chose.
"""

from __future__ import annotations

import msgspec


class Quote(msgspec.Struct, frozen=True):
    """A post as somebody wrote it, and where it stands (no address: "")."""

    text: str
    url: str = ""


class Part(msgspec.Struct, frozen=True):
    """A heading, the lines below it, the posts behind it."""

    title: str = ""
    lines: tuple[str, ...] = ()
    quotes: tuple[Quote, ...] = ()


class Document(msgspec.Struct, frozen=True):
    """A title, its parts, and where to see more (no address: "")."""

    title: str
    parts: tuple[Part, ...] = ()
    link: str = ""


class Picture(msgspec.Struct, frozen=True):
    """A chart: a PNG, and what it shows in words for those who cannot see it."""

    png: bytes
    alt: str
