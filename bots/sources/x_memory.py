"""What is kept of X in the resume point: how far it was read, what is to be searched for, what is looked at again.

All of it is bounded: `recheck` posts, `MOST_HOLES` stretches of time.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal

import msgspec

from bots.sources.lru import Lru
from bots.sources.x_posts import Read

DAY_S = 86_400
OVERLAP_S = 60.0  # posts reach the stream some seconds late
MOST_HOLES = 20
_GONE = 2**63  # above every id: nothing that comes later brings a deleted post back


class Seen(msgspec.Struct, array_like=True):
    """A post told of: its newest version, when it was told (Unix time), how often it was looked at since."""

    newest: int
    told: int
    looks: int = 0


class Hole(msgspec.Struct):
    """A stretch of time (Unix) to search; `query` and `page` say how far that has come."""

    start: float
    end: float
    query: int = 0
    page: str = ""

    @property
    def begun(self) -> bool:
        """Whether some of it has been searched."""
        return bool(self.query or self.page)


class Place(msgspec.Struct):
    """The resume point. `at`: the stream was read up to here; `reads`: posts paid for on day `day` (since 1970), of
    them `again` by second looks.
    """

    at: float = 0.0
    day: int = 0
    reads: int = 0
    again: int = 0
    turn: int = 0
    queries: str = ""
    holes: list[Hole] = []
    seen: dict[str, Seen] = {}

    def left(self, most: int, now: float) -> int:
        """How many posts may still be read today."""
        if self.day != int(now) // DAY_S:
            self.day, self.reads, self.again = int(now) // DAY_S, 0, 0
        return max(0, most - self.reads) if most else _GONE

    def left_for_looks(self, most: int, now: float) -> int:
        """How many of them by second looks: half of a day's posts are kept for new ones."""
        return min(self.left(most, now), max(0, most // 2 - self.again)) if most else _GONE

    def missed(self, start: float, end: float) -> None:
        """Nobody listened meanwhile."""
        for hole in self.holes:
            if not hole.begun and start <= hole.end and end >= hole.start:
                hole.start, hole.end = min(hole.start, start), max(hole.end, end)
                return
        self.holes.append(Hole(start, end))
        if len(self.holes) > MOST_HOLES:
            last = self.holes.pop()
            self.holes[-1].end = max(last.end, self.holes[-1].end)  # searches what lies between as well


class Memory:
    """Tells what is new from what was told, and what is due for another look."""

    def __init__(self, place: Place, waits_s: Sequence[float], most: int, paid: Lru[int, int]) -> None:
        """`paid`: versions and the day they were read on, for X counts each once a day."""
        self.place, self._waits_s, self._most, self._paid = place, waits_s, most, paid
        self._told: Lru[str, int] = Lru(50_000)  # newest versions, also of posts that are not looked at again

    def pay(self, read: Read, now: float) -> None:
        """A post has come from X."""
        day = int(now) // DAY_S
        if self._paid.get(read.version) != day:
            self._paid.put(read.version, day)
            self.place.left(0, now)
            self.place.reads += 1

    def news(self, read: Read, now: float) -> Literal["create", "update"] | None:
        """What a post is to those who know what was told; None: nothing new."""
        known = self.place.seen.get(read.first)
        told = self._told.get(read.first) or (known.newest if known else None)
        if told is not None and told >= read.version:
            return None
        self._told.put(read.first, read.version)
        if self._most:
            self.place.seen.pop(read.first, None)
            self.place.seen[read.first] = Seen(read.version, int(now))
        while len(self.place.seen) > self._most:
            del self.place.seen[next(iter(self.place.seen))]
        if told is not None or read.post.op == "update":
            return "update"
        return "create"

    def gone(self, first: str) -> bool:
        """It is not there any more; whether it had been told."""
        self._told.put(first, _GONE)
        return self.place.seen.pop(first, None) is not None

    def due(self, now: float, most: int) -> dict[str, str]:
        """Posts to look at again, by the id of their newest version; those that wait longest come first."""
        waiting = [
            (seen.told + self._waits_s[seen.looks], seen.looks, first)
            for first, seen in self.place.seen.items()
            if seen.looks < len(self._waits_s)
        ]
        first_due = sorted(each for each in waiting if each[0] <= now)[:most]
        return {str(self.place.seen[first].newest): first for _, _, first in first_due}

    def looked(self, first: str) -> None:
        """A look is done."""
        if (seen := self.place.seen.get(first)) is not None:
            seen.looks += 1


def moment(seconds: float) -> datetime:
    """A Unix time as a date."""
    return datetime.fromtimestamp(seconds, UTC)
