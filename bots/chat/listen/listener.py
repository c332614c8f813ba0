"""The contract of a listener: one chat in which people ask the bot.

A listener keeps a connection to its network, finds what is meant for the bot, and hands it over as a `Question` with a
`Reply`. Whether it is answered, what, and how fast, is the business of `bots/chat/listen/answering.py`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from random import Random
from typing import ClassVar

import msgspec

from bots.chat.base import Outlet
from bots.chat.listen.base import Question, Reply
from bots.chat.listen.completion import Completion
from bots.chat.listen.door import Door
from bots.chat.listen.memory import Memory
from bots.http import Http

Hear = Callable[[Question, Reply], None]
"""Takes a question; the answer comes later, by the reply."""


class Parts(msgspec.Struct, frozen=True):
    """What a listener is given. `key`: its place in the configuration, such as `outlets.slack`."""

    name: str
    outlet: Outlet
    http: Http
    door: Door
    memory: Memory
    hear: Hear
    completion: Completion
    random: Random

    @property
    def key(self) -> str:
        """Its place in the configuration."""
        return f"outlets.{self.name}"


class Listener(ABC):
    """One chat. `kind`: the outlet's, too."""

    kind: ClassVar[str]

    def __init__(self, parts: Parts) -> None:
        self.parts = parts

    @abstractmethod
    async def run(self) -> None:
        """Listen until cancelled. Raises `Retry` for what may pass, `Misconfigured` for what only a person can mend."""
