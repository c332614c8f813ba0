"""Where a post was said, as the config of a brand names places: on the brand's own ground, at a hub, or elsewhere.

A place is named by the network (`discord`), by the venue as the network writes it (`r/fairphone`), by what the venue is
part of (`Fairphone Fans` for `Fairphone Fans #help`, `owner` for `owner/name`), or by a domain of the post's address.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Final

from streams.records import Author, Post

HOME, HUB, HUB_AUTHOR = 8, 16, 32  # bits of `flags`: said on own ground, at a hub, by an account listed as a hub
_REMEMBERED: Final = 10_000  # places; there are few, and whoever invents more is looked up each time
_SCHEME = re.compile(r"^https?://(www\.)?", re.IGNORECASE)


def folded(name: str) -> str:
    """A place or account as it is compared: without @ or https://, case folded."""
    return _SCHEME.sub("", name.strip()).rstrip("/").lstrip("@").casefold()


class Places:
    """The places of one brand."""

    def __init__(self, own: Collection[str] = (), domains: Collection[str] = (), hubs: Collection[str] = ()) -> None:
        self._own = {name for raw in (*own, *domains) if (name := folded(raw))}
        self.hubs = frozenset(name for raw in hubs if (name := folded(raw)))
        self._known: dict[tuple[str, str, str], int] = {}

    def flags(self, post: Post, author: Author) -> int:
        """The bits of a post."""
        if not (self._own or self.hubs):
            return 0
        key = post.platform, post.venue or "", _host(post.url)
        place = self._known.get(key)
        if place is None:
            place = self._place(*key)
            if len(self._known) < _REMEMBERED:
                self._known[key] = place
        listed = self.hubs and (folded(author.id) in self.hubs or folded(author.handle) in self.hubs)
        return place | HUB_AUTHOR if listed else place

    def _place(self, platform: str, venue: str, host: str) -> int:
        names = {*_venue(venue), *_domains(host)}
        home = HOME if names & self._own else 0
        return home | HUB if (names | {folded(platform)}) & self.hubs else home


def _host(url: str | None) -> str:
    """Of a web address; empty for anything else."""
    rest = (url or "").partition("://")[2]
    return rest.partition("/")[0].partition(":")[0]


def _venue(name: str) -> Iterator[str]:
    """The venue, and what it is part of."""
    whole = folded(name)
    yield from {whole, whole.partition("/")[0], whole.partition(" #")[0]} - {""}


def _domains(host: str) -> Iterator[str]:
    """The host and every domain above it that has a dot."""
    rest = host.casefold()
    while "." in rest:
        yield rest
        rest = rest.partition(".")[2]
