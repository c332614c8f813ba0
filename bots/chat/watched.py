"""The watches that count: those of rooms and people whom the configuration of today lets ask."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from bots.chat.base import Outlet
from bots.chat.listen.rooms import questions_of, rooms_of
from bots.chat.watches import Watch


class Watched:
    """As they were at the last `refresh`. `outlets`: those that are enabled, by name."""

    def __init__(self, read: Callable[[], list[Watch]], outlets: Mapping[str, Outlet]) -> None:
        self._read, self._outlets = read, outlets
        self._found = self._allowed()

    def all(self) -> Collection[Watch]:
        """Every one that counts."""
        return self._found

    def refresh(self) -> bool:
        """Whether there are others now."""
        before, self._found = self._found, self._allowed()
        return before != self._found

    def _allowed(self) -> list[Watch]:
        return [watch for watch in self._read() if self._may_ask(watch)]

    def _may_ask(self, watch: Watch) -> bool:
        """Watching takes a manager; in private it counts for as long as they are one."""
        outlet = self._outlets.get(watch.outlet)
        questions = None if outlet is None else questions_of(outlet)
        if outlet is None or questions is None:
            return False
        return watch.room in rooms_of(outlet) or (bool(watch.person) and watch.person in questions.manage)
