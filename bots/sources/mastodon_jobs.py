"""The work of the Mastodon source, one small job at a time: a page of a timeline, or another look at some posts."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from http import HTTPStatus
from random import Random
from typing import Any

import msgspec

from bots.http import HttpError
from bots.sources.base import Bad
from bots.sources.mastodon_api import LIMIT, LOWEST, Page, earlier, told_at
from bots.sources.mastodon_forms import Status, read_status
from bots.sources.mastodon_memory import Check, Mark, Memory
from bots.sources.mastodon_reader import Found, Reader

log = logging.getLogger(__name__)

CHECKS = 10  # posts of one server that are looked at again in one go
BETWEEN_PAGES_S = 1.0  # of a timeline that is being caught up with
LONGEST_PAUSE_S = 3_600.0


class Result(msgspec.Struct, frozen=True):
    """What a job brought. `newest`: where the page ends, None when it is empty; `more`: whether another one may follow;
    `gone`, `looked`: uris.
    """

    found: Sequence[Found] = ()
    bad: Sequence[Bad] = ()
    newest: str | None = None
    more: bool = False
    gone: Sequence[str] = ()
    looked: Sequence[str] = ()


class Job:
    """A timeline, or (`timeline` empty) the posts of one server to look at again, and when it is due."""

    def __init__(self, reader: Reader, timeline: str, poll_s: float, overlap_s: float, random: Random) -> None:
        self.reader, self.timeline = reader, timeline
        self.key = f"{reader.api.base} {timeline}".strip()
        self.overlap_s, self._poll_s, self._random = overlap_s, poll_s, random
        self.due = 0.0
        self.failures = 0
        self.reason, self.status, self.after = "", 0, 0.0

    async def run(self, memory: Memory) -> Result | None:
        """Do it once; None: it failed, and is due again later."""
        try:
            result = await (self._page(memory) if self.timeline else self._look(memory))
        except HttpError as error:
            self._failed(error)
            return None
        self.failures, self.reason, self.status, self.after = 0, "", 0, 0.0
        self._wait(min(self._poll_s, BETWEEN_PAGES_S) if result.more else self._poll_s)
        return result

    async def _page(self, memory: Memory) -> Result:
        mark = memory.place.marks.get(self.key)
        after = None if mark is None or not mark.newest else mark.at or earlier(mark.newest, self.overlap_s)
        page = await self.reader.api.page(self.timeline, after)
        found, bad = await self.reader.read(page.records)
        if mark is None or after is None:  # nothing at all yet: whatever comes is news
            return Result(found, bad, page.newest or LOWEST)
        return Result(found, bad, page.newest, more=self._may_follow(page, mark, memory.now()))

    def _may_follow(self, page: Page, mark: Mark, now: float) -> bool:
        """Whether a page is not the last one. A short one is, unless it is old: servers leave out what is hidden."""
        if page.newest is None or len(page.records) >= LIMIT:
            return page.newest is not None
        at = told_at(page.newest)
        return page.newest != mark.newest and (at is None or at < now - self._poll_s)

    async def _look(self, memory: Memory) -> Result:
        base = self.reader.api.base
        checks = memory.due(base, CHECKS)
        now = {uri: await self.reader.api.status(check.id) for uri, check in checks.items()}
        changed = [record for uri, record in now.items() if record is not None and _differs(record, checks[uri])]
        found, bad = await self.reader.read(changed)
        gone = [uri for uri, record in now.items() if record is None]
        return Result(found, bad, gone=gone, looked=[uri for uri in now if uri not in gone])

    def _failed(self, error: HttpError) -> None:
        self.failures += 1
        if not self.reason:
            log.warning("%s: %s", self.key, error)
        self.reason, self.status, self.after = str(error), error.status, error.after or 0.0
        self._wait(max(min(LONGEST_PAUSE_S, self._poll_s * 2 ** min(self.failures, 12)), self.after))

    def _wait(self, seconds: float) -> None:
        self.due = asyncio.get_running_loop().time() + seconds * self._random.uniform(1.0, 1.1)

    @property
    def unauthorized(self) -> bool:
        """Whether the server asked for a token, or for another one."""
        return self.status == HTTPStatus.UNAUTHORIZED


def _differs(record: Any, check: Check) -> bool:
    """Whether there is more to say of it: what is as it was needs no question what it answers."""
    status = read_status(record)
    return not isinstance(status, Status) or status.version != check.version or not status.tellable
