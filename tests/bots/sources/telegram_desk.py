"""A bot whose queue, clock and process a test sets."""

from __future__ import annotations

import json
from contextlib import aclosing
from datetime import UTC, datetime
from random import Random
from typing import Any, cast

from bots.http import Http
from bots.sources.base import Batch, Tools
from bots.sources.telegram_options import TelegramOptions
from tests.contract.worlds.telegram import GROUP, TOKEN, QuickTelegram, TelegramWorld

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)


class Desk:
    """It."""

    def __init__(self, http: Http, world: TelegramWorld) -> None:
        self.now, self.cursor = NOON, cast(Any, None)
        self.http, self.world = http, world
        self.source = self.start()

    def start(self, **options: Any) -> QuickTelegram:
        """A new process, which finds the saved resume point."""
        tools = Tools(http=self.http, now=lambda: self.now, random=Random(1), brands=())
        given = {"base_url": self.world.url, "token": TOKEN} | options
        self.source = QuickTelegram(TelegramOptions.model_validate(given), tools)
        self.source.saved(self.cursor)
        return self.source

    async def read(self, most: int, *, save: bool = True) -> list[Batch]:
        """So many batches; with `save` each resume point is in Kafka at once, else none is."""
        batches, cursor = [], self.cursor
        async with aclosing(cast(Any, self.source.collect(cursor))) as stream:
            for _ in range(most):
                batches.append(await anext(stream))
                cursor = batches[-1].cursor or cursor
                if save:
                    self.cursor = json.loads(json.dumps(cursor))
                    self.source.saved(self.cursor)
        return batches


def bare() -> TelegramWorld:
    """A bot for which nothing has come yet."""
    world = TelegramWorld()
    world.queue.clear()
    return world


def written(number: int, **extra: Any) -> dict[str, Any]:
    """A message in the group."""
    sender = {"id": 501, "is_bot": False, "first_name": "Ann", "username": "ann"}
    return {
        "message_id": number,
        "date": 1_790_000_000,
        "chat": GROUP,
        "from": sender,
        "text": f"text {number}",
    } | extra


def ids(batches: list[Batch]) -> list[str]:
    """Of what was told, without the platform."""
    return [post.id.removeprefix("telegram:") for batch in batches for post in batch.posts]
