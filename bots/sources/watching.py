"""What a source has told of and looks at again, for networks that do not say when a post is edited or deleted.

Numbers are the network's own, rising ones. All of it is kept in the resume point, so it is bounded: at most `most`
posts, and none longer than the last look.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from bots.sources.base import LOOKS_S, Bad
from streams.records import Post


class Known(msgspec.Struct, array_like=True):
    """What is remembered of a post: its id, a hash of what it said, when it was told (Unix time), looks since then."""

    id: str
    said: str
    at: int
    looks: int = 0
    live: bool = True  # False: deleted, or never told


class Read(msgspec.Struct, frozen=True):
    """A record that was read: `what` it became, None where it is not public (any more); `id` is "" where unreadable."""

    number: int
    id: str
    said: str
    what: Post | Bad | None


class News(msgspec.Struct):
    """What there is to tell."""

    posts: list[Post] = []
    bad: list[Bad] = []


class Watch(msgspec.Struct):
    """Posts by number; below `floor` nothing unknown is new."""

    floor: int = 0
    known: dict[int, Known] = {}

    def due(self, now: float) -> list[int]:
        """Numbers whose next look is due, lowest first."""
        return sorted(number for number, known in self.known.items() if now >= known.at + LOOKS_S[known.looks])

    def looked(self, number: int) -> None:
        """One look is done; after the last one the post is forgotten."""
        known = self.known[number]
        known.looks += 1
        if known.looks == len(LOOKS_S):
            self._forget(number)

    def is_news(self, read: Read) -> bool:
        """Whether a record says something that has not been told."""
        before = self.known.get(read.number)
        if before is None:
            return read.number >= self.floor
        return before.said != read.said or read.id not in ("", before.id)

    def tell(self, read: Read, news: News, now: float) -> None:
        """Put into `news` what is new about a record, and remember it."""
        before = self.known.get(read.number)
        if not self.is_news(read):
            return
        if before is not None and read.id and before.id != read.id:  # moved
            self.gone(read.number, news)
        live = before is not None and before.live
        if isinstance(read.what, Post):
            op: Literal["create", "update"] = "update" if live else "create"
            news.posts.append(msgspec.structs.replace(read.what, op=op))
            live = True
        elif read.what is None:
            self.gone(read.number, news)
            live = False
        else:
            news.bad.append(read.what)
        known = before or Known("", "", int(now))
        known.id, known.said, known.live = read.id or known.id, read.said, live
        self.known[read.number] = known

    def gone(self, number: int, news: News) -> None:
        """The post is no longer public; tell it if it has been told of."""
        known = self.known.get(number)
        if known is not None and known.live:
            news.posts.append(Post(id=known.id, op="delete", platform=known.id.partition(":")[0]))
            known.live, known.said = False, ""

    def trim(self, most: int) -> None:
        """Forget the lowest numbers beyond `most`."""
        for number in sorted(self.known)[: max(0, len(self.known) - most)]:
            self._forget(number)

    def _forget(self, number: int) -> None:
        del self.known[number]
        self.floor = max(self.floor, number + 1)
