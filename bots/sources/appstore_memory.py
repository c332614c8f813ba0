"""What is remembered of the App Store between two looks: the resume point, with bounds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from bots.sources.appstore_reviews import PLATFORM, Review
from streams.records import Post

MOST_SEEN = 5_000  # reviews remembered in all, but of each feed at least a page


class Seen(msgspec.Struct, array_like=True):
    """A review told of: how it looked, when it was written (Unix time), whether the last look missed it."""

    looks: str
    written: int
    missed: bool = False


class Feed(msgspec.Struct):
    """One app in one country. Everything written before `floor` counts as told."""

    looked: float = 0.0
    deep: float = 0.0
    begun: bool = False
    floor: int = 0
    seen: dict[str, Seen] = {}

    def op(self, review: Review) -> Literal["create", "update"] | None:
        """What to tell of a review; None: nothing, it has been told as it is."""
        known = self.seen.get(review.native)
        if known is not None:
            return None if known.looks == review.looks else "update"
        return "create" if review.written >= self.floor else None

    def tell(self, review: Review) -> Post:
        """The post of a review that is new or changed, which counts as told from here on."""
        op = self.op(review) or "update"
        self.seen[review.native] = Seen(review.looks, review.written)
        return msgspec.structs.replace(review.post, op=op)

    def gone(self, reviews: Sequence[Review]) -> list[Post]:
        """Deletions: reviews missed by two looks that showed older and newer ones (one look may be a stale copy)."""
        if not reviews:
            return []
        written = [review.written for review in reviews]
        there, start, end = {review.native for review in reviews}, min(written), max(written)
        lost = []
        for native, seen in self.seen.items():
            if native in there:
                seen.missed = False
            elif start < seen.written < end and seen.missed:
                lost.append(native)
            elif start < seen.written < end:
                seen.missed = True
        for native in lost:
            del self.seen[native]
        return [Post(id=f"{PLATFORM}:{native}", op="delete", platform=PLATFORM) for native in lost]

    def forget(self, feeds: int) -> None:
        """Those written first, beyond the most."""
        beyond = len(self.seen) - max(50, MOST_SEEN // feeds)
        for native in sorted(self.seen, key=lambda native: self.seen[native].written)[: max(0, beyond)]:
            self.floor = max(self.floor, self.seen.pop(native).written + 1)


class Place(msgspec.Struct):
    """The resume point: `<country>/<app>` -> what is remembered."""

    feeds: dict[str, Feed] = {}
    latest: float = 0.0

    def stamp(self, name: str, now: float) -> None:
        """A look at a feed is over; its time is later than that of all before, so that a restart begins elsewhere."""
        self.latest = self.feeds[name].looked = max(now, self.latest + 0.001)
