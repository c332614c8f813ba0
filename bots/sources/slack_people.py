"""How people, channels and the workspace of Slack are called, asked for once and remembered."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from typing import Any

import msgspec

from bots.http import HttpError
from bots.sources.lru import Lru
from bots.sources.slack_posts import Message, Person, Team
from bots.sources.slack_text import people_in
from bots.wire.slack_web import SlackError, SlackWeb

log = logging.getLogger(__name__)

MOST_PEOPLE = 20_000
LONGEST_WAIT_S = 60.0  # a longer rest would hold up the messages: they are told without names
UNKNOWN = frozenset({"user_not_found", "user_not_visible", "users_not_found"})


class _Profile(msgspec.Struct):
    display_name: str | None = None
    real_name: str | None = None


class _User(msgspec.Struct):
    name: str = ""
    real_name: str | None = None
    is_bot: bool = False
    profile: _Profile = msgspec.field(default_factory=_Profile)


class _Test(msgspec.Struct):
    team_id: str
    team: str
    url: str
    user_id: str
    bot_id: str = ""


class _Channel(msgspec.Struct):
    id: str
    name: str = ""
    is_member: bool = False
    is_private: bool = False
    is_archived: bool = False


class People:
    """Names of people; where the app lacks the scope for them, or for now the allowance, there are only ids."""

    def __init__(self, web: SlackWeb) -> None:
        self._web = web
        self._known: Lru[str, Person] = Lru(MOST_PEOPLE)
        self._allowed, self._rest_until = True, 0.0

    async def learn(self, message: Message) -> None:
        """Ask for those whom a message names and we do not know yet. Raises `HttpError` and `SlackError`."""
        named: Iterable[str] = people_in(message.source)
        for who in dict.fromkeys([*([message.user] if message.user else []), *named]):
            if self._allowed and self._known.get(who) is None:
                await self._ask(who)

    def get(self, who: str | None) -> Person:
        """What is known of somebody."""
        return (self._known.get(who) if who else None) or Person()

    def called(self, who: str) -> str | None:
        """How somebody is called."""
        return self.get(who).handle or None

    async def _ask(self, who: str) -> None:
        loop = asyncio.get_running_loop()
        if loop.time() < self._rest_until:
            return
        try:
            found = await self._web.get("users.info", {"user": who})
            user = msgspec.convert(found.get("user"), _User)
        except SlackError as error:
            if error.error == "missing_scope":
                log.warning("people are told by their ids only: %s", error.explain("sources.slack.bot_token"))
                self._allowed = False
            elif error.error not in UNKNOWN:
                raise
            user = _User()
        except msgspec.ValidationError as error:
            log.warning("Slack describes %s in another form: %s", who, error)
            user = _User()
        except HttpError as error:
            if error.after is None or error.after <= LONGEST_WAIT_S:
                raise  # the source tries again then, and the message has its names
            log.warning("people are told by their ids for %.0f s: %s", error.after, error)
            self._rest_until = loop.time() + error.after
            return
        real = user.real_name or user.profile.real_name
        self._known.put(who, Person(user.profile.display_name or real or user.name, real or None, user.is_bot))


class Channels:
    """The followed channels: those named in the options, or all public ones that the app is a member of."""

    def __init__(self, web: SlackWeb, wanted: Iterable[str]) -> None:
        self._web, self._wanted = web, tuple(wanted)
        self._names: dict[str, str] = {}
        self._others: Lru[str, bool] = Lru(10_000)

    async def load(self) -> None:
        """Ask for all of them. Raises `HttpError` and `SlackError`."""
        self._names.clear()
        if self._wanted:
            for channel in self._wanted:
                await self._one(channel)
            return
        page = ""
        while True:
            params = {"types": "public_channel", "exclude_archived": "true", "limit": "200"}
            found = await self._web.get("users.conversations", params | ({"cursor": page} if page else {}))
            for record in _list(found.get("channels")):
                self._take(record, member=True)
            page = next_page(found)
            if not page:
                return

    async def follows(self, channel: str) -> bool:
        """Whether a channel is followed; one that the app has just been invited to may be."""
        if channel in self._names:
            return True
        if self._wanted or self._others.get(channel):
            return False
        await self._one(channel)
        if channel not in self._names:
            self._others.put(channel, True)
        return channel in self._names

    def drop(self, channel: str, reason: str) -> None:
        """It cannot be read."""
        log.warning("channel %s is not read: %s", channel, reason)
        self._names.pop(channel, None)
        self._others.put(channel, True)

    def name_of(self, channel: str) -> str | None:
        """How it is called."""
        return self._names.get(channel)

    @property
    def ids(self) -> list[str]:
        """All that are followed."""
        return list(self._names)

    async def _one(self, channel: str) -> None:
        try:
            found = await self._web.get("conversations.info", {"channel": channel})
        except SlackError as error:
            if error.error != "channel_not_found":
                raise
            return self.drop(channel, "there is none of this id, or it is private and the app was not invited")
        self._take(found.get("channel"), member=False)
        return None

    def _take(self, record: Any, *, member: bool) -> None:
        try:
            channel = msgspec.convert(record, _Channel)
        except msgspec.ValidationError as error:
            log.warning("a channel is not in the form of a channel: %s", error)
            return
        if not (member or channel.is_member):
            self.drop(channel.id, f"invite the app into #{channel.name}")
        elif channel.id in self._wanted or not (self._wanted or channel.is_private):
            self._names[channel.id] = channel.name


async def team_of(web: SlackWeb) -> Team:
    """Whose token it is. Raises `HttpError` and `SlackError`."""
    try:
        found = msgspec.convert(await web.get("auth.test"), _Test)
    except msgspec.ValidationError as error:
        raise HttpError(f"Slack's answer to auth.test has another form: {error}", 200) from error
    return Team(found.team_id, found.team, found.url, found.user_id, found.bot_id)


def next_page(found: dict[str, Any]) -> str:
    """Where the next page begins; empty after the last one."""
    about = found.get("response_metadata")
    page = about.get("next_cursor") if isinstance(about, dict) else None
    return page if isinstance(page, str) else ""


def _list(found: Any) -> list[Any]:
    return found if isinstance(found, list) else []
