"""Questions in Matrix rooms: messages that mention the bot, or begin with `!tertulia`; and private rooms, by /sync.

The bot joins a room when somebody whom the configuration names invites it. `since` stands on disk before questions are
answered, so a restart answers nothing twice. Rooms with encryption cannot be read, and are named in the log.
Source: spec.matrix.org/latest/client-server-api, #syncing, #user-and-room-mentions, #rich-replies.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, ClassVar, Final
from urllib.parse import quote

import msgspec

from bots.chat.base import Delivered
from bots.chat.listen.base import Person, Question, RoomReply, moment
from bots.chat.listen.listener import Listener, Parts
from bots.chat.listen.matrix_text import meant_for
from bots.chat.matrix import MatrixOptions
from bots.chat.post import attempt
from bots.chat.taming import clean
from bots.http import HttpError
from bots.sources.base import Misconfigured, Retry
from bots.sources.lru import Lru

log = logging.getLogger(__name__)
WAIT_MS: Final = 20_000  # of one request; the client gives up after 30 s
FILTER: Final = msgspec.json.encode(
    {
        "presence": {"types": []},
        "account_data": {"types": []},
        "room": {
            "timeline": {"types": ["m.room.message", "m.room.encrypted"], "limit": 50},
            "state": {"types": []},
            "ephemeral": {"types": []},
            "account_data": {"types": []},
        },
    }
).decode()


class _Event(msgspec.Struct):
    type: str = ""
    event_id: str = ""
    sender: str = ""
    state_key: str | None = None
    origin_server_ts: int = 0
    content: Any = None


class _Events(msgspec.Struct):
    events: list[Any] = []


class _Room(msgspec.Struct):
    timeline: _Events = msgspec.field(default_factory=_Events)


class _Invited(msgspec.Struct):
    invite_state: _Events = msgspec.field(default_factory=_Events)


class _Rooms(msgspec.Struct):
    join: dict[str, _Room] = {}
    invite: dict[str, _Invited] = {}


class _Sync(msgspec.Struct):
    next_batch: str
    rooms: _Rooms = msgspec.field(default_factory=_Rooms)


class MatrixListener(Listener):
    """One account on one homeserver."""

    kind: ClassVar[str] = "matrix"

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        self._options: MatrixOptions = parts.outlet.options
        self._me, self._name = "", ""
        self._unreadable: Lru[str, bool] = Lru(1_000)

    async def run(self) -> None:
        """See `Listener`."""
        self._me = str((await self._get("account/whoami"))["user_id"])
        self._name = await self._shown_as()
        since = self.parts.memory.mark(self.parts.name)
        log.info("%s: listening for questions", self.parts.name)
        while True:
            wait = {"since": since, "timeout": str(WAIT_MS)} if since else {"timeout": "0"}
            found = await self._sync({**wait, "filter": FILTER})
            self.parts.memory.set_mark(self.parts.name, found.next_batch)
            await self._handle(found, news=since is not None)
            since = found.next_batch

    async def _shown_as(self) -> str:
        """The bot's name in rooms; "": it has none."""
        try:
            profile = await self._get(f"profile/{quote(self._me, safe='')}")
        except HttpError as error:
            if error.status not in (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND):
                raise
            return ""
        return str(profile.get("displayname") or "")

    async def _sync(self, params: Mapping[str, str]) -> _Sync:
        found = await self._get("sync", params)
        try:
            return msgspec.convert(found, _Sync)
        except msgspec.ValidationError as error:
            raise Retry(f"the homeserver's /sync has another form: {error}") from error

    async def _get(self, path: str, params: Mapping[str, str] | None = None) -> Any:
        try:
            return await self.parts.http.get_json(self._url(path), params=params, headers=self._headers)
        except HttpError as error:
            if error.status == HTTPStatus.UNAUTHORIZED:
                raise Misconfigured(f"{self.parts.key}.token: the homeserver does not accept it") from error
            raise

    def _url(self, path: str) -> str:
        return f"{self._options.homeserver.rstrip('/')}/_matrix/client/v3/{path}"

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._options.token.get_secret_value()}"}

    async def _handle(self, found: _Sync, *, news: bool) -> None:
        """`news`: False for the very first look, whose messages are of before."""
        for room, invited in found.rooms.invite.items():
            await self._invited(room, invited)
        for room, joined in found.rooms.join.items():
            for raw in joined.timeline.events if news else ():
                await self._event(room, raw)

    async def _invited(self, room: str, invited: _Invited) -> None:
        """Another server makes up what stands around its invitation: all who seem to invite have to be known."""
        events = [event for event in map(_read, invited.invite_state.events) if event is not None]
        by = sorted({each.sender for each in events if (each.type, each.state_key) == ("m.room.member", self._me)})
        strangers = [sender for sender in by if not self.parts.door.knows(sender)]
        if strangers:
            log.warning("%s: the invitation of %s is not accepted", self.parts.name, clean(", ".join(strangers))[:255])
        if strangers or not by:
            return
        url, options = self._url(f"join/{quote(room, safe='')}"), self._options
        headers = {**self._headers, "Content-Type": "application/json"}
        done = await attempt(self.parts.outlet.tools.session, "POST", url, b"{}", headers, options.timeout)
        if not isinstance(done, Delivered):
            log.warning("%s: %s cannot be joined: %s", self.parts.name, clean(room)[:255], done.reason)

    async def _event(self, room: str, raw: Any) -> None:
        event = _read(raw)
        if event is None or event.sender == self._me:
            return
        if event.type == "m.room.encrypted" and self._unreadable.get(room) is None:
            self._unreadable.put(room, True)
            log.warning("%s: %s is encrypted and cannot be read", self.parts.name, clean(room)[:255])
        text = meant_for(self._me, self._name, event.content)
        if event.type != "m.room.message" or text is None:
            return
        asked_at = moment(event.origin_server_ts // 1_000)  # a server may send any number of digits
        private = await self._is_private(room, event.sender)
        question = Question(event.event_id, text, room, Person(event.sender), asked_at, private)
        self.parts.hear(question, RoomReply(self.parts.outlet, f"{room}/{event.event_id}"))

    async def _is_private(self, room: str, person: str) -> bool:
        """Whether the bot is alone with somebody; asked only where it matters."""
        if room in self.parts.door.rooms or not self.parts.door.knows(person):
            return False
        try:
            found = await self._get(f"rooms/{quote(room, safe='')}/joined_members")
        except HttpError as error:  # the bot was put out, say; questions of other rooms came with this one
            log.warning("%s: nobody says who is in a room: %s", self.parts.name, error)
            return False
        return set(found["joined"]) == {self._me, person}


def _read(raw: Any) -> _Event | None:
    """None: it has another form, as anybody in a room can send."""
    try:
        return msgspec.convert(raw, _Event)
    except msgspec.ValidationError:
        return None
