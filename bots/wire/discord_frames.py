"""What is said on Discord's Gateway (v10, JSON), as far as it is needed: frames, close codes, sessions.

Source: docs.discord.com/developers/events/gateway, and topics/opcodes-and-status-codes there.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import IntEnum
from typing import Any, Final

import msgspec
from pydantic import SecretStr

from bots.sources.base import Retry

NEW_SESSION: Final = frozenset({4_003, 4_007, 4_009})  # the session is over: identify again
REFUSED: Final = {
    4_004: "the token is not accepted",
    4_010: "the shard is not accepted",
    4_011: "the bot is in so many servers that Discord demands sharding",
    4_012: "this version of the Gateway is not served any more",
    4_013: "the intents are not known",
    4_014: "a privileged intent is not switched on for the bot",
}
"""Close codes after which connecting again would only fail again."""


class Op(IntEnum):
    """What a frame is for."""

    DISPATCH = 0
    HEARTBEAT = 1
    IDENTIFY = 2
    RESUME = 6
    RECONNECT = 7
    INVALID_SESSION = 9
    HELLO = 10
    HEARTBEAT_ACK = 11


class Session(msgspec.Struct, frozen=True):
    """What resumes a session: its id, the address to do it at, and the number of the last event that was handled."""

    id: str
    url: str
    seq: int


class Login(msgspec.Struct, frozen=True):
    """Who connects, and for which kinds of events (`intents`); only those named in `kinds` are handed out."""

    token: SecretStr
    intents: int
    kinds: Collection[str]


class Event(msgspec.Struct, frozen=True):
    """A dispatch, its data still JSON; without a kind it is a frame that could not be read."""

    kind: str
    data: bytes


class GatewayLost(Retry):
    """The connection is over. `resumable`: the session may still be resumed."""

    def __init__(self, reason: str, *, resumable: bool, after: float | None = None) -> None:
        super().__init__(reason, after)
        self.resumable = resumable


class GatewayRefused(Exception):
    """Discord will refuse this for ever; `code` is its close code."""

    def __init__(self, code: int) -> None:
        super().__init__(REFUSED[code])
        self.code = code


class Frame(msgspec.Struct):
    """Anything the server sends."""

    op: int
    d: msgspec.Raw = msgspec.Raw(b"null")
    s: int | None = None
    t: str | None = None


class Hello(msgspec.Struct):
    """Its first frame: milliseconds between two heartbeats."""

    heartbeat_interval: float


class Ready(msgspec.Struct):
    """A session has begun."""

    session_id: str
    resume_gateway_url: str


class _Outgoing(msgspec.Struct):
    op: int
    d: Any


def payload(op: Op, data: Any) -> str:
    """A frame to send."""
    return msgspec.json.encode(_Outgoing(op, data)).decode()


def closed(code: int | None) -> GatewayLost | GatewayRefused:
    """What a close code of the server means."""
    if code in REFUSED:
        return GatewayRefused(code)
    return GatewayLost(f"the Gateway closed the connection, code {code}", resumable=code not in NEW_SESSION)
