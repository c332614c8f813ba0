"""Telegram through a bot of one's own: what is written in the groups and channels that it is a member of.

Telegram forgets an update as soon as it is asked for a later one: `offset` confirms all before it. A resume point that
Kafka has not acknowledged yet may die with this process, so what it stands behind must still be at Telegram. Therefore
`offset` is never more than the last resume point that was `saved`; until then the same updates come again in front of
the new ones, and those that were told already are passed over. After a kill at any moment Telegram has kept everything
behind the saved resume point. The price: with Kafka away only the 100 oldest unconfirmed updates can be seen, and the
collector waits with the others at Telegram, which keeps them for 24 hours.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

import msgspec

from bots.sources.base import Bad, Batch, Gap, Misconfigured, Source, SourceOptions, Tools
from bots.sources.lru import Lru
from bots.sources.telegram_forms import Chat, Start, Update, Whereabouts
from bots.sources.telegram_options import TelegramOptions
from bots.sources.telegram_posts import Memory, deletion, read_message
from bots.wire.telegram_api import BotApi
from streams.records import Post

KEPT_S = 24 * 3_600.0  # so long Telegram keeps updates
STALE_S = 25 * 3_600.0  # without one for so long, all that was told has gone from Telegram's queue
NOTED_S = 300.0  # so often a resume point says that there was nothing new


class Place(msgspec.Struct):
    """The resume point: the `next` update (0: whichever comes), when one came last, the last answer (Unix times)."""

    next: int = 0
    came: float = 0.0
    looked: float = 0.0
    memory: Memory = msgspec.field(default_factory=Memory)


class Telegram(Source):
    """One bot."""

    name: ClassVar[str] = "telegram"
    options_type: ClassVar[type[SourceOptions]] = TelegramOptions
    settle_s: ClassVar[float] = 5.0  # so long it waits for a resume point to be saved before it looks again anyway
    breath_s: ClassVar[float] = 0.5  # between two requests, should one be answered at once

    def __init__(self, options: Any, tools: Tools) -> None:
        super().__init__(options, tools)
        self._saved, self._news = 0, asyncio.Event()
        self._noted = 0.0
        self._unreadable: Lru[bytes, bool] = Lru(1_000)  # updates without a number, told once

    def saved(self, cursor: Any) -> None:
        """Up to here updates may be confirmed."""
        self._saved = cursor.get("next", 0) if isinstance(cursor, dict) else 0
        self._news.set()

    async def collect(self, cursor: Any) -> AsyncIterator[Batch]:
        """Messages, posts and their edits, for ever."""
        if self.options.token is None:
            raise Misconfigured("sources.telegram.token: get one from @BotFather, or disable the source")
        place = msgspec.convert(cursor, Place) if cursor is not None else Place()
        wait_s = self.options.wait.total_seconds()
        api = BotApi(self.tools.http, self.options.base_url, self.options.token, wait_s)
        while True:
            before = place.next
            if self._now() - place.came > STALE_S:
                # After a week without updates Telegram may number them anew, from below too.
                place.next = self._saved = 0
            # A saved point ahead of this one is of the time before that, and would confirm what was never seen.
            updates = await api.updates(self._saved if self._saved <= place.next else 0)
            yield self._read(place, updates, before)
            if updates:
                await self._settled(place.next)
            await asyncio.sleep(self.breath_s * self.tools.random.uniform(1.0, 1.2))

    def _read(self, place: Place, updates: Sequence[bytes], before: int) -> Batch:
        posts, bad, numbers = list[Post](), list[Bad](), list[int]()
        for raw in updates:
            number = _number(raw)
            if number is None:
                self._complain(Bad(raw, "an update without update_id"), bad)
            elif number >= place.next:
                numbers.append(number)
                self._tell(place, raw, number, posts, bad)
        gap = self._gap(place, min(numbers, default=0), before)
        place.looked = self._now()
        if numbers:
            place.next, place.came = max(numbers) + 1, place.looked
        if not (numbers or gap) and place.looked - self._noted < NOTED_S:
            return Batch(bad=bad)
        self._noted = place.looked
        return Batch(posts=posts, bad=bad, gap=gap, cursor=msgspec.to_builtins(place))

    def _tell(self, place: Place, raw: bytes, number: int, posts: list[Post], bad: list[Bad]) -> None:
        try:
            # Where first: what people write to the bot alone must not even become a dead letter.
            chat = msgspec.json.decode(raw, type=Whereabouts).chat
            news = msgspec.json.decode(raw, type=Update).news if chat and self._wanted(chat, place.memory) else None
            if news is None:
                return
            op, message = news
            place.memory.move(message)
            post = read_message(message, place.memory)
        except (ValueError, OverflowError, OSError, RecursionError) as error:
            bad.append(Bad(raw, f"not in the form of a message: {error}", str(number)))
            return
        if post is not None:
            posts.append(msgspec.structs.replace(post, op=op))
        elif op == "update" and message.location is None:  # a place that moves is edited all the time
            posts.append(deletion(message))

    def _wanted(self, chat: Chat, memory: Memory) -> bool:
        """Whether it is a group or channel, and one of those asked for, or what such a group has become."""
        chats = self.options.chats
        if not chat.public or not chats:
            return chat.public
        names = {str(chat.id), f"@{chat.username.lower()}"}
        return not names.isdisjoint(chats) or any(memory.moved.get(old) in names for old in chats)

    def _gap(self, place: Place, first: int, before: int) -> Gap | None:
        """What Telegram may have dropped in an absence; nothing, if the next update is the one that was due."""
        lost_until = self._now() - KEPT_S
        if not place.looked or place.looked >= lost_until or (before and first == before):
            return None
        reason = "Telegram keeps updates for 24 hours"
        return Gap(datetime.fromtimestamp(place.looked, UTC), datetime.fromtimestamp(lost_until, UTC), reason)

    def _complain(self, record: Bad, bad: list[Bad]) -> None:
        if self._unreadable.get(record.record) is None:
            self._unreadable.put(record.record, True)
            bad.append(record)

    async def _settled(self, number: int) -> None:
        """Wait until the resume point is saved, so that the next request confirms what was told."""
        try:
            async with asyncio.timeout(self.settle_s):
                while self._saved != number:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            return  # Kafka takes its time: look for more, without confirming

    def _now(self) -> float:
        return self.tools.now().timestamp()


def _number(raw: bytes) -> int | None:
    try:
        return msgspec.json.decode(raw, type=Start).update_id
    except (ValueError, RecursionError):
        return None
