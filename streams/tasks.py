"""The one way to start a background task: it is kept alive, and its death is logged, never lost."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Coroutine
from typing import Any

log = logging.getLogger(__name__)
ASK_AGAIN_S = 3.0  # long enough for whoever closes its connections first


class Tasks:
    """The background tasks of one owner. `on_death` is called with the error of a task that failed."""

    def __init__(self, on_death: Callable[[BaseException], None] | None = None) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()
        self._on_death = on_death

    def start(self, work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        """Run `work` in the background."""
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    async def stop(self) -> None:
        """Cancel all of them and wait until they have ended."""
        await cancel(self._tasks)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log.error("background task %s failed", task.get_name(), exc_info=error)
            if self._on_death is not None:
                self._on_death(error)


async def cancel(tasks: Collection[asyncio.Task[Any]]) -> None:
    """Cancel tasks and wait until they have ended.

    A library may swallow a cancellation (aiokafka's `stop` does while it waits for a task of its own), and the task
    would go on as if nobody had asked. So it is asked again until it ends.
    """
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=ASK_AGAIN_S)
