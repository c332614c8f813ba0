"""Questions in Telegram: commands (`/pulse fairphone`), mentions of the bot, and private chats, by long polling.

`offset` tells Telegram that what is before it is done with. It is not kept: after a start, and after days of silence
(Telegram numbers updates anew then, from below too), all that waits is looked at; what was taken on already is known.
In groups a bot in its usual privacy mode is sent commands, and no mentions.
Source: core.telegram.org/bots/api#getupdates, #setmycommands; core.telegram.org/bots/features#privacy-mode.
"""

from __future__ import annotations

import asyncio
import logging
import re
from typing import Any, ClassVar, Final

import msgspec

from bots.chat.listen.base import Person, Question, RoomReply, moment
from bots.chat.listen.forms import all_forms
from bots.chat.listen.listener import Listener, Parts
from bots.chat.listen.words import HELP_ES
from bots.chat.telegram import TelegramOptions
from bots.sources.telegram_forms import Start
from bots.wire.telegram_api import BotApi

log = logging.getLogger(__name__)
MOST_HELP: Final = 256
STALE_S: Final = 6 * 86_400.0  # Telegram may number updates anew after a week without any


class _User(msgspec.Struct):
    id: int
    is_bot: bool = False
    username: str = ""
    first_name: str = ""


class _Chat(msgspec.Struct):
    id: int
    type: str


class _Message(msgspec.Struct):
    message_id: int
    date: int
    chat: _Chat
    sender: _User | None = msgspec.field(default=None, name="from")
    sender_chat: Any = None
    forward_origin: Any = None
    via_bot: Any = None
    text: str = ""


class _Update(msgspec.Struct):
    message: _Message | None = None


class TelegramListener(Listener):
    """One bot."""

    kind: ClassVar[str] = "telegram"

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        options: TelegramOptions = parts.outlet.options
        self._api = BotApi(parts.http, options.base_url, options.token, kinds=("message",), key=f"{parts.key}.token")
        self._me = ""

    async def run(self) -> None:
        """See `Listener`."""
        self._me = (await self._api.call("getMe", _User)).username
        await self._offer_commands()
        log.info("%s: listening for questions", self.parts.name)
        clock = asyncio.get_running_loop().time
        offset, came = 0, clock()
        while True:
            for raw in await self._api.updates(offset if clock() - came < STALE_S else 0):
                offset, came = self._handle(raw, offset), clock()

    async def _offer_commands(self) -> None:
        """What Telegram offers when somebody types a slash."""
        for lang in ("", "es"):
            commands = [
                {"command": form.name, "description": (HELP_ES[form.name] if lang else form.help)[:MOST_HELP]}
                for form in all_forms()
            ]
            await self._api.call("setMyCommands", bool, {"commands": commands, "language_code": lang})

    def _handle(self, raw: bytes, offset: int) -> int:
        """One update; where to go on behind it."""
        try:
            offset = max(0, msgspec.json.decode(raw, type=Start).update_id + 1)  # negative: it forgets all before
            message = msgspec.json.decode(raw, type=_Update).message
        except (ValueError, RecursionError) as error:
            log.warning("%s: Telegram sent something in another form: %s", self.parts.name, error)
            return offset
        if message is not None:
            self._message(message)
        return offset

    def _message(self, message: _Message) -> None:
        sender, chat = message.sender, message.chat
        if sender is None or sender.is_bot or message.sender_chat is not None:
            return  # a channel, or somebody who hides behind one: nobody knows who that is
        if message.forward_origin is not None or message.via_bot is not None:
            return  # somebody else's words: forwarding an order is not giving it
        private = chat.type == "private"
        text = meant_for(self._me, message.text, private=private)
        if text is None:
            return
        room = str(chat.id)
        person = Person(str(sender.id), sender.username or sender.first_name)
        asked_at = moment(message.date)
        key = f"{room}/{message.message_id}"
        self.parts.hear(Question(key, text, room, person, asked_at, private), RoomReply(self.parts.outlet, key))


def meant_for(me: str, text: str, *, private: bool) -> str | None:
    """The question in a message, None where it is for somebody else. `me`: the bot's user name."""
    words = text.split()
    if not words:
        return None
    first = words[0]
    if first.startswith("/"):
        command, _, name = first[1:].partition("@")
        if name and name.casefold() != me.casefold():
            return None
        # Every bot is greeted by /start, and /tertulia stands for the bot itself.
        rest = ["help"] if command == "start" else words[1:] if command == "tertulia" else [command, *words[1:]]
        return " ".join(rest)
    mention = re.compile(rf"@{re.escape(me)}\b[:,]?", re.IGNORECASE)
    if not private and not (me and mention.search(text)):
        return None
    return " ".join(mention.sub(" ", text).split())
