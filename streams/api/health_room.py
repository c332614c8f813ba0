"""The health of the brands held here: worked out in a thread, once a minute at most while a window is open."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any, Final, NamedTuple

from streams.api.health_answers import TalkedPost
from streams.api.later import Later
from streams.api.params import Span
from streams.api.proxy import moving
from streams.desk import Desk
from streams.views.asked import Asked
from streams.views.columns import identity, moment
from streams.views.components import Figure, figures
from streams.views.drivers import Driver, drivers
from streams.views.frame import Snapshot, Window
from streams.views.health import OwnHealth, health

MOST_POSTS: Final = 3
MOST_KEPT: Final = 1_024  # a few KB each; the health of one brand looks at the figures of all in its group
_MS: Final = timedelta(milliseconds=1)  # the ledger's index rounds to it
_SAME_MOMENT: Final = 500  # entries of one brand


class Found(NamedTuple):
    """All that this worker knows of itself."""

    health: OwnHealth
    posts: Sequence[TalkedPost]


class HealthRoom:
    """One at a time; askers of the same share the work."""

    def __init__(self, desk: Desk, asked: Asked) -> None:
        self._desk, self._asked = desk, asked
        self._later = Later(most=MOST_KEPT)
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="health")

    async def stop(self) -> None:
        """Give up what is being worked out."""
        await self._later.stop()
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def own(self, brand: str, span: Span) -> Found:
        """At most a minute old. Raises `Problem` 503 while it is being worked out."""
        found: Found = await self._get("health", brand, span, partial(self._work, brand, span))
        return found

    async def figures(self, brand: str, span: Span) -> dict[str, Figure]:
        """The components of one window, for the comparison in a group. Raises as `own` does."""
        found: dict[str, Figure] = await self._get("figures", brand, span, partial(self._figures, brand, span))
        return found

    async def _get(self, what: str, brand: str, span: Span, work: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        version = self._desk.version(brand) if span.pinned else None  # an open window moves on with the clock
        key = (what, brand, span.length, span.to if span.pinned else None)
        return await self._later.get(key, version, work)

    async def _work(self, brand: str, span: Span) -> Found:
        snapshot, window = self._snapshot(brand), Window(span.start, span.to)
        loop = asyncio.get_running_loop()
        found, most = await loop.run_in_executor(self._pool, _compute, snapshot, window, self._asked)
        posts = (self._post(brand, driver) for driver in most)
        return Found(found, [post for post in posts if post is not None])

    async def _figures(self, brand: str, span: Span) -> dict[str, Figure]:
        snapshot, window = self._snapshot(brand), Window(span.start, span.to)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, lambda: figures(snapshot.rows(window), self._asked))

    def _snapshot(self, brand: str) -> Snapshot:
        try:
            return self._desk.frame(brand).snapshot()
        except KeyError as error:
            raise moving(brand) from error

    def _post(self, brand: str, driver: Driver) -> TalkedPost | None:
        """By its id; None when it has gone meanwhile."""
        at = moment(driver.time)
        try:
            page = self._desk.entries(brand, at - _MS, at + 2 * _MS, None, _SAME_MOMENT)
        except KeyError as error:
            raise moving(brand) from error
        post = next((entry.post for entry in page.entries if identity(entry.post.id) == driver.post), None)
        if post is None:
            return None
        return TalkedPost(post.id, post.url, post.platform, driver.interactions, driver.authors)


def _compute(snapshot: Snapshot, window: Window, asked: Asked) -> tuple[OwnHealth, list[Driver]]:
    return health(snapshot, window, asked), drivers(snapshot.rows(window), MOST_POSTS)
