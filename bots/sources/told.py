"""What was told of a chat, by place and day: decides what is news, and what is to be looked at again.

A place is a channel or a thread. Messages told on one day in one place are looked at together, as a network gives out
messages by pages: `second_looks` keeps them, with its bounds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal

import msgspec

from bots.sources.base import Bad
from bots.sources.second_looks import SecondLooks, Threads
from streams.records import Post

DAY_S = 86_400
SETTLE_S = 30.0  # younger ones may be missing on a page that was made up meanwhile


class Said(msgspec.Struct, frozen=True):
    """A message: its place, its name there, when it was said (Unix s), and its post (None: nothing to tell of)."""

    place: str
    name: str
    at: float
    post: Post | None


class Names(msgspec.Struct, frozen=True):
    """How a network names things: a post's id from place and name, and the time (Unix s) that a name holds."""

    post_id: Callable[[str, str], str]
    time_of: Callable[[str], float]


class Told:
    """Works on the `threads` of a resume point, in place."""

    def __init__(self, threads: Threads, names: Names, now: Callable[[], float], waits_s: Sequence[float]) -> None:
        self._looks, self._names, self._now = SecondLooks(threads, waits_s), names, now

    def tell(self, said: Said, after: float, *, edit: bool = False) -> list[Post]:
        """What is new about a message: nothing, or one post.

        What is not remembered was told long ago if it was said at or before `after` (Unix s), and is news otherwise. An
        `edit` of the former is told all the same.
        """
        day = _day(said.place, said.at)
        if said.post is None:
            return self.gone(said.place, said.name)
        known = self.knows(said.place, said.name)
        if not known and said.at <= after:
            return [msgspec.structs.replace(said.post, op="update")] if edit else []
        op: Literal["create", "update"] | None = self._looks.news(day, said.name, said.post.text, self._now())
        return [msgspec.structs.replace(said.post, op=op)] if op else []

    def knows(self, place: str, name: str) -> bool:
        """Whether a message is remembered."""
        known = self._looks.threads.get(_day(place, self._names.time_of(name)))
        return known is not None and name in known.posts

    def gone(self, place: str, name: str, *, after: float | None = None) -> list[Post]:
        """The deletion of a message that was told: remembered, or said at or before `after`."""
        at = self._names.time_of(name)
        known = self._looks.gone(_day(place, at), [name])
        if not known and (after is None or at > after):
            return []
        post_id = self._names.post_id(place, name)
        return [Post(id=post_id, op="delete", platform=post_id.partition(":")[0])]

    def missing(self, place: str, low: float, high: float, there: Iterable[str]) -> list[str]:
        """Names of told messages from `low` to `high` (Unix s) that are not `there`, though they should be."""
        high, seen = min(high, self._now() - SETTLE_S), set(there)
        return [name for name in self.all(place) if name not in seen and low <= self._names.time_of(name) <= high]

    def due(self) -> tuple[str, list[str]] | None:
        """The place whose messages of a day are to be looked at next, and their names in order; None: none is due."""
        days = self._looks.due(self._now(), 1)
        if not days:
            return None
        return days[0].rpartition(" ")[0], sorted(self._looks.told(days[0]), key=self._names.time_of)

    def all(self, place: str) -> list[str]:
        """The names of all that is remembered of a place."""
        days = [day for day in self._looks.threads if day.rpartition(" ")[0] == place]
        return [name for day in days for name in self._looks.told(day)]

    def looked(self, place: str, name: str) -> None:
        """The day of this message has been looked at."""
        self._looks.looked(_day(place, self._names.time_of(name)))

    def look_again(self) -> None:
        """News of what was told may have been missed: all of it is due."""
        self._looks.all_again()

    def forget(self, follows: Callable[[str], bool]) -> None:
        """Forget the places that are not followed any more."""
        for day in [day for day in self._looks.threads if not follows(day.rpartition(" ")[0])]:
            del self._looks.threads[day]


class Page(msgspec.Struct):
    """Messages of one place in order, the records that could not be read, and from when to when (Unix s) it is whole.

    `more`: where the next page begins, None after the last one.
    """

    said: list[Said]
    bad: list[Bad]
    low: float
    high: float
    more: str | None = None
    names: list[str] = []
    """Of all its records, also of those that are nothing to tell of or could not be read."""


def _day(place: str, at: float) -> str:
    return f"{place} {int(at // DAY_S)}"
