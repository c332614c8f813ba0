"""Runs one source: publishes its posts, saves its resume point behind Kafka's acknowledgements, never gives up on it.

`run` collects from the cursor it was handed and backs off after each failure, until the source
ends (`finished`), says that it cannot work (`misconfigured`), or the task is cancelled (`stopped`).
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing, suppress
from random import Random
from typing import cast

import aiohttp

from bots.board import Board
from bots.progress import Progress, Step
from bots.publish import Publisher
from bots.sources.base import Bad, Batch, Misconfigured, Retry, Source
from bots.threads import ThreadFinder
from bots.watch import Pauses
from streams.records import BadPost, Post, SourceState, check_post, encode
from streams.tasks import Tasks

log = logging.getLogger(__name__)

LONGEST_BACKOFF_S = 300.0
FLUSH_S = 2.5  # how long a stop waits for Kafka
STEADY_S = 60.0  # having lived so long, a source's next failure starts from the shortest back-off


class Silence(Retry):
    """The source said nothing for much longer than it usually does."""


class Runner:
    """One source under supervision."""

    def __init__(
        self,
        source: Source,
        publisher: Publisher,
        board: Board,
        *,
        finder: ThreadFinder[Step] | None,
        random: Random,
        clock: Callable[[], float] = time.monotonic,
        base_s: float = 1.0,
    ) -> None:
        self.source, self.board = source, board
        self._publisher, self.finder, self._random, self._clock = publisher, finder, random, clock
        self._base_s = base_s
        self._progress = Progress(board.status.cursor)
        self._reached = board.status.cursor
        self._flying: set[asyncio.Future[None]] = set()
        self._pauses, self._data = Pauses(source.quiet_s), Pauses(source.quiet_s)
        self._failures = 0
        board.on_saved = source.saved
        source.saved(board.status.cursor)  # it was read from Kafka

    async def run(self) -> None:
        """Collect until the source has finished or cannot work, or until cancelled."""
        tasks = Tasks()
        tasks.start(self.board.run(), f"status of {self.source.key}")
        try:
            await self._supervise()
        except asyncio.CancelledError:
            await self._land()
            self.board.state("stopped")
            raise
        finally:
            await tasks.stop()
            with suppress(TimeoutError):  # Kafka is away: the saved cursor is older, nothing else is lost
                async with asyncio.timeout(FLUSH_S):
                    await self.board.write()

    async def _supervise(self) -> None:
        while True:
            started = self._clock()
            state: SourceState = "retrying"
            reason, after = "", cast("float | None", None)
            try:
                await self._collect()
                if not self.source.endless:
                    return await self._finish()
                reason = "the stream ended"
            except Misconfigured as error:
                await self._land()
                return self.board.state("misconfigured", str(error))
            except Silence as error:
                state, reason = "silent", str(error)
            except Retry as error:
                reason, after = str(error), error.after
            except (aiohttp.ClientError, OSError, TimeoutError, sqlite3.Error) as error:
                reason = f"{type(error).__name__}: {_plain(error)}"
            except Exception as error:  # one source's mistake must not end the others
                log.exception("%s failed in a way its author did not think of", self.source.key)
                reason = f"unexpected {type(error).__name__} in the collector"
            self.board.state(state, reason)
            if self._clock() - started > STEADY_S:
                self._failures = 0
            self._failures += 1
            await asyncio.sleep(backoff(self._failures, after, self._base_s, self._random))

    async def _collect(self) -> None:
        """One connection, until it ends or fails. It goes on behind the last batch that was taken: what of that is not
        in Kafka yet is still in this process's hands, and the saved resume point stands before it.
        """
        self._pauses.restart()
        async with aclosing(cast("AsyncGenerator[Batch]", self.source.collect(self._reached))) as stream:
            while (batch := await self._next(stream)) is not None:
                try:
                    await self._take(batch)
                except Exception:  # a full disk, say
                    self._rewind()
                    raise
                self._reached = batch.cursor if batch.cursor is not None else self._reached

    async def _next(self, stream: AsyncIterator[Batch]) -> Batch | None:
        limit = self._pauses.limit_s
        try:
            async with asyncio.timeout(limit) as deadline:
                batch = await anext(stream, None)
        except TimeoutError:
            if deadline.expired():
                raise Silence(f"no data for {limit:.0f} s, connecting again") from None
            raise
        self._pauses.event(self._clock())
        return batch

    async def _take(self, batch: Batch) -> None:
        step = self._progress.begin(batch.cursor)
        if batch.gap is not None:
            self.board.gap(batch.gap)
        posts, bad = self._check(batch)
        step.open += len(posts) + len(bad)
        for item in bad:
            letter = await self._publisher.dead_letter(self.source.key, item.reason, item.record, item.offset)
            self._fly(letter, {step: 1})
        ready = [(post, step) for post in posts]
        sent = await self._send(ready if self.finder is None else self.finder.feed(ready, self._clock()))
        self._part_done(self._progress, step)
        self._tell(sent, len(bad))

    def _check(self, batch: Batch) -> tuple[list[Post], Sequence[Bad]]:
        arrived = self.source.tools.now()
        posts, bad = [], list(batch.bad)
        for post in batch.posts:
            try:
                posts.append(check_post(post, arrived))
            except BadPost as error:
                bad.append(Bad(_bytes(post), str(error), post.id))
        return posts, bad

    def _rewind(self) -> None:
        """A batch was taken only in part: read everything behind the saved resume point again."""
        self._progress = Progress(self._progress.cursor)
        self._reached = self._progress.cursor
        if self.finder is not None:
            self.finder.forget()

    async def _send(self, ready: Sequence[tuple[Post, Step]]) -> list[Post]:
        posts = [post for post, _ in ready]
        if posts:
            self._fly(await self._publisher.publish(posts, self.source.key), Counter(step for _, step in ready))
        return posts

    def _fly(self, ack: asyncio.Future[None], parts: Mapping[Step, int]) -> None:
        """Once Kafka has acknowledged, the batches that the records came in are that much nearer to done."""
        self._flying.add(ack)
        progress = self._progress

        def landed(ack: asyncio.Future[None]) -> None:
            self._flying.discard(ack)
            for step, count in parts.items():
                self._part_done(progress, step, count)

        ack.add_done_callback(landed)

    def _part_done(self, progress: Progress, step: Step, count: int = 1) -> None:
        if progress.done(step, count) and progress is self._progress:
            self.board.cursor(progress.cursor)

    def _tell(self, sent: list[Post], bad: int) -> None:
        self.board.published(sent, bad, self._waiting)
        now = self._clock()
        if sent:
            self._data.event(now)
        silent = self._data.silent_s(now)
        if silent is None:
            self.board.state("live")
        else:
            self.board.state("silent", f"it answers, but has had nothing new for over {self._data.limit_s:.0f} s")

    @property
    def _waiting(self) -> int:
        return self.finder.waiting if self.finder is not None else 0

    async def _finish(self) -> None:
        """The end of a file: nothing waits any longer, and it is finished only when Kafka has it all."""
        if self.finder is not None:
            self.board.published(await self._send(self.finder.finish()), 0, 0)
        while self._flying:
            await asyncio.wait(self._flying)
        self.board.state("finished")

    async def _land(self) -> None:
        """A stop waits a little for what is on its way; what waits for its parent is read again."""
        if self._flying:
            await asyncio.wait(self._flying, timeout=FLUSH_S)


def backoff(failures: int, after: float | None, base_s: float, random: Random) -> float:
    """Seconds before the next try: exponential with full jitter, never nothing, never less than the network asked."""
    longest = min(LONGEST_BACKOFF_S, base_s * 2 ** min(failures, 20))
    return (after or 0.0) + 0.1 * base_s + random.uniform(0, longest)


def _bytes(post: Post) -> bytes:
    try:
        return encode(post)
    except UnicodeEncodeError:
        return repr(post).encode(errors="replace")


def _plain(error: BaseException) -> str:
    """What may be told of an error: aiohttp's texts hold whole addresses, where keys may stand."""
    if isinstance(error, sqlite3.Error):
        return str(error)
    return (error.strerror or "") if isinstance(error, OSError) else ""
