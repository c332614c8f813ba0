"""Answers that are worth keeping for a moment, computed in threads so that the event loop never stalls."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

T = TypeVar("T")

KEPT_S = 1.0  # an open window moves on with the clock: an answer is "now" for so long
KEPT = 256  # answers; beyond that the oldest goes
THREADS = 2  # numpy lets go of the interpreter lock; more threads than cores would only take turns


class Answers:
    """Computes each answer once: those who ask the same at the same time share the work."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="answer")
        self._behind = ThreadPoolExecutor(1, thread_name_prefix="behind")  # what nobody waits for holds nobody up
        self._kept: OrderedDict[Hashable, tuple[float, asyncio.Future[Any]]] = OrderedDict()
        self._renewed: dict[Hashable, asyncio.Future[Any]] = {}

    async def get(self, key: Hashable, prepare: Callable[[], Callable[[], T]], kept_s: float = KEPT_S) -> T:
        """The answer under `key` if it is not older than `kept_s`, else what `prepare()` returns is called in a thread.
        That must own all that it reads; `prepare` itself is called here, and only when the answer is wanted."""
        born, future = self._kept.get(key, (float("-inf"), None))
        if future is None or self._clock() - born > kept_s or _failed(future):
            future = asyncio.get_running_loop().run_in_executor(self._pool, prepare())
            self._kept[key] = (self._clock(), future)
            self._kept.move_to_end(key)
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        # One asker who goes away must not take the answer from the others.
        answer: T = await asyncio.shield(future)
        return answer

    async def recent(self, key: Hashable, prepare: Callable[[], Callable[[], T]], fresh_s: float, kept_s: float) -> T:
        """As `get`, but nobody waits for an answer that is not older than `kept_s`: from `fresh_s` on it is renewed
        meanwhile, for those who ask next."""
        born, future = self._kept.get(key, (float("-inf"), None))
        if future is None or not future.done() or _failed(future) or self._clock() - born > kept_s:
            return await self.get(key, prepare, kept_s)  # even if it is being renewed: that may wait behind others
        if self._clock() - born > fresh_s and key not in self._renewed:
            self._renewed[key] = asyncio.get_running_loop().run_in_executor(self._behind, prepare())
            self._renewed[key].add_done_callback(partial(self._replace, key, self._clock()))
        answer: T = future.result()
        return answer

    def _replace(self, key: Hashable, born: float, future: asyncio.Future[Any]) -> None:
        del self._renewed[key]
        # One that failed is left: whoever finds the old one too old asks again, and hears why.
        if not _failed(future) and key in self._kept and born > self._kept[key][0]:
            self._kept[key] = (born, future)

    async def run(self, compute: Callable[[], T]) -> T:
        """`compute()` in one of the threads; nothing is kept."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, compute)

    async def run_behind(self, compute: Callable[[], T]) -> T:
        """The same in a thread that never takes one from those who wait for an answer."""
        return await asyncio.get_running_loop().run_in_executor(self._behind, compute)

    def stop(self) -> None:
        """Let go of the threads; what has not begun is not computed any more."""
        for pool in (self._pool, self._behind):
            pool.shutdown(wait=False, cancel_futures=True)


def _failed(future: asyncio.Future[Any]) -> bool:
    return future.done() and (future.cancelled() or future.exception() is not None)
