"""What is still to be read of Slack's channels after each new connection: the tasks in the resume point.

A channel and the threads in it are read together. While there are tasks, live messages are told but do not move
`since`; when the last task is done, everything until the reading began has been told.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from bots.sources.second_looks import Threads
from bots.sources.slack_pages import Range
from bots.sources.slack_posts import stamp


class Room(msgspec.Struct):
    """`since` (Unix s): what was said before has been told. `tasks`: by thread, the channel itself being ""."""

    since: float
    began: float = 0.0
    tasks: dict[str, Range] = {}
    turn: int = 0
    stale: bool = False  # another connection was made meanwhile: read it once more


class Place(msgspec.Struct):
    """The resume point. `count` numbers the batches that hold envelopes."""

    team: str = ""
    count: int = 0
    rooms: dict[str, Room] = {}
    told: Threads = {}
    turn: int = 0


class Backlog:
    """Works on the rooms of a resume point, in place. Times are Unix seconds."""

    def __init__(self, place: Place, overlap_s: float, threads_s: float) -> None:
        self._place, self._overlap_s, self._threads_s = place, overlap_s, threads_s

    def plan(self, channels: Iterable[str], now: float, first_s: float) -> None:
        """A connection was made: read what every channel has since it was read last."""
        place = self._place
        place.rooms = {name: place.rooms.get(name) or Room(now - first_s) for name in channels}
        for room in place.rooms.values():
            if room.tasks:
                room.stale = True
            else:
                self._begin(room, now)

    def _begin(self, room: Room, now: float) -> None:
        room.began, room.stale = now, False
        tell = room.since - self._overlap_s
        room.tasks = {"": Range(stamp(tell - self._threads_s), stamp(now), tell)}

    def next(self) -> tuple[str, str] | None:
        """The channel and the task whose turn it is; None: all has been read."""
        waiting = [(room.turn, name) for name, room in self._place.rooms.items() if room.tasks]
        if not waiting:
            return None
        name = min(waiting)[1]
        self._place.rooms[name].turn = self._place.turn
        return name, next(iter(self._place.rooms[name].tasks))

    def go_on(self, name: str, task: str, more: str | None, threads: Iterable[str], now: float) -> None:
        """A page was read (`more`: where the next one begins), and threads found that have replies to be read."""
        room = self._place.rooms[name]
        wanted = room.tasks[task]
        for thread in threads:
            room.tasks.setdefault(thread, Range(stamp(wanted.tell), wanted.high, wanted.tell))
        if more is not None:
            wanted.page = more
            return
        del room.tasks[task]
        if room.tasks:
            return
        room.since = max(room.since, room.began)
        if room.stale:
            self._begin(room, now)

    def heard(self, name: str, at: float, now: float) -> Room:
        """Something was said live in a channel."""
        room = self._place.rooms.setdefault(name, Room(at or now))
        if not room.tasks:
            room.since = max(room.since, min(at, now))
        return room

    def drop(self, name: str) -> None:
        """A channel cannot be read. It keeps its turn: at the next start it comes last."""
        if (room := self._place.rooms.get(name)) is not None:
            room.tasks.clear()
