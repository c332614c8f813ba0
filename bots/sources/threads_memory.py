"""What is kept of Threads in the resume point: how far each search has come, queries spent, posts told of."""

from __future__ import annotations

import msgspec

from bots.sources.second_looks import Threads

HOUR_S = 3_600
DAY_H = 24


class Search(msgspec.Struct):
    """One search. All before `since` (Unix) was read; of a walk back from the newest: `top`, the newest seen, and where
    its next page begins (`until`, `after`); `turn`: when it last had its turn.
    """

    since: int
    top: int = 0
    until: int = 0
    after: str = ""
    pages: int = 0
    turn: int = 0

    def begin_anew(self, since: int) -> None:
        """A walk is over."""
        self.since, self.top, self.until, self.after, self.pages = since, 0, 0, "", 0


class Place(msgspec.Struct):
    """The resume point. `hours`: queries by hour (since 1970); `looked`: the turn of the last second look."""

    searches: dict[str, Search] = {}
    threads: Threads = {}
    hours: dict[str, int] = {}
    turn: int = 0
    looked: int = 0

    def spend(self, now: float) -> None:
        """A query was made."""
        hour = int(now) // HOUR_S
        self.hours = {name: count for name, count in self.hours.items() if int(name) >= hour - DAY_H}
        self.hours[str(hour)] = self.hours.get(str(hour), 0) + 1

    def wait_s(self, most: int, now: float) -> float:
        """Seconds until there may be another one: a query counts for 24 hours, and here to the end of its last hour."""
        hour = int(now) // HOUR_S
        counted = sorted((int(name), count) for name, count in self.hours.items() if int(name) >= hour - DAY_H)
        spent = sum(count for _, count in counted)
        for name, count in counted:
            if spent < most:
                break
            spent -= count
            wait = (name + DAY_H + 1) * HOUR_S - now
            if spent < most:
                return max(0.0, wait)
        return 0.0
