"""What people ask in Slack, by whichever way Slack tells it: slash commands, mentions of the app, direct messages.

Sources: docs.slack.dev/interactivity/implementing-slash-commands, …/reference/events/app_mention, …/events/message.im.
"""

from __future__ import annotations

import logging
import re
from html import unescape
from typing import Final

import msgspec

from bots.chat.base import Message, Outcome
from bots.chat.listen.base import Person, Question, Reply, RoomReply, moment
from bots.chat.listen.forms import is_word
from bots.chat.listen.listener import Parts
from bots.chat.post import attempt
from bots.chat.slack_blocks import blocks, fallback
from bots.http import HttpError
from bots.wire.slack_web import SlackError, SlackWeb

log = logging.getLogger(__name__)
_TOKEN: Final = re.compile(r"<([^<>\n|]+)(?:\|([^<>\n]*))?>")


class Slash(msgspec.Struct):
    """A slash command."""

    command: str
    user_id: str
    channel_id: str
    response_url: str
    text: str = ""
    user_name: str = ""
    trigger_id: str = ""


class Event(msgspec.Struct):
    """Something that happened in a channel."""

    type: str
    channel: str = ""
    user: str = ""
    text: str = ""
    ts: str = ""
    thread_ts: str = ""
    channel_type: str = ""
    subtype: str = ""
    bot_id: str = ""


class Callback(msgspec.Struct):
    """The envelope of an event."""

    event: Event


class SlackAsked:
    """Hands questions on. `me`: the bot's own id. Raises `ValueError` for what has another form."""

    def __init__(self, parts: Parts, web: SlackWeb, me: str) -> None:
        self._parts, self._web, self._me = parts, web, me

    def command(self, slash: Slash) -> None:
        """A slash command."""
        name = slash.command.lstrip("/")
        # `/pulse acme` where the app has a command for each question, `/tertulia pulse acme` where it has one.
        text = f"{name} {slash.text}" if is_word(name) else slash.text
        private = slash.channel_id.startswith("D")
        person = Person(slash.user_id, slash.user_name)
        key = slash.trigger_id or slash.response_url
        question = Question(key, plain(text), slash.channel_id, person, private=private)
        self._parts.hear(question, _CommandReply(self._parts, slash.response_url, private=private))

    def event(self, event: Event) -> None:
        """A mention or a direct message; others are none of ours."""
        direct = event.type == "message" and event.channel_type == "im"
        if not (direct or event.type == "app_mention") or event.subtype or event.bot_id or event.user in ("", self._me):
            return
        text = plain(re.sub(rf"<@{re.escape(self._me)}(?:\|[^<>]*)?>:?", " ", event.text))
        asked_at = moment(float(event.ts))
        key = f"{event.channel}/{event.ts}"  # not the event's id: a mention may come as a message, too
        question = Question(key, text, event.channel, Person(event.user), asked_at, direct)
        thread = event.thread_ts or ("" if direct else event.ts)
        to = f"{event.channel}/{thread}" if thread else event.channel
        self._parts.hear(question, _ThreadReply(self._parts, self._web, to))


class _ThreadReply(RoomReply):
    def __init__(self, parts: Parts, web: SlackWeb, to: str) -> None:
        super().__init__(parts.outlet, to)
        self._name, self._web = parts.name, web

    async def name_of(self, person: Person) -> str:
        """`""` where Slack does not say: the scope `users:read` may be missing."""
        try:
            found = (await self._web.get("users.info", {"user": person.id})).get("user")
        except (HttpError, SlackError) as error:
            log.info("%s: Slack does not say who %s is: %s", self._name, person.id, error)
            return ""
        return str(found.get("name", "")) if isinstance(found, dict) else ""


class _CommandReply(Reply):
    """To a slash command: Slack gave an address for it, good for half an hour and five messages."""

    def __init__(self, parts: Parts, url: str, *, private: bool) -> None:
        self._session, self._timeout = parts.outlet.tools.session, parts.outlet.options.timeout
        self._url, self._private = url, private

    async def send(self, message: Message) -> Outcome:
        """For all in the room to see, the question too; in private for one."""
        kind = "ephemeral" if self._private else "in_channel"
        shown = {"text": fallback(message), "blocks": blocks(message), "unfurl_links": False, "unfurl_media": False}
        data = msgspec.json.encode({"response_type": kind, **shown})
        headers = {"Content-Type": "application/json; charset=utf-8"}
        return await attempt(self._session, "POST", self._url, data, headers, self._timeout)


def plain(text: str) -> str:
    """What was typed, of Slack's own spelling of links and names."""
    return unescape(_TOKEN.sub(lambda found: found[2] or found[1], text)).strip()
