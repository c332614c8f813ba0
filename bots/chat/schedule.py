"""Which group is looked at next. Where too many messages wait, groups wait as well, and keep their order."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, Protocol, TypeAlias

from bots.chat.group_table import Group, GroupId
from bots.chat.groups import Destination

LATER: Final = timedelta(seconds=1)
"""How soon it is looked again whether there is room."""
Entry: TypeAlias = tuple[datetime, GroupId]


class Room(Protocol):
    """How many more messages may wait for a destination."""

    def __call__(self, to: Destination, *, every: bool) -> int: ...


class Schedule:
    """`groups` are the caller's; an entry that no longer says when its group is due is skipped."""

    def __init__(self, groups: Mapping[GroupId, Group]) -> None:
        self._groups = groups
        self._heap: list[Entry] = []
        self._held: defaultdict[Destination, list[Entry]] = defaultdict(list)  # heaps too, none of them empty
        self._again: datetime | None = None  # when there may be room for what is held

    def add(self, group: Group) -> None:
        """At its `due`; the entry before this one, if any, counts no more."""
        heapq.heappush(self._heap, (group.state.due, group.id))

    def due(self) -> datetime | None:
        """When `pop` will have something, or has to try; None: never, as things are."""
        while self._heap and not self._is_current(self._heap[0]):
            heapq.heappop(self._heap)
        first = self._heap[0][0] if self._heap else None
        return min((at for at in (first, self._again) if at is not None), default=None)

    def pop(self, now: datetime, room: Room, most: int) -> list[Group]:
        """Up to `most` groups that are due and may be told something; those of one destination in order."""
        found: dict[GroupId, Group] = {}  # one that ended and began again may stand there twice
        left: dict[Destination, int] = {}
        if self._again is not None and self._again <= now:
            for to in list(self._held):
                self._release(to, found, left, room, most)
            self._again = now + LATER if self._held else None
        while self._heap and self._heap[0][0] <= now and len(found) < most:
            entry = heapq.heappop(self._heap)
            if self._is_current(entry) and not self._take(entry, found, left, room):
                heapq.heappush(self._held[self._groups[entry[1]].place.destination], entry)
                self._again = self._again or now + LATER
        return list(found.values())

    def _release(
        self, to: Destination, found: dict[GroupId, Group], left: dict[Destination, int], room: Room, most: int
    ) -> None:
        """As many of those held for a destination as there is room for now."""
        held = self._held.pop(to)
        while held and len(found) < most:
            if self._is_current(held[0]) and not self._take(held[0], found, left, room):
                break
            heapq.heappop(held)
        if held:
            self._held[to] = held

    def _take(self, entry: Entry, found: dict[GroupId, Group], left: dict[Destination, int], room: Room) -> bool:
        """Whether there is room for it, and nobody waits before it."""
        group = self._groups[entry[1]]
        to = group.place.destination
        left.setdefault(to, room(to, every=group.place.every))
        if to in self._held or left[to] <= 0:
            return False
        left[to] -= group.id not in found
        found[group.id] = group
        return True

    def _is_current(self, entry: Entry) -> bool:
        group = self._groups.get(entry[1])
        return group is not None and group.state.due == entry[0]
