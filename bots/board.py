"""One collector's status: counted here, written to the topic `cursors` with the resume point."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from bots.publish import Publisher
from bots.sources.base import Gap
from streams.records import Post, SourceGap, SourceState, SourceStatus, encode

log = logging.getLogger(__name__)

MOST_GAPS = 100
EVERY_S = 1.0


class Board:
    """The status of one source. Life cycle: set things, `run` writes them at most once a second, `close` the last."""

    def __init__(
        self, name: str, publisher: Publisher, now: Callable[[], datetime], saved: SourceStatus | None
    ) -> None:
        self._name, self._publisher, self._now = name, publisher, now
        self._changed, self._urgent = asyncio.Event(), asyncio.Event()
        self.on_saved: Callable[[Any], None] = lambda _cursor: None
        """Told of each resume point once Kafka has acknowledged it."""
        self.status = SourceStatus(
            name=name,
            since=now(),
            gaps=saved.gaps if saved else (),
            cursor=saved.cursor if saved else None,
            last_event_at=saved.last_event_at if saved else None,
            last_saved_at=saved.last_saved_at if saved else None,
        )

    def state(self, state: SourceState, reason: str = "") -> None:
        """The source is in another state now, or in the same for another reason."""
        if (state, reason) == (self.status.state, self.status.reason):
            return
        if state != self.status.state:
            log.log(
                logging.INFO if state in ("live", "stopped", "finished") else logging.WARNING,
                "%s is %s%s",
                self._name,
                state,
                f": {reason}" if reason else "",
            )
        since = self._now() if state != self.status.state else self.status.since
        self._set(state=state, reason=reason, since=since)
        self._urgent.set()

    def published(self, posts: list[Post], bad: int, waiting: int) -> None:
        """Posts went on their way."""
        if not posts and not bad and waiting == self.status.waiting:
            return
        status, newest = self.status, None
        deletes = sum(post.op == "delete" for post in posts)
        if posts:
            dates = (post.created_at for post in posts if post.created_at is not None and post.op != "delete")
            newest = max(dates, default=None)
        now = self._now()
        self._set(
            events=status.events + len(posts),
            deletes=status.deletes + deletes,
            bad=status.bad + bad,
            waiting=waiting,
            last_event_at=now if posts else status.last_event_at,
            lag_s=status.lag_s if newest is None else round(max(0.0, (now - newest).total_seconds()), 3),
        )

    def gap(self, gap: Gap) -> None:
        """Something is lost for good; people hear of it."""
        log.warning("%s: a gap from %s to %s: %s", self._name, gap.start, gap.end, gap.reason)
        gaps = (*self.status.gaps, SourceGap(gap.start, gap.end, gap.reason))[-MOST_GAPS:]
        self._set(gaps=gaps)
        self._urgent.set()

    def cursor(self, cursor: Any) -> None:
        """Everything before `cursor` is in Kafka."""
        self._set(cursor=cursor, last_saved_at=self._now())

    async def run(self) -> None:
        """Write the status when it has changed: a new state at once, the rest at most once a second."""
        while True:
            await self._changed.wait()
            try:
                async with asyncio.timeout(EVERY_S):
                    await self._urgent.wait()
            except TimeoutError:
                pass
            await self.write()

    async def write(self) -> None:
        """Write the status now, and return when Kafka has it."""
        self._changed.clear()
        self._urgent.clear()
        status = self.status
        await self._publisher.put_cursor(self._name, encode(status))
        self.on_saved(status.cursor)

    def _set(self, **values: Any) -> None:
        self.status = msgspec.structs.replace(self.status, **values)
        self._changed.set()
