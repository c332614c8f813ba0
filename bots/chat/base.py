"""The contract of an outlet: one place where alerts are told.

An outlet makes one attempt and says what came of it; the courier (`bots/chat/courier.py`) keeps order, waits, tries
again and remembers what was told. After a crash a message may be sent a second time, with the same `key`: an outlet
hands the key to its network, so that the second one is recognised.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar, TypeAlias

import aiohttp
import msgspec
from pydantic import Field

from config.schema import Section
from config.units import Duration
from streams.records import Alert


class Message(msgspec.Struct, frozen=True):
    """What is to be told: an alert that began or ended. `display` is the brand's name as people read it."""

    alert: Alert
    display: str

    @property
    def key(self) -> str:
        """The same for the same event, however often it is sent; letters, digits, - and _ only."""
        return f"{self.alert.fingerprint}-{self.alert.state}-{self.alert.started_at:%Y%m%dT%H%M%S%f}"


class Delivered(msgspec.Struct, frozen=True):
    """The destination has it."""


class RetryLater(msgspec.Struct, frozen=True):
    """Not now; `after` seconds if the destination said so."""

    reason: str
    after: float | None = None


class Refused(msgspec.Struct, frozen=True):
    """Never in this form: a wrong address, no permission, a message the destination does not take."""

    reason: str


Outcome: TypeAlias = Delivered | RetryLater | Refused


class OutletOptions(Section):
    """Options every outlet has."""

    enabled: bool = Field(default=True, description="Whether to tell it anything.")
    timeout: Duration = Field(default=timedelta(seconds=15), description="How long one attempt may take.")
    tries: Annotated[int, Field(ge=1, le=1_000)] = Field(
        default=20, description="Attempts before a message becomes a dead letter; with the default waits about an hour."
    )
    first_wait: Duration = Field(
        default=timedelta(seconds=1), description="Wait after the first failed attempt; it doubles from try to try."
    )
    longest_wait: Duration = Field(default=timedelta(minutes=5), description="The longest wait between two attempts.")


class Tools(msgspec.Struct, frozen=True):
    """What an outlet is given: it opens no connection and reads no clock of its own."""

    session: aiohttp.ClientSession
    now: Callable[[], datetime]


class Outlet(ABC):
    """One destination."""

    name: ClassVar[str]
    options_type: ClassVar[type[OutletOptions]]

    def __init__(self, options: Any, tools: Tools) -> None:
        self.options, self.tools = options, tools

    @abstractmethod
    async def send(self, message: Message) -> Outcome:
        """One attempt. Raises nothing for what a network or a server may do."""
