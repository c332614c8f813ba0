"""A command that somebody gave in Discord, and what is offered while they type it.

Discord waits three seconds: a command is answered by "thinking…" at once, and the answer takes its place, within
15 minutes. Source: docs.discord.com/developers/interactions/receiving-and-responding.
"""

from __future__ import annotations

import logging
from typing import Any, Final

import msgspec

from bots.chat.base import Delivered, Message, Outcome
from bots.chat.discord import AGENT, content, retry_after
from bots.chat.listen.base import Person, Question, Reply
from bots.chat.listen.discord_forms import (
    MOST_CHOICE,
    SPANISH_LOCALES,
    Answer,
    Data,
    Interaction,
    Kind,
    User,
    completes,
    text_of,
)
from bots.chat.listen.listener import Parts
from bots.chat.post import attempt
from bots.wire.discord_frames import Event
from config.language import Lang
from streams.tasks import Tasks

log = logging.getLogger(__name__)
HEADERS: Final = {"Content-Type": "application/json", "User-Agent": AGENT}


class Interactions:
    """Handles them, each in a task of its own. Life cycle: `handle` …, `stop`."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._tasks = Tasks()

    async def stop(self) -> None:
        """Give up what is under way."""
        await self._tasks.stop()

    def handle(self, event: Event) -> None:
        """One event."""
        try:
            given = msgspec.json.decode(event.data, type=Interaction)
        except (ValueError, RecursionError) as error:
            log.warning("%s: Discord sent something in another form: %s", self._parts.name, error)
            return
        if given.who is None or given.data is None:
            return
        if given.type == Kind.COMMAND:
            self._tasks.start(self._command(given, given.who, given.data), f"command in {self._parts.name}")
        elif given.type == Kind.AUTOCOMPLETE and self._parts.door.is_open(given.channel_id, given.who.id):
            self._tasks.start(self._complete(given, given.data), f"completion in {self._parts.name}")

    async def _command(self, given: Interaction, who: User, data: Data) -> None:
        lang: Lang | None = "es" if given.locale in SPANISH_LOCALES else None
        question = Question(given.id, text_of(data), given.channel_id, Person(who.id, who.username), lang=lang)
        if self._parts.door.is_open(question.room, who.id):  # nobody else sees it think
            done = await self._first_answer(given, {"type": Answer.LATER})
            if not isinstance(done, Delivered):  # it was given while we were away, and Discord has said so
                log.info("%s: a command cannot be answered any more: %s", self._parts.name, done.reason)
                return
        self._parts.hear(question, _CommandReply(self._parts, given))

    async def _complete(self, given: Interaction, data: Data) -> None:
        offers = await self._parts.completion.of(*completes(data))
        choices = [{"name": name[:MOST_CHOICE], "value": value[:MOST_CHOICE]} for name, value in offers]
        await self._first_answer(given, {"type": Answer.CHOICES, "data": {"choices": choices}})

    async def _first_answer(self, given: Interaction, answer: Any) -> Outcome:
        return await send(self._parts, "POST", f"interactions/{given.id}/{given.token}/callback", answer)


class _CommandReply(Reply):
    def __init__(self, parts: Parts, given: Interaction) -> None:
        self._parts = parts
        self._path = f"webhooks/{given.application_id}/{given.token}/messages/@original"

    async def send(self, message: Message) -> Outcome:
        """In the place of "thinking…": however often, it is one message."""
        return await send(self._parts, "PATCH", self._path, content(message))

    async def wait(self, key: str, lang: Lang) -> None:
        """The room sees it think already."""


async def send(parts: Parts, method: str, path: str, body: Any) -> Outcome:
    """One request; the token in its path is all that it needs."""
    options, session = parts.outlet.options, parts.outlet.tools.session
    data = msgspec.json.encode(body)
    return await attempt(session, method, f"{options.base_url}/{path}", data, HEADERS, options.timeout, retry_after)
