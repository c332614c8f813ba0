"""A Matrix room (https://spec.matrix.org/latest/client-server-api/#sending-events-to-a-room).

The transaction id is made from the message's key, so the homeserver knows a second attempt and posts it once. The event
says `m.mentions: {}`: since Matrix 1.7 nobody is then notified because of words in the text.
"""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import quote

import msgspec
from pydantic import Field, SecretStr

from bots.chat.base import Message, Outcome, Outlet, OutletOptions
from bots.chat.post import attempt
from bots.chat.text import as_html, as_plain


class MatrixOptions(OutletOptions):
    """Alerts to a Matrix room that the bot's account has joined."""

    kind: Literal["matrix"] = Field(default="matrix", description="What this outlet is.")
    homeserver: Annotated[str, Field(pattern=r"^https?://[^/\s]+/?$")] = Field(
        description="Base URL of the homeserver, such as https://matrix.example.org."
    )
    room: Annotated[str, Field(pattern=r"^!\S+$")] = Field(
        description="The room's internal id (begins with !); rooms with encryption are not supported."
    )
    token: SecretStr = Field(description="Access token of the bot's account.")


class Matrix(Outlet):
    """See the module."""

    name = "matrix"
    options_type = MatrixOptions
    options: MatrixOptions

    async def send(self, message: Message) -> Outcome:
        """One PUT; the homeserver ignores a transaction id that it has seen."""
        headers = {
            "Authorization": f"Bearer {self.options.token.get_secret_value()}",
            "Content-Type": "application/json",
        }
        body = msgspec.json.encode(event(message))
        return await attempt(
            self.tools.session, "PUT", self._url(message), body, headers, self.options.timeout, retry_after
        )

    def _url(self, message: Message) -> str:
        room, transaction = quote(self.options.room, safe=""), quote(message.key, safe="")
        return f"{self.options.homeserver.rstrip('/')}/_matrix/client/v3/rooms/{room}/send/m.room.message/{transaction}"


def event(message: Message) -> dict[str, object]:
    """The content of the `m.room.message`."""
    return {
        "msgtype": "m.text",
        "body": as_plain(message),
        "format": "org.matrix.custom.html",
        "formatted_body": as_html(message),
        "m.mentions": {},
    }


class _Limit(msgspec.Struct):
    retry_after_ms: float | None = None


def retry_after(body: bytes) -> float | None:
    """Seconds from the `retry_after_ms` of an M_LIMIT_EXCEEDED (older homeservers send no Retry-After header)."""
    try:
        after = msgspec.json.decode(body, type=_Limit).retry_after_ms
    except msgspec.DecodeError:
        return None  # a proxy's page, not the homeserver's answer
    return None if after is None else max(0.0, after / 1_000)
