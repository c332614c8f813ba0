"""Who is answered: rooms and people that the configuration names, and nobody else, not even with a refusal."""

from __future__ import annotations

import logging
from collections import deque
from typing import Final, Literal

from bots.chat.listen.base import Person, Question
from bots.chat.questions_options import Questions
from bots.chat.taming import clean
from bots.sources.lru import Lru

log = logging.getLogger(__name__)
MOST_KNOWN: Final = 1_000  # strangers, and people's paces, that are remembered
PER_MINUTE: Final = 20  # questions of one person
MOST_NAME: Final = 64


class Door:
    """The door of one chat, whose `rooms` are these (`bots/chat/listen/rooms.py`)."""

    def __init__(self, outlet: str, options: Questions, rooms: frozenset[str]) -> None:
        self._outlet, self._rooms = outlet, rooms
        self._managers = frozenset(options.manage)
        self._people = frozenset(options.people) | self._managers if options.people else None
        self._named = frozenset(options.people) | self._managers
        self._strangers: Lru[tuple[str, str], bool] = Lru(MOST_KNOWN)
        self._paces: Lru[str, deque[float]] = Lru(MOST_KNOWN)

    @property
    def rooms(self) -> frozenset[str]:
        """Where it answers, besides in private."""
        return self._rooms

    def knows(self, person: str) -> bool:
        """Whether somebody is named in the configuration."""
        return person in self._named

    def lets_in(self, question: Question) -> bool:
        """Whether to answer. Who is not let in is logged, once."""
        if self.is_open(question.room, question.person.id, private=question.private):
            return True
        stranger = (question.room, question.person.id)
        if self._strangers.get(stranger) is None:
            self._strangers.put(stranger, True)
            log.warning(
                "%s: %s in %s is not answered: not in questions.rooms and questions.people",
                self._outlet,
                _short(question.person.id),
                _short(question.room),
            )
        return False

    def is_open(self, room: str, person: str, *, private: bool = False) -> bool:
        """The same, unsaid."""
        if private:
            return self.knows(person)
        return room in self._rooms and (self._people is None or person in self._people)

    def may_manage(self, person: Person) -> bool:
        """Whether they may change something."""
        return person.id in self._managers

    def pace(self, person: str, now_s: float) -> Literal["fine", "hasty", "flood"]:
        """How fast somebody asks, with this question: the first one beyond `PER_MINUTE` is told so, no other is."""
        asked = self._paces.get(person) or deque[float](maxlen=PER_MINUTE + 1)
        self._paces.put(person, asked)
        while asked and asked[0] <= now_s - 60:
            asked.popleft()
        if len(asked) > PER_MINUTE:
            return "flood"
        asked.append(now_s)
        return "hasty" if len(asked) > PER_MINUTE else "fine"


def _short(text: str) -> str:
    return clean(text)[:MOST_NAME]
