"""A Matrix room (https://spec.matrix.org/latest/client-server-api/#sending-events-to-a-room).

The transaction id is made from the message's key, so the homeserver knows a second attempt and posts it once. The event
says `m.mentions: {}`: since Matrix 1.7 nobody is then notified because of words in the text. A chart is
an event of its own; when it cannot be uploaded or shown the text stands without it.
"""

from __future__ import annotations

import logging
from typing import Annotated, Literal
from urllib.parse import quote

import msgspec
from pydantic import Field, SecretStr

from bots.chat.base import Delivered, Message, Outcome, Outlet, Refused, RetryLater
from bots.chat.document import Picture
from bots.chat.drawing import utf8
from bots.chat.limits import RateText
from bots.chat.options import PictureOptions
from bots.chat.post import Reply, ask, attempt, meaning, read
from bots.chat.questions_options import MatrixQuestions
from bots.chat.taming import clean
from bots.chat.text import as_html, as_plain

log = logging.getLogger(__name__)
MOST = 12_000  # bytes of each form of the text: an event has at most 64 KiB, and JSON escapes quotation marks


class MatrixOptions(PictureOptions):
    """Alerts to a Matrix room that the bot's account has joined."""

    kind: Literal["matrix"] = Field(default="matrix", description="What this outlet is.")
    rate: RateText = Field(default="10/50s", description="Messages in a time; this is what Synapse allows by default.")
    homeserver: Annotated[str, Field(pattern=r"^https?://[^/\s]+/?$")] = Field(
        description="Base URL of the homeserver, such as https://matrix.example.org."
    )
    room: Annotated[str, Field(pattern=r"^!\S+$")] = Field(
        description="The room's internal id (begins with !); rooms with encryption are not supported."
    )
    token: SecretStr = Field(description="Access token of the bot's account.")
    questions: MatrixQuestions = Field(default=MatrixQuestions(), description="Whom the bot answers.")


class Matrix(Outlet):
    """See the module."""

    name = "matrix"
    options_type = MatrixOptions
    options: MatrixOptions

    async def send(self, message: Message, to: str | None = None) -> Outcome:
        """The text, and then its chart; of either the homeserver ignores a transaction id that it has seen.

        So both are tried again when it names a time to wait; any other trouble with a chart keeps nothing waiting.
        """
        room, replied = (self.options.room, "") if to is None else _event_in(to)
        told = await self._put(room, message.key, event(message, replied))
        if message.picture is None or not isinstance(told, Delivered):
            return told
        shown = await self._show(room, message.key, message.picture)
        if isinstance(shown, Delivered) or (isinstance(shown, RetryLater) and shown.after is not None):
            return shown
        log.warning("matrix: a chart could not be sent: %s", shown.reason)
        return told

    async def _show(self, room: str, key: str, picture: Picture) -> Outcome:
        uploaded = await self._upload(picture)
        if not isinstance(uploaded, _Uploaded):
            return uploaded
        return await self._put(room, f"{key}-chart", image(picture, uploaded.content_uri))

    async def _put(self, room: str, transaction: str, content: dict[str, object]) -> Outcome:
        path = f"rooms/{quote(room, safe='')}/send/m.room.message/{quote(transaction, safe='')}"
        url = f"{self._server}/_matrix/client/v3/{path}"
        headers, limit = self._headers | {"Content-Type": "application/json"}, self.options.timeout
        return await attempt(self.tools.session, "PUT", url, msgspec.json.encode(content), headers, limit, retry_after)

    async def _upload(self, picture: Picture) -> _Uploaded | RetryLater | Refused:
        url = f"{self._server}/_matrix/media/v3/upload?filename=chart.png"
        headers, limit = self._headers | {"Content-Type": "image/png"}, self.options.timeout
        reply = await ask(self.tools.session, "POST", url, picture.png, headers, limit)
        if not isinstance(reply, Reply):
            return reply
        outcome = meaning(reply, retry_after)
        if not isinstance(outcome, Delivered):
            return outcome
        return reply.read(_Uploaded) or RetryLater(f"{reply.where} answers an upload with something that is no address")

    @property
    def _server(self) -> str:
        return self.options.homeserver.rstrip("/")

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.options.token.get_secret_value()}"}


def _event_in(to: str) -> tuple[str, str]:
    """Room and event; a room's id may hold a slash, an event's begins with a dollar sign."""
    room, found, event = to.partition("/$")
    return room, f"${event}" if found else ""


def event(message: Message, replied: str = "") -> dict[str, object]:
    """The content of the `m.room.message`; `replied`: the event that it answers."""
    related = {"m.relates_to": {"m.in_reply_to": {"event_id": replied}}} if replied else {}
    return {
        "msgtype": "m.text",
        "body": as_plain(message.document, MOST, utf8, message.lang),
        "format": "org.matrix.custom.html",
        "formatted_body": as_html(message.document, MOST, utf8, message.lang),
        "m.mentions": {},
        **related,
    }


def image(picture: Picture, uri: str) -> dict[str, object]:
    """The content of the event with the chart; its `body` is what it shows, in words."""
    info = {"mimetype": "image/png", "size": len(picture.png)}
    described = {"body": clean(picture.alt), "filename": "chart.png"}
    return {"msgtype": "m.image", **described, "url": uri, "info": info, "m.mentions": {}}


class _Uploaded(msgspec.Struct):
    content_uri: str


class _Limit(msgspec.Struct):
    retry_after_ms: float | None = None


def retry_after(body: bytes) -> float | None:
    """Seconds from the `retry_after_ms` of an M_LIMIT_EXCEEDED (older homeservers send no Retry-After header)."""
    limit = read(body, _Limit)  # None: a proxy's page, not the homeserver's answer
    return None if limit is None or limit.retry_after_ms is None else max(0.0, limit.retry_after_ms / 1_000)
