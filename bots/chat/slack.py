"""A Slack channel: as an app (chat.postMessage) or by an incoming webhook (https://docs.slack.dev/messaging).

Slack knows no message by a key of ours: after a crash one may come twice.

A chart follows in the message's thread, for a file cannot be part of a message until Slack has looked at it, and it
does not tell when. Only an app can send one. When that fails the message stands without it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Final, Literal, Self, TypeVar

import msgspec
from aiohttp import FormData
from pydantic import Field, SecretStr, model_validator

from bots.chat.base import ONE_PLACE, Delivered, Message, Outcome, Outlet, Refused, RetryLater, split
from bots.chat.document import Picture
from bots.chat.limits import RateText
from bots.chat.options import BaseUrl, PictureOptions, SecretUrl
from bots.chat.post import Reply, ask, attempt, meaning, post_json
from bots.chat.questions_options import SlackQuestions, SlackRoom
from bots.chat.slack_blocks import blocks, fallback
from bots.wire.slack_web import PASSING, WORDS

log = logging.getLogger(__name__)
LATER: Final = PASSING | {"message_limit_exceeded", "external_channel_migrating"}
MENDED: Final = WORDS | {
    "channel_not_found": "there is no such channel, or it is private and the app is not in it",
    "not_in_channel": "invite the app into the channel: /invite @its-name",
    "is_archived": "the channel is archived",
    "missing_scope": "the app lacks a scope: chat:write, or files:write for charts",
}


class SlackOptions(PictureOptions):
    """Alerts to a Slack channel: give token and channel, or webhook_url."""

    kind: Literal["slack"] = Field(default="slack", description="What this outlet is.")
    rate: RateText = Field(default="1/1s", description="Messages in a time; Slack allows one a second and channel.")
    token: SecretStr | None = Field(default=None, description="Bot token of the app (xoxb-…) with chat:write.")
    channel: SlackRoom | None = Field(default=None, description="The channel's id (C…); the app must be in it.")
    webhook_url: SecretUrl | None = Field(
        default=None, description="An incoming webhook instead of token and channel; it shows no charts."
    )
    app_token: SecretStr | None = Field(
        default=None, description="App-level token (xapp-…) with connections:write, for questions."
    )
    questions: SlackQuestions = Field(default=SlackQuestions(), description="Whom the bot answers.")
    base_url: BaseUrl = Field(default="https://slack.com/api", description="Address of the Web API.")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        app = self.token is not None and self.channel is not None
        if app == (self.webhook_url is not None) or (self.token is None) != (self.channel is None):
            raise ValueError("give either token and channel, or webhook_url")
        if self.pictures and not app:
            raise ValueError("pictures: an incoming webhook shows no charts; give token and channel")
        if self.questions.enabled and not (app and (self.app_token or self.questions.signing_secret)):
            raise ValueError("questions: the bot answers with token, channel and app_token (or a signing_secret)")
        return self


class _Answer(msgspec.Struct):
    ok: bool
    error: str = ""


class _Posted(_Answer):
    channel: str = ""
    ts: str = ""


class _Upload(_Answer):
    upload_url: str = ""
    file_id: str = ""


_A = TypeVar("_A", bound=_Answer)


class Slack(Outlet):
    """See the module."""

    name = "slack"
    options_type = SlackOptions
    options: SlackOptions

    async def send(self, message: Message, to: str | None = None) -> Outcome:
        """One message, and then its chart."""
        if self.options.webhook_url is not None:
            return ONE_PLACE if to is not None else await self._by_webhook(message, self.options.webhook_url)
        room, thread = split(to if to is not None else self.options.channel or "")
        posted = await self._call("chat.postMessage", _form(message, room, thread), _Posted)
        if not isinstance(posted, _Posted):
            return posted
        if message.picture is not None:
            failed = await self._show(message.picture, posted.channel, thread or posted.ts)
            if failed is not None:
                log.warning("slack: a chart could not be sent: %s", failed.reason)
        return Delivered()

    async def _by_webhook(self, message: Message, url: SecretStr) -> Outcome:
        body = {"text": fallback(message), "blocks": blocks(message), "unfurl_links": False, "unfurl_media": False}
        return await post_json(self.tools.session, url, body, self.options.timeout)

    async def _show(self, picture: Picture, channel: str, thread: str) -> RetryLater | Refused | None:
        """Upload the chart and share it in the thread; None: it is there."""
        asked = {"filename": "chart.png", "length": str(len(picture.png)), "alt_txt": picture.alt}
        place = await self._call("files.getUploadURLExternal", asked, _Upload)
        if not isinstance(place, _Upload):
            return place
        headers, limit = {"Content-Type": "application/octet-stream"}, self.options.timeout
        sent = await attempt(self.tools.session, "POST", place.upload_url, picture.png, headers, limit)
        if not isinstance(sent, Delivered):
            return sent
        files = msgspec.json.encode([{"id": place.file_id, "title": picture.alt}]).decode()
        shared = {"files": files, "channel_id": channel, "thread_ts": thread}
        done = await self._call("files.completeUploadExternal", shared, _Answer)
        return None if isinstance(done, _Answer) else done

    async def _call(self, method: str, form: Mapping[str, str], kind: type[_A]) -> _A | RetryLater | Refused:
        """One method of the Web API: its answer when it is ok."""
        assert self.options.token is not None, "the options were checked"
        headers = {"Authorization": f"Bearer {self.options.token.get_secret_value()}"}
        url = f"{self.options.base_url}/{method}"
        reply = await ask(self.tools.session, "POST", url, FormData(form), headers, self.options.timeout)
        return _judged(method, reply, kind) if isinstance(reply, Reply) else reply


def _form(message: Message, room: str, thread: str) -> dict[str, str]:
    """As a form, because Slack's own API description knows `blocks` as a string only."""
    form = {"channel": room, "text": fallback(message), "blocks": msgspec.json.encode(blocks(message)).decode()}
    off = dict.fromkeys(("unfurl_links", "unfurl_media", "link_names", "mrkdwn"), "false")
    return form | off | {"parse": "none"} | ({"thread_ts": thread} if thread else {})


def _judged(method: str, reply: Reply, kind: type[_A]) -> _A | RetryLater | Refused:
    """Slack answers 200 to nearly everything, and says in the body whether it worked."""
    outcome = meaning(reply)
    if not isinstance(outcome, Delivered):
        return outcome
    answer = reply.read(kind)
    if answer is None:
        return RetryLater(f"{reply.where} answers {method} with something that is not Slack's")
    if answer.ok:
        return answer
    reason = f"{reply.where} answers {answer.error or 'no'} to {method}"
    if answer.error in LATER:
        return RetryLater(reason)
    return Refused(f"{reason}: {MENDED[answer.error]}" if answer.error in MENDED else reason)
