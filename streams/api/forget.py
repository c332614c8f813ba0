"""`PUT /api/forget`: erase an author everywhere; and `/api/applied`, by which workers tell each other how far they are.

A web page elsewhere cannot ask for it: a browser sends neither PUT nor JSON to another site without asking first, and
this service allows it nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

import msgspec
from aiohttp import web
from aiokafka.errors import KafkaError

from streams.api import answers
from streams.api.bodies import order_of
from streams.api.peers import PART_S, LookupFailed, PeerFailed, Peers
from streams.api.problems import bad_parameter, unavailable
from streams.api.service_routes import Handler, reply
from streams.audit import Audit, Line
from streams.forgetting import Applied, Forgetting
from streams.records import BadPost, Post, check_post, erasure
from streams.tasks import Tasks

log = logging.getLogger(__name__)


class ForgetRoutes:
    """Handlers of the table `routes.FORGET`, by operation."""

    def __init__(
        self, forgetting: Forgetting, audit: Audit, here: Callable[[], Applied], now: Callable[[], datetime]
    ) -> None:
        self._forgetting, self._audit, self._here, self._now = forgetting, audit, here, now
        self._tasks = Tasks()

    def handlers(self) -> dict[str, Handler]:
        """Operation -> handler."""
        return {"forget": self.forget, "applied": self.applied}

    async def stop(self) -> None:
        """Let go."""
        await self._tasks.stop()

    async def applied(self, _request: web.Request) -> web.Response:
        """How far the partitions here are."""
        return reply(answers.Applied(self._here()))

    async def forget(self, request: web.Request) -> web.Response:
        """200 once it is done everywhere, 202 when it is on its way."""
        asked = await order_of(request, answers.Forget)
        record = _checked(asked, self._now())
        assert record.created_at is not None
        order = "forget --undo" if asked.undo else "forget"
        try:
            self._audit.write(Line(record.created_at, order, record.id, asked.by[:100], request.remote or ""))
        except OSError as error:
            raise unavailable(f"nothing was done: the audit cannot be written: {error.strerror}") from error
        try:
            to_go = await self._carried_out(record, request.headers.get("Authorization"))
        except KafkaError as error:
            raise unavailable(f"Kafka did not take the order, or not all of it; ask again: {error}") from error
        all_of_it = self._forgetting.partitions
        answer = answers.Forgotten(record.id, record.created_at, asked.undo, all_of_it, to_go)
        return reply(answer, 202 if to_go else 200)

    async def _carried_out(self, record: Post, authorization: str | None) -> int:
        # In a task of its own: an asker who goes away must not leave the order in some of the partitions.
        ordering = self._tasks.start(self._forgetting.order(record), "forget an author")
        return await self._forgetting.to_go(await asyncio.shield(ordering), authorization)


def _checked(asked: answers.Forget, now: datetime) -> Post:
    """The record that says it. Raises `Problem`."""
    try:
        return check_post(erasure(asked.author, now, asked.undo), now)
    except BadPost as error:
        raise bad_parameter("author", f"is no `author.id` of a post, such as bluesky:did:plc:…: {error}") from error


class Others:
    """The other workers that hold partitions of any topic. `me` is the URL by which they know this one."""

    def __init__(self, peers: Peers, me: Callable[[], str]) -> None:
        self._peers, self._me = peers, me

    async def applied(self, authorization: str | None) -> list[Applied]:
        """How far each is that answers."""
        try:
            urls = sorted(await self._peers.others(self._me()))
        except LookupFailed as error:
            log.warning("who else holds partitions is not known: %s", error)
            return []
        answered = await asyncio.gather(*(self._ask(url, authorization) for url in urls))
        return [found for found in answered if found is not None]

    async def _ask(self, url: str, authorization: str | None) -> Applied | None:
        try:
            answer = await self._peers.get(url, "/api/applied", authorization, PART_S)
            return msgspec.json.decode(answer.body, type=answers.Applied).topics
        except (PeerFailed, msgspec.DecodeError) as error:  # an older worker has no such route
            log.warning("%s does not say how far it is: %s", url, error)
            return None
