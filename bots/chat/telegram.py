"""A Telegram chat, told by a bot (https://core.telegram.org/bots/api#sendmessage).

Telegram knows no message by a key of ours: after a crash one may come twice. A chart bears the text when that fits
below it, else it answers the text. When it is refused (a group may forbid pictures), the text stands without it.
"""

from __future__ import annotations

import logging
import re
from typing import Annotated, Any, Final, Literal, Self

import msgspec
from aiohttp import FormData
from pydantic import AfterValidator, Field, SecretStr, model_validator

from bots.chat.base import Delivered, Message, Outcome, Outlet, Refused, RetryLater, split
from bots.chat.document import Picture
from bots.chat.drawing import Markup, draw, utf16
from bots.chat.limits import RateText
from bots.chat.options import BaseUrl, Id, PictureOptions
from bots.chat.post import Body, Reply, ask, meaning, read
from bots.chat.questions_options import TelegramQuestions
from bots.chat.text import anchor, escape

log = logging.getLogger(__name__)
MOST: Final = 4_096  # UTF-16 units; Telegram does not count the tags, we do
MOST_CAPTION: Final = 1_024
_TOKEN: Final = re.compile(r"\d+:[\w-]+", re.ASCII)


def _is_token(token: SecretStr) -> SecretStr:
    if _TOKEN.fullmatch(token.get_secret_value()) is None:  # it becomes a part of an address
        raise ValueError("it is no token of a bot: @BotFather gives it as digits, a colon, letters and digits")
    return token


class TelegramOptions(PictureOptions):
    """Alerts to a Telegram chat, group or channel that the bot may write to."""

    kind: Literal["telegram"] = Field(default="telegram", description="What this outlet is.")
    rate: RateText = Field(default="20/1m", description="Messages in a time; Telegram allows a group 20 a minute.")
    token: Annotated[SecretStr, AfterValidator(_is_token)] = Field(description="Token of the bot, from @BotFather.")
    chat: Annotated[Id, Field(pattern=r"^(-?\d{1,20}|@[A-Za-z]\w{3,31})$")] = Field(
        description="The chat's number (-100… for groups and channels), or @name of a public one."
    )
    topic: Annotated[int, Field(ge=1)] | None = Field(default=None, description="The topic's number, in a forum.")
    questions: TelegramQuestions = Field(default=TelegramQuestions(), description="Whom the bot answers.")
    base_url: BaseUrl = Field(default="https://api.telegram.org", description="Address of the Bot API.")

    @model_validator(mode="after")
    def _rooms_have_numbers(self) -> Self:
        if self.questions.enabled and self.chat.startswith("@") and not self.questions.rooms:
            raise ValueError(
                "questions.rooms: name the chats by their numbers; `chat` is a name, which can pass to others"
            )
        return self


class Html(Markup[str]):
    """Telegram's HTML: a line break is a line break."""

    def title(self, text: str) -> str:
        return f"<b>{escape(text)}</b>"

    def heading(self, text: str) -> str:
        return f"\n<b>{escape(text)}</b>"

    def line(self, text: str) -> str:
        return escape(text)

    def quote(self, text: str, url: str) -> str:
        return f"<blockquote>{escape(text)}{' ' + anchor(url, self.post) if url else ''}</blockquote>"

    def link(self, url: str) -> str:
        return anchor(url, self.more)


class _Message(msgspec.Struct):
    message_id: int


class _Sent(msgspec.Struct):
    result: _Message


class _Parameters(msgspec.Struct, frozen=True):
    retry_after: float | None = None


class _Complaint(msgspec.Struct):
    parameters: _Parameters = _Parameters()


class Telegram(Outlet):
    """See the module."""

    name = "telegram"
    options_type = TelegramOptions
    options: TelegramOptions

    async def send(self, message: Message, to: str | None = None) -> Outcome:
        """A text, a picture with a text, or both, one after the other."""
        text = draw(message.document, Html(message.lang), MOST, utf16)
        place = self._place(to)
        if message.picture is None:
            return _outcome(await self._text(text, place))
        if utf16(text) <= MOST_CAPTION:
            shown = await self._photo(message.picture, place | {"caption": text, "parse_mode": "HTML"})
            if not isinstance(shown, Refused):
                return _outcome(shown)
            log.warning("telegram: a chart could not be sent: %s", shown.reason)
            return _outcome(await self._text(text, place))
        sent = await self._text(text, place)
        if isinstance(sent, _Sent):
            answering = place | {"reply_parameters": {"message_id": sent.result.message_id}}
            await self._follow(message.picture, answering | {"caption": message.picture.alt[:MOST_CAPTION]})
        return _outcome(sent)

    def _place(self, to: str | None) -> dict[str, Any]:
        """Where to write: numbers as numbers, for so the API describes them."""
        if to is None:
            topic = {} if self.options.topic is None else {"message_thread_id": self.options.topic}
            return {"chat_id": _number(self.options.chat), **topic}
        room, answered = split(to)
        if not answered:
            return {"chat_id": _number(room)}
        reply = {"message_id": _number(answered), "allow_sending_without_reply": True}
        return {"chat_id": _number(room), "reply_parameters": reply}

    async def _text(self, text: str, place: dict[str, Any]) -> _Sent | RetryLater | Refused:
        body = {"text": text, "parse_mode": "HTML", "link_preview_options": {"is_disabled": True}}
        return await self._call("sendMessage", msgspec.json.encode(place | body), {"Content-Type": "application/json"})

    async def _follow(self, picture: Picture, fields: dict[str, Any]) -> None:
        failed = await self._photo(picture, fields)
        if not isinstance(failed, _Sent):
            log.warning("telegram: a chart could not be sent: %s", failed.reason)

    async def _photo(self, picture: Picture, fields: dict[str, Any]) -> _Sent | RetryLater | Refused:
        form = FormData()
        for name, value in fields.items():
            form.add_field(name, value if isinstance(value, str) else msgspec.json.encode(value).decode())
        form.add_field("photo", picture.png, filename="chart.png", content_type="image/png")
        return await self._call("sendPhoto", form, {})

    async def _call(self, method: str, body: Body, headers: dict[str, str]) -> _Sent | RetryLater | Refused:
        url = f"{self.options.base_url}/bot{self.options.token.get_secret_value()}/{method}"
        reply = await ask(self.tools.session, "POST", url, body, headers, self.options.timeout)
        if not isinstance(reply, Reply):
            return reply
        outcome = meaning(reply, retry_after)
        if not isinstance(outcome, Delivered):
            return outcome
        return reply.read(_Sent) or RetryLater(f"{reply.where} answers {method} with something that is not Telegram's")


def _outcome(sent: _Sent | RetryLater | Refused) -> Outcome:
    return Delivered() if isinstance(sent, _Sent) else sent


def _number(text: str) -> int | str:
    return int(text) if re.fullmatch(r"-?\d+", text) else text


def retry_after(body: bytes) -> float | None:
    """Seconds, from the body of a 429."""
    complaint = read(body, _Complaint)  # None: a proxy's page
    return None if complaint is None else complaint.parameters.retry_after
