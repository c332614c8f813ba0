"""A Discord channel: as a bot, or by a webhook (https://docs.discord.com/developers/resources/message).

A bot's message bears a `nonce`, by which Discord knows a second attempt within a few minutes; a webhook's cannot. Who
goes on asking for what is refused is shut out after 10,000 times: when Discord says that the webhook is gone, or the
token wrong, nothing more is asked until the next start.
"""

from __future__ import annotations

import hashlib
import logging
from http import HTTPStatus
from importlib.metadata import version
from typing import Any, Final, Literal, Self

import msgspec
from aiohttp import FormData
from pydantic import Field, SecretStr, model_validator
from yarl import URL

from bots.chat.base import ONE_PLACE, Delivered, Message, Outcome, Outlet, Refused, Tools, split
from bots.chat.drawing import fitted, utf16
from bots.chat.limits import RateText
from bots.chat.markdown import Markdown
from bots.chat.options import BaseUrl, PictureOptions, SecretUrl
from bots.chat.post import Body, Reply, ask, meaning, read
from bots.chat.questions_options import DiscordId, DiscordQuestions
from bots.http import seconds_of

log = logging.getLogger(__name__)
MOST: Final = 4_000  # of an embed's 4,096 characters, all embeds together 6,000; the title stands outside
AGENT: Final = f"DiscordBot (tertulia, {version('tertulia')})"  # Discord turns away clients without this form


class DiscordOptions(PictureOptions):
    """Alerts to a Discord channel: give token and channel, or webhook_url."""

    kind: Literal["discord"] = Field(default="discord", description="What this outlet is.")
    rate: RateText = Field(
        default="5/5s", description="Messages in a time; beyond that Discord's answers set the pace."
    )
    token: SecretStr | None = Field(default=None, description="Token of the bot.")
    channel: DiscordId | None = Field(default=None, description="The channel's id.")
    webhook_url: SecretUrl | None = Field(default=None, description="A webhook of the channel instead of a bot.")
    questions: DiscordQuestions = Field(default=DiscordQuestions(), description="Whom the bot answers.")
    base_url: BaseUrl = Field(default="https://discord.com/api/v10", description="Address of the API.")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        bot = self.token is not None and self.channel is not None
        if bot == (self.webhook_url is not None) or (self.token is None) != (self.channel is None):
            raise ValueError("give either token and channel, or webhook_url")
        if self.questions.enabled and not bot:
            raise ValueError("questions: the bot answers with token and channel")
        return self


class _Limit(msgspec.Struct):
    retry_after: float | None = None


class Discord(Outlet):
    """See the module."""

    name = "discord"
    options_type = DiscordOptions
    options: DiscordOptions

    def __init__(self, options: DiscordOptions, tools: Tools) -> None:
        super().__init__(options, tools)
        self._gone: Refused | None = None

    async def send(self, message: Message, to: str | None = None) -> Outcome:
        """One POST, and one without the chart when that was refused: a bot may lack the permission for files."""
        outcome = await self._send(message, to)
        if message.picture is None or self._gone is not None or not isinstance(outcome, Refused):
            return outcome
        log.warning("discord: a chart could not be sent: %s", outcome.reason)
        return await self._send(msgspec.structs.replace(message, picture=None), to)

    async def _send(self, message: Message, to: str | None) -> Outcome:
        """Says how long to pause when Discord's headers do."""
        if self._gone is not None:
            return self._gone
        if self.options.webhook_url is not None:
            url = URL(self.options.webhook_url.get_secret_value()).update_query(wait="true")
            return ONE_PLACE if to is not None else await self._post(str(url), content(message), message, {})
        assert self.options.token is not None, "the options were checked"
        room, answered = split(to if to is not None else self.options.channel or "")
        headers = {"Authorization": f"Bot {self.options.token.get_secret_value()}"}
        url_of_room = f"{self.options.base_url}/channels/{room}/messages"
        return await self._post(url_of_room, content(message) | _of_bot(message, answered), message, headers)

    async def _post(self, url: str, given: dict[str, Any], message: Message, headers: dict[str, str]) -> Outcome:
        body, form = _body(given, message)
        reply = await ask(
            self.tools.session, "POST", url, body, {"User-Agent": AGENT, **form, **headers}, self.options.timeout
        )
        if not isinstance(reply, Reply):
            return reply
        outcome = meaning(reply, retry_after)
        hook = self.options.webhook_url is not None
        if isinstance(outcome, Refused) and reply.status == (HTTPStatus.NOT_FOUND if hook else HTTPStatus.UNAUTHORIZED):
            self._gone = outcome
        return Delivered(_pause(reply)) if isinstance(outcome, Delivered) else outcome


def content(message: Message) -> dict[str, Any]:
    """The title as text, which notifications show; the rest as an embed, in which Discord looks no link up."""
    markup = Markdown(message.lang, extra="<")
    title, *pieces = fitted(message.document, markup, MOST, lambda piece: utf16(piece) + 1)
    described = "\n".join(pieces).strip()
    embed: dict[str, Any] = {"description": described} if described else {}  # an empty one is refused
    if message.picture is not None:
        embed["image"] = {"url": "attachment://chart.png"}
    embeds = {"embeds": [embed]} if embed else {}
    return {"content": title, "allowed_mentions": {"parse": []}, **embeds}


def _of_bot(message: Message, answered: str) -> dict[str, Any]:
    """What only a bot may say. A nonce has at most 25 characters."""
    nonce = hashlib.sha256(message.key.encode()).hexdigest()[:25]
    reference = {"message_reference": {"message_id": answered, "fail_if_not_exists": False}} if answered else {}
    return {"nonce": nonce, "enforce_nonce": True, **reference}


def _body(given: dict[str, Any], message: Message) -> tuple[Body, dict[str, str]]:
    """JSON, or a form with the chart as a file and the JSON beside it; and the header that says so."""
    if message.picture is None:
        return msgspec.json.encode(given), {"Content-Type": "application/json"}
    described = {"id": "0", "filename": "chart.png", "description": message.picture.alt[:1_024]}
    form = FormData()
    json = msgspec.json.encode(given | {"attachments": [described]}).decode()
    form.add_field("payload_json", json, content_type="application/json")
    form.add_field("files[0]", message.picture.png, filename="chart.png", content_type="image/png")
    return form, {}


def _pause(reply: Reply) -> float:
    """Seconds until this channel's limit begins anew, when it is used up."""
    if reply.headers.get("X-RateLimit-Remaining") != "0":
        return 0.0
    return seconds_of(reply.headers.get("X-RateLimit-Reset-After")) or 0.0


def retry_after(body: bytes) -> float | None:
    """Seconds, from the body of a 429; where it has the header as well, that counts."""
    limit = read(body, _Limit)  # None: a proxy's page
    return None if limit is None else limit.retry_after
