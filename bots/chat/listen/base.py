"""A question from a chat, and the way back to who asked."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

import msgspec

from bots.chat.base import Message, Outcome, Outlet
from bots.chat.document import Document
from config.language import Lang

WAIT: Final[Mapping[Lang, str]] = {
    "en": "One moment: this number has to be worked out.",
    "es": "Un momento: hay que calcular este número.",
}


class Person(msgspec.Struct, frozen=True):
    """Who asks: the network's id, and what they call themselves (it may be anything)."""

    id: str
    name: str = ""


class Question(msgspec.Struct, frozen=True):
    """What somebody wrote to the bot, without the bot's name. `key` is the event's own: the same when the network
    delivers it twice. `asked_at`: None where the network does not say. `private`: nobody else is in the room.
    `lang`: of the word they saw, where the chat translates it.
    """

    key: str
    text: str
    room: str
    person: Person
    asked_at: datetime | None = None
    private: bool = False
    lang: Lang | None = None


class Reply(ABC):
    """The way back to who asked."""

    @abstractmethod
    async def send(self, message: Message) -> Outcome:
        """One attempt at the answer."""

    async def wait(self, key: str, lang: Lang) -> None:
        """Say that the answer takes a moment; should that fail, the answer itself has to do."""
        await self.send(Message(f"{key}-wait", Document(WAIT[lang]), lang=lang))

    async def name_of(self, person: Person) -> str:
        """What who asked is called, where it has to be asked for."""
        return person.name


class RoomReply(Reply):
    """Into the room, below the message with the question where the chat has that."""

    def __init__(self, outlet: Outlet, to: str) -> None:
        self._outlet, self._to = outlet, to

    async def send(self, message: Message) -> Outcome:
        """By the outlet that tells alerts, too."""
        return await self._outlet.send(message, self._to)


def moment(seconds: float) -> datetime | None:
    """A Unix time, None where it is none: a number that a stranger's server made up."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def key_of(outlet: str, question: Question) -> str:
    """The key of the answer's message."""
    digest = hashlib.sha256(f"{outlet} {question.key}".encode()).hexdigest()
    return f"answer-{digest[:40]}"
