"""What is still to be read of Discord's channels after a start or a lost session: the tasks in the resume point.

A room is a channel with its threads. While it has tasks, live messages are told but do not move its `since`; when the
last task is done, everything until its reading began has been told.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from bots.sources.discord_forms import FORUMS, THREADED, Channel, snowflake
from bots.sources.discord_rooms import Rooms, rests_since
from bots.sources.second_looks import Threads
from bots.wire.discord_frames import Session

ARCHIVE = "archive"  # the task of looking for threads that were in use meanwhile and rest again


class Room(msgspec.Struct):
    """`since` (Unix s): what was said before has been told. `tasks`: by place, behind which number to go on."""

    since: float
    began: float = 0.0
    tasks: dict[str, str] = {}
    turn: int = 0
    stale: bool = False  # another session began meanwhile: read it once more


class Place(msgspec.Struct):
    """The resume point."""

    session: Session | None = None
    rooms: dict[str, Room] = {}
    told: Threads = {}
    turn: int = 0


class Backlog:
    """Works on the rooms of a resume point, in place. Times are Unix seconds."""

    def __init__(self, place: Place, rooms: Rooms, overlap_s: float) -> None:
        self._place, self._rooms, self._overlap_s = place, rooms, overlap_s

    def keep(self) -> bool:
        """Forget the rooms that are not followed any more; whether there are new ones."""
        place = self._place
        place.rooms = {name: room for name, room in place.rooms.items() if name in self._rooms.rooms}
        return place.rooms.keys() != self._rooms.rooms.keys()

    def plan(self, active: Iterable[Channel], now: float, first_s: float, *, all_rooms: bool) -> None:
        """Read what every room, or every new one, has since it was read last: a session has begun."""
        place, threads = self._place, list(active)
        for name, channel in self._rooms.rooms.items():
            if name in place.rooms and not all_rooms:
                continue
            room = place.rooms.setdefault(name, Room(now - first_s))
            if room.tasks:
                room.stale = True
            else:
                self._begin(room, channel, [thread for thread in threads if thread.parent_id == name], now)

    def _begin(self, room: Room, channel: Channel, threads: Iterable[Channel], now: float) -> None:
        room.began, room.stale = now, False
        start = snowflake(self.start(room))
        places = [*threads] if channel.type in FORUMS else [channel, *threads]
        room.tasks = {each.id: str(start) for each in places if _has_since(each, start)}
        if channel.type in THREADED:
            room.tasks[ARCHIVE] = ""
        if not room.tasks:
            room.since = max(room.since, now)

    def start(self, room: Room) -> float:
        """From when a room is read."""
        return room.since - self._overlap_s

    def next(self) -> tuple[str, str] | None:
        """The room and the place whose turn it is; None: all has been read."""
        waiting = [(room.turn, name) for name, room in self._place.rooms.items() if room.tasks]
        if not waiting:
            return None
        name = min(waiting)[1]
        self._place.rooms[name].turn = self._place.turn
        return name, next(iter(self._place.rooms[name].tasks))

    def found(self, room: Room, threads: Iterable[Channel]) -> bool:
        """Threads that rest: those in use since the room was read are read, too. Whether later pages may have more."""
        start, more = self.start(room), True
        for thread in threads:
            at = rests_since(thread)
            if at is not None and at.timestamp() < start:
                more = False
            elif _has_since(thread, snowflake(start)):
                room.tasks.setdefault(thread.id, str(snowflake(start)))
        return more

    def go_on(self, name: str, task: str, more: str | None, now: float, active: Iterable[Channel]) -> None:
        """A page was read. With the last one of all tasks the room has been read until its reading began."""
        room = self._place.rooms[name]
        if more is not None:
            room.tasks[task] = more
            return
        room.tasks.pop(task, None)
        if room.tasks:
            return
        room.since = max(room.since, room.began)
        if room.stale:
            threads = [thread for thread in active if thread.parent_id == name]
            self._begin(room, self._rooms.rooms[name], threads, now)

    def heard(self, name: str, at: float, now: float) -> Room:
        """Something was said live in a room. What is dated in the future does not hide what comes before it."""
        room = self._place.rooms.setdefault(name, Room(at or now))
        if not room.tasks:
            room.since = max(room.since, min(at, now))
        return room

    def drop(self, place: str) -> None:
        """A place cannot be read any more. A room keeps its turn: at the next start it comes last."""
        for name, room in self._place.rooms.items():
            if name == place:
                room.tasks.clear()
            room.tasks.pop(place, None)


def _has_since(channel: Channel, start: int) -> bool:
    """Whether something was said there from a number on; the last message may have been deleted."""
    last = channel.last_message_id
    return last is not None and last.isdecimal() and int(last) >= start
