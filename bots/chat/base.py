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

from bots.chat.document import Document, Picture
from bots.chat.limits import RateText
from config.language import Lang
from config.schema import Section
from config.units import Duration
from streams.records import Alert


class Message(msgspec.Struct, frozen=True):
    """What is to be told, ready to be drawn. `key` is the same for the same message, however often it is sent: letters,
    digits, - and _ only, at most 64. `alerts`: those it tells of, for programs; none in an answer or a digest."""

    key: str
    document: Document
    alerts: tuple[Alert, ...] = ()
    lang: Lang = "en"
    picture: Picture | None = None


class Delivered(msgspec.Struct, frozen=True):
    """The destination has it. `pause`: seconds before the next one, where its answer says so (`X-RateLimit-…`)."""

    pause: float = 0.0


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
    timeout: Annotated[Duration, Field(gt=timedelta(0))] = Field(
        default=timedelta(seconds=15), description="How long one request may take."
    )
    tries: Annotated[int, Field(ge=1, le=1_000)] = Field(
        default=20, description="Attempts before a message becomes a dead letter; with the default waits about an hour."
    )
    first_wait: Duration = Field(
        default=timedelta(seconds=1), description="Wait after the first failed attempt; it doubles from try to try."
    )
    longest_wait: Duration = Field(default=timedelta(minutes=5), description="The longest wait between two attempts.")
    rate: RateText = Field(default="10/1s", description="Messages in a time, on average and at once: 1/1s, 20/1m.")
    most_alerts: Annotated[int, Field(ge=1, le=100)] = Field(
        default=10, description="Alerts that one message shows; it counts the others."
    )


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
    async def send(self, message: Message, to: str | None = None) -> Outcome:
        """One attempt. Raises nothing for what a network or a server may do.

        `to`: another room than the configured one, as the chat names it; `room/message` answers that message there.
        An outlet that leads to one place only refuses it.
        """


ONE_PLACE = Refused("this outlet leads to one place only: it cannot tell another room")


def split(to: str) -> tuple[str, str]:
    """Room and message of a `to`; no message: ""."""
    room, _, message = to.partition("/")
    return room, message
