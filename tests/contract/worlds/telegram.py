"""The Bot API with one bot: its queue keeps an update until a later one is asked for, as the documentation says."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from aiohttp import web

from bots.sources.base import SourceOptions
from bots.sources.telegram import Telegram
from bots.sources.telegram_options import TelegramOptions
from tests.contract.source_worlds import Told, World

TOKEN = "4839574812:AAFD39kkdpWt3ywyRZergyOLMaJhac60qcK"
START = 1_790_000_000
GROUP = {"id": -4001, "type": "group", "title": "Friends & co"}
SUPER = {"id": -1001111111111, "type": "supergroup", "title": "Acme talk", "username": "AcmeTalk"}
FORUM = {"id": -1002222222222, "type": "supergroup", "title": "Acme forum", "is_forum": True}
CHANNEL = {"id": -1003333333333, "type": "channel", "title": "Acme news", "username": "acmenews"}
PRIVATE = {"id": 77, "type": "private", "first_name": "Ann"}
TEXTS = ("It's fine", "שלום 👩‍👩‍👧‍👦 e\u0301 \u202e", "one\n\ntwo", "  火箭 🚀  ", "<b>no markup</b> &amp; so")
READ = ("It's fine", "שלום 👩‍👩‍👧‍👦 é \u202e", "one\n\ntwo", "火箭 🚀", "<b>no markup</b> &amp; so")


class QuickTelegram(Telegram):
    """Waits for nothing: the suite has no Kafka that takes its time."""

    settle_s: ClassVar[float] = 0.01
    breath_s: ClassVar[float] = 0.0


def user(number: int) -> dict[str, Any]:
    """A person, every fifth without a user name."""
    person = {"id": 500 + number, "is_bot": False, "first_name": f"User {number}", "language_code": "es"}
    return person if number % 5 == 0 else person | {"username": f"user_{number}"}


class TelegramWorld(World):
    """260 updates: answers in a group, a supergroup, a forum and a channel, service messages, odd and broken ones."""

    source = QuickTelegram

    def __init__(self) -> None:
        self.queue: dict[int, Any] = {}
        self.told: dict[str, Told | None] = {}
        self.confirmed = 0
        self._number, self._update = 0, 700_000
        self.messages: list[dict[str, Any]] = []
        for turn in range(60):
            self._talk(turn)
        for message in ({"text": 5}, {"date": None, "text": "x"}, {"chat": {"title": "?"}, "text": "x"}):
            self.add("message", self._message(GROUP, 1) | message)
        self.add("message", self._message(GROUP, 1) | {"new_chat_title": "Friends"})
        self.add("message", self._message(GROUP, 1) | {"photo": [{"file_id": "A", "width": 9, "height": 9}]})
        self.add("message", self._message(PRIVATE, 2) | {"text": "a secret"})
        self.add("message_reaction", {"chat": GROUP, "message_id": 3, "date": START, "new_reaction": []})

    def _talk(self, turn: int) -> None:
        """Something in each chat: in the group a chain of answers, in the others answers to one beginning."""
        above = self.messages[-1] if turn % 6 and self.messages else None
        self.messages.append(self._say(GROUP, turn, above, self._began(GROUP, above)))
        first = self._say(SUPER, turn, None, None)
        thread = {"message_thread_id": first["message_id"]}
        second = self._say(SUPER, turn + 1, first, first, thread)
        if turn % 7 == 3:
            self._say(SUPER, turn + 2, second, first, thread)
        opening = self._message(FORUM, 0) | {"message_id": 9, "forum_topic_created": {"name": "Help", "icon_color": 1}}
        topic = {"message_thread_id": 9, "is_topic_message": True}
        self._say(FORUM, turn, None, None, topic | {"reply_to_message": opening})
        if turn % 3 == 0:
            self._say(CHANNEL, turn, None, None)

    def _began(self, chat: dict[str, Any], above: dict[str, Any] | None) -> dict[str, Any] | None:
        while above is not None and "reply_to_message" in above:
            above = next(one for one in self.messages if one["message_id"] == above["reply_to_message"]["message_id"])
        return above

    def _say(self, chat: Any, turn: int, above: Any, first: Any, extra: dict[str, Any] | None = None) -> dict[str, Any]:
        message = self._message(chat, turn) | {"text": TEXTS[turn % 5]} | (extra or {})
        if above is not None:
            message["reply_to_message"] = {key: above[key] for key in above if key != "reply_to_message"}
        self.add("channel_post" if chat is CHANNEL else "message", message)
        own = f"telegram:{chat['id']}/{message['message_id']}"
        self.told[own] = {
            "text": READ[turn % 5],
            "reply_to": f"telegram:{chat['id']}/{above['message_id']}" if above else None,
            "thread": f"telegram:{chat['id']}/{first['message_id']}" if first else own,
            "author": f"telegram:{chat['id'] if chat is CHANNEL else 500 + turn % 9}",
        }
        return message

    def _message(self, chat: Any, turn: int) -> dict[str, Any]:
        self._number += 1
        message = {"message_id": 10 + self._number, "date": START + self._number, "chat": chat}
        return message | ({"sender_chat": chat} if chat is CHANNEL else {"from": user(turn % 9)})

    def add(self, kind: str, message: Any) -> None:
        """An update comes to the bot."""
        self._update += 1
        self.queue[self._update] = {"update_id": self._update, kind: message}

    def options(self) -> SourceOptions:
        return TelegramOptions.model_validate({"base_url": self.url, "token": TOKEN})

    async def serve(self, request: web.Request) -> web.Response:
        if request.path != f"/bot{TOKEN}/getUpdates":
            return web.json_response({"ok": False, "error_code": 404, "description": "Not Found"}, status=404)
        offset = int(request.query.get("offset", 0))
        self.confirmed = max(self.confirmed, offset)
        self.queue = {number: update for number, update in self.queue.items() if number >= offset}
        part = [self.queue[number] for number in sorted(self.queue)][: int(request.query["limit"])]
        return web.json_response({"ok": True, "result": part}, dumps=_dump)

    def change(self) -> bool:
        edited = self.messages[3] | {"text": "edited", "edit_date": START + 5_000}
        self.add("edited_message", edited)
        own = f"telegram:{GROUP['id']}/{edited['message_id']}"
        before = self.told[own]
        assert before is not None
        self.told[own] = before | {"text": "edited"}
        bare = {key: value for key, value in self.messages[4].items() if key != "text"}
        self.add("edited_message", bare | {"photo": []})
        self.told[f"telegram:{GROUP['id']}/{bare['message_id']}"] = None
        for turn in range(5):
            self._talk(turn)
        return True

    def bad(self) -> int:
        return 3

    def expected(self) -> dict[str, Told | None]:
        return dict(self.told)


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
