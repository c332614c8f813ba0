"""Answers that take long: worked out in the background, kept for a minute, and asked for again meanwhile."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Final

from streams.api.problems import Problem, unavailable
from streams.tasks import Tasks

KEPT_S: Final = 60.0  # since its entries were looked at: so long a deleted post may still stand behind an answer
COLLECT_S: Final = 15.0  # since it was ready: what took longer than a minute can still be fetched by who waits for it
PATIENCE_S: Final = 10.0  # that an asker waits; a worker that asks for another's answer waits 15 s
MOST: Final = 32  # answers kept, where nothing else is said
AT_WORK: Final = 8  # that are being worked out; who asks for more is told to come again


class _Kept:
    """One answer, or the work on it. `version` is that of the entries it was begun with."""

    def __init__(self, begun: float, version: Hashable, task: asyncio.Task[Any]) -> None:
        self.begun, self.version, self.task = begun, version, task
        self.ready = float("inf")

    @property
    def failed(self) -> bool:
        """Whether it has ended without an answer."""
        ended = self.task.done()
        return ended and (
            self.task.cancelled() or bool(self.task.exception()) or isinstance(self.task.result(), Problem)
        )


class Later:
    """Works each answer out once for all who ask, and not again within a minute."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, most: int = MOST) -> None:
        """`most`: answers kept; those that wait for one another should be fewer, or none is there when it is wanted."""
        self._clock, self._tasks, self._most = clock, Tasks(), most
        self._kept: OrderedDict[Hashable, _Kept] = OrderedDict()

    async def get(self, key: Hashable, version: Hashable, work: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        """The answer under `key`. `version` stands for all that it depends on: while that is the same it stays good;
        None: it gets old in any case. Raises `Problem` 503 when it is not there soon, and what `work` raises."""
        kept = self._kept.get(key)
        if kept is None or not self._good(kept, version):
            kept = self._begin(key, version, work)
        await asyncio.wait({kept.task}, timeout=PATIENCE_S)
        if not kept.task.done():
            raise unavailable("this is still being worked out; ask again in a few seconds", retry_after=3)
        if kept.task.cancelled():
            raise unavailable("the worker is stopping")
        answer = kept.task.result()
        if isinstance(answer, Problem):
            raise answer
        return answer

    def forget(self, key: Hashable) -> None:
        """Let go of an answer that is not worth its room; work on it goes on."""
        if key in self._kept and self._kept[key].task.done():
            del self._kept[key]

    async def stop(self) -> None:
        """Give up all work."""
        await self._tasks.stop()

    def _good(self, kept: _Kept, version: Hashable) -> bool:
        now = self._clock()
        if kept.failed:
            return False
        same = version is not None and version == kept.version
        return same or not kept.task.done() or now - kept.begun <= KEPT_S or now - kept.ready <= COLLECT_S

    def _begin(self, key: Hashable, version: Hashable, work: Callable[[], Coroutine[Any, Any, Any]]) -> _Kept:
        if sum(not kept.task.done() for kept in self._kept.values()) >= AT_WORK:
            raise unavailable("too much is being worked out at once; ask again in a few seconds", retry_after=5)
        task = self._tasks.start(_told(work), f"answer {key}")
        kept = self._kept[key] = _Kept(self._clock(), version, task)
        task.add_done_callback(lambda _: setattr(kept, "ready", self._clock()))
        self._kept.move_to_end(key)
        done = [key for key, kept in self._kept.items() if kept.task.done()]
        for old in done[: max(0, len(self._kept) - self._most)]:
            del self._kept[old]
        return kept


async def _told(work: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """The answer, or the problem that there is with it: nothing to log as a task that failed."""
    try:
        return await work()
    except Problem as problem:
        return problem
