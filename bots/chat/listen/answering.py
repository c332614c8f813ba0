"""From a question to its answer: who may ask, whether it is new, what it means, and that it is told in time.

A chat waits about three seconds for a sign of life. Numbers take far less; where one has to be worked out, the room is
told so after a second and a half, and the answer follows.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import Final

from bots.chat.base import Delivered, Message, Refused
from bots.chat.document import Document
from bots.chat.listen.asked import Asked
from bots.chat.listen.asking import Desk
from bots.chat.listen.base import Person, Question, Reply, key_of
from bots.chat.listen.door import Door
from bots.chat.listen.forms import IN_CHATS, as_typed, is_order, lang_of
from bots.chat.listen.memory import Memory
from bots.chat.listen.words import say
from bots.chat.taming import clean
from bots.commands.client import AskFailed, Unreachable
from bots.commands.grammar import NotUnderstood, parse
from bots.commands.translating import spanish
from config.language import Lang
from streams.tasks import Tasks

log = logging.getLogger(__name__)
OLD: Final = timedelta(hours=1)  # nobody waits for the answer to an older question
PATIENCE_S: Final = 1.5
LONGEST_S: Final = 300.0
TRIES: Final = 5
LONGEST_REST_S: Final = 60.0
MOST_AT_ONCE: Final = 50  # questions of one chat that are being answered
MOST_NAME: Final = 60


class Answering:
    """The questions of one chat (`outlet` is its name, `kind` its network). Life cycle: `hear` …, `stop`."""

    def __init__(
        self,
        outlet: str,
        kind: str,
        door: Door,
        desk: Desk,
        memory: Memory,
        lang: Lang | None,
        now: Callable[[], datetime],
        random: Random,
    ) -> None:
        self._outlet, self._kind, self._door, self._desk, self._memory = outlet, kind, door, desk, memory
        self._lang, self._now, self._random = lang, now, random
        self._tasks = Tasks()
        self._under_way = 0

    def hear(self, question: Question, reply: Reply) -> None:
        """Take a question on, unless it is none of ours, old, or known; it is answered in the background."""
        if not self._door.lets_in(question):
            return
        now = self._now()
        if question.asked_at is not None and now - question.asked_at > OLD:
            log.info("%s: a question of %s is too old to be answered", self._outlet, question.asked_at.isoformat())
            return
        if self._under_way >= MOST_AT_ONCE:
            log.warning("%s: a question is left out, %d are being answered", self._outlet, self._under_way)
            return
        pace = self._door.pace(question.person.id, asyncio.get_running_loop().time())
        if pace != "flood" and self._memory.take(self._outlet, question.key, now):
            self._under_way += 1
            hasty = pace == "hasty"
            self._tasks.start(self._answer(question, reply, hasty=hasty), f"answer in {self._outlet}")

    @property
    def busy(self) -> bool:
        """Whether a question is being answered."""
        return self._under_way > 0

    async def stop(self) -> None:
        """What is under way is given up."""
        await self._tasks.stop()

    async def _answer(self, question: Question, reply: Reply, *, hasty: bool) -> None:
        try:
            key, text = key_of(self._outlet, question), as_typed(question.text)
            lang = self._lang or question.lang or lang_of(text) or "en"
            if hasty:
                await self._bring(Message(key, Document(say("haste", lang)), lang=lang), reply)
                return
            working = self._tasks.start(self._document(question, text, reply, lang), f"question in {self._outlet}")
            done, _ = await asyncio.wait({working}, timeout=PATIENCE_S)
            if not done:
                await reply.wait(key, lang)
            await self._bring(Message(key, await working, lang=lang), reply)
        finally:
            self._under_way -= 1

    async def _document(self, question: Question, text: str, reply: Reply, lang: Lang) -> Document:
        """What to say, whatever happens."""
        try:
            async with asyncio.timeout(LONGEST_S):
                return await self._meant(question, text, reply, lang)
        except Unreachable as error:
            log.warning("%s: a question cannot be answered: %s", self._outlet, error)
            return Document(say("away", lang))
        except (AskFailed, NotUnderstood) as error:
            return Document(spanish(str(error)) if lang == "es" else str(error))
        except TimeoutError:
            return Document(say("too long", lang))
        except Exception:  # a fault of ours: the room is told that, the log what it was
            log.exception("%s: a question ended in an error", self._outlet)
            return Document(say("broken", lang))

    async def _meant(self, question: Question, text: str, reply: Reply, lang: Lang) -> Document:
        person = question.person
        command = parse(text, IN_CHATS)
        by = self._by(person)
        if is_order(command):
            if not self._door.may_manage(person):
                return Document(say("not allowed", lang, word=command.name))
            by = self._by(Person(person.id, await reply.name_of(person)))
            log.info("%s: %s is ordered by %s", self._outlet, command.name, by)
        return await self._desk.answer(Asked(command, question, self._outlet, by, lang))

    def _by(self, person: Person) -> str:
        name = clean(person.name)[:MOST_NAME]
        return f"{self._kind}:{person.id}" + (f" ({name})" if name else "")

    async def _bring(self, message: Message, reply: Reply) -> None:
        reason = ""
        for number in range(TRIES):
            outcome = await reply.send(message)
            if isinstance(outcome, Delivered):
                return
            reason = outcome.reason
            if isinstance(outcome, Refused):
                break
            rest = outcome.after if outcome.after is not None else 2.0**number * self._random.uniform(0.5, 1)
            if rest > LONGEST_REST_S:
                break
            await asyncio.sleep(rest)
        log.warning("%s: an answer could not be told: %s", self._outlet, reason)
