"""Questions in Slack, over Socket Mode, or by signed requests to an address of one's own.

An envelope is acknowledged as it comes, within the three seconds that Slack allows; the answer follows. An app's
envelopes go to one connection only, whichever: a collector needs an app of its own.
Source: docs.slack.dev/apis/events-api/using-socket-mode.
"""

from __future__ import annotations

import asyncio
import logging
from typing import ClassVar, Final

import msgspec

from bots.chat.listen.listener import Listener, Parts
from bots.chat.listen.slack_asked import Callback, SlackAsked, Slash
from bots.chat.listen.slack_http import PATH, SlackHttp, serving
from bots.chat.slack import SlackOptions
from bots.sources.base import Misconfigured, Retry
from bots.wire.slack_socket import Envelope, SlackRefused, listening
from bots.wire.slack_web import SlackError, SlackWeb

log = logging.getLogger(__name__)
BEAT_S: Final = 30.0


class SlackListener(Listener):
    """One app in one workspace."""

    kind: ClassVar[str] = "slack"

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        options: SlackOptions = parts.outlet.options
        assert options.token is not None, "the options were checked"
        self._options = options
        self._web = SlackWeb(parts.http, options.base_url, options.token)

    async def run(self) -> None:
        """See `Listener`."""
        try:
            me = str((await self._web.get("auth.test"))["user_id"])
        except SlackError as error:
            raise self._meaning(error, "token") from error
        asked = SlackAsked(self.parts, self._web, me)
        if self._options.questions.signing_secret is None:
            await self._by_socket(asked)
        else:
            await self._by_http(asked, self._options.questions.signing_secret.get_secret_value())

    async def _by_http(self, asked: SlackAsked, secret: str) -> None:
        host, port = self._options.questions.host, self._options.questions.port
        http = SlackHttp(self.parts.name, secret, asked, self.parts.outlet.tools.now)
        try:
            async with serving(host, port, http) as there:
                log.info("%s: listening for questions at http://%s:%d%s", self.parts.name, host, there, PATH)
                await asyncio.Event().wait()
        except OSError as error:
            raise Misconfigured(f"{self.parts.key}.questions.port: cannot listen on {host}:{port}: {error}") from error

    async def _by_socket(self, asked: SlackAsked) -> None:
        try:
            async with listening(self.parts.http, self._address) as sockets:
                log.info("%s: listening for questions", self.parts.name)
                while True:
                    for envelope in await sockets.take(BEAT_S):
                        await sockets.ack(envelope)
                        self._take(envelope, asked)
        except SlackRefused as error:
            raise Misconfigured(f"{self.parts.key}.app_token: {error}; switch it on in the app's settings") from error

    async def _address(self) -> str:
        assert self._options.app_token is not None, "the options were checked"
        try:
            return await SlackWeb(self.parts.http, self._options.base_url, self._options.app_token).socket()
        except SlackError as error:
            raise self._meaning(error, "app_token") from error

    def _meaning(self, error: SlackError, option: str) -> Misconfigured | Retry:
        if error.known:
            return Misconfigured(error.explain(f"{self.parts.key}.{option}"))
        return Retry(f"Slack refuses: {error}")

    def _take(self, envelope: Envelope, asked: SlackAsked) -> None:
        try:
            if envelope.kind == "slash_commands":
                asked.command(msgspec.json.decode(envelope.payload, type=Slash))
            elif envelope.kind == "events_api":
                asked.event(msgspec.json.decode(envelope.payload, type=Callback).event)
        except (ValueError, OverflowError, RecursionError) as error:
            log.warning("%s: Slack sent something in another form: %s", self.parts.name, error)
