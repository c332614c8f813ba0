"""Who asks in `benchmarks.live`: when a route first counts an entry, how old answers are, how far the consumer is.

A probe takes the next entry of some brand that Kafka acknowledges, and asks one route for it until it is counted. So
its time contains a pause between two questions: nobody could see it sooner who asks no oftener.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from random import Random
from typing import Any, Final

import aiohttp

from benchmarks.live_stream import Stream

PAUSE_S: Final = 0.1  # between two questions of one asker
REST_S: Final = 0.2  # between two probes of one asker
SLOW_S: Final = 1.0  # between two questions about what is worked out once a minute
WINDOW: Final = "1h"  # longer than the run, so that nothing leaves it meanwhile
LOOK_S: Final = 0.1
BUSY: Final = 503


def posts(data: Any, _brand: str) -> int:
    """Of /pulse."""
    return int(data["posts"])


def voiced(data: Any, brand: str) -> int:
    """Of /voice: the posts of this brand."""
    return next(int(each["voice"]["by_posts"]["count"]) for each in data["brands"] if each["brand"] == brand)


def charted(data: Any, _brand: str) -> int:
    """Of /series."""
    return sum(point["posts"] for point in data["points"])


def listed(data: Any, _brand: str) -> int:
    """Of /mentions: the largest number of an entry tells how many there are."""
    return max((int(each["post"]["id"].rpartition(":")[2]) + 1 for each in data["mentions"]), default=0)


def healthy(data: Any, _brand: str) -> int:
    """Of /health: the posts behind the number of people."""
    return int(data["components"]["people"]["now"]["posts"])


QUICK: Final[dict[str, tuple[str, Callable[[Any, str], int]]]] = {
    "pulse": ("pulse?window={window}", posts),
    "voice": ("voice?window={window}", voiced),
    "series": ("series?window={window}", charted),
    "mentions": ("mentions?window={window}&limit=20", listed),
}


class Asker:
    """Asks one worker."""

    def __init__(self, session: aiohttp.ClientSession, url: str, stream: Stream) -> None:
        self._session, self._url, self._stream = session, url, stream
        self.times: dict[str, list[float]] = {}
        """Route -> seconds from an entry's acknowledgement to an answer that counts it."""
        self.questions: dict[str, list[float]] = {}
        """Route -> seconds that each question took."""
        self.lags: list[float] = []
        """Of the consumer, in seconds."""
        self.ages: dict[str, list[float]] = {}
        """Route -> how old the oldest entry was that an answer did not count yet."""
        self.worked: dict[str, list[float]] = {}
        """Route -> seconds that somebody waited for an answer to be worked out anew."""
        self._waiting: dict[str, float] = {}  # route -> when the entry that is waited for was acknowledged

    def restart(self) -> None:
        """The warming up is over: forget what was measured."""
        for found in (self.times, self.questions, self.ages, self.worked):
            found.clear()
        self.lags.clear()

    def give_up(self) -> None:
        """What is still waited for has taken so long already: count it as that."""
        for route, acked_at in self._waiting.items():
            self.times.setdefault(route, []).append(time.monotonic() - acked_at)

    async def probe(self, route: str) -> None:
        """One entry after the other, until cancelled."""
        path, count = QUICK[route]
        dice = Random(route)
        while True:
            brand = dice.choice(self._stream.names)
            acked = self._stream.acked[brand]
            number = len(acked)
            while len(acked) <= number:
                await asyncio.sleep(0.005)
            self._waiting[route] = acked[number]
            while count(await self._ask(route, brand, path.format(window=WINDOW)), brand) <= number:
                await asyncio.sleep(PAUSE_S)
            self.times.setdefault(route, []).append(time.monotonic() - self._waiting.pop(route))
            await asyncio.sleep(REST_S)

    async def listen(self) -> None:
        """To the live stream, until cancelled: every entry's time."""
        seen: dict[str, int] = {}
        timeout = aiohttp.ClientTimeout(total=None)
        async with self._session.get(f"{self._url}/api/live", timeout=timeout) as response:
            async for line in response.content:
                if line.startswith(b"data: "):
                    told, now = json.loads(line[6:]), time.monotonic()
                    acked = self._stream.acked[told["brand"]]
                    first = seen.get(told["brand"], 0)
                    self.times.setdefault("live", []).extend(now - at for at in acked[first : told["posts"]])
                    seen[told["brand"]] = max(first, told["posts"])

    async def watch(self, route: str, brand: str, path: str, count: Callable[[Any, str], int], before: int) -> None:
        """Something that is worked out once a minute at most, until cancelled; `before`: posts that it counts besides
        those of the stream."""
        known, begun = -1, time.monotonic()
        while True:
            data = await self._ask(route, brand, path)
            now = time.monotonic()
            if data is None:  # it is being worked out
                await asyncio.sleep(SLOW_S)
                continue
            counted = count(data, brand) - before
            acked = self._stream.acked[brand]
            self.ages.setdefault(route, []).append(now - acked[counted] if counted < len(acked) else 0.0)
            if counted != known:
                self.worked.setdefault(route, []).append(now - begun)
            known = counted
            await asyncio.sleep(SLOW_S)
            begun = time.monotonic()

    async def follow(self, topic: str) -> None:
        """How far the consumer is behind, until cancelled."""
        while True:
            async with self._session.get(f"{self._url}/api/applied") as response:
                applied = (await response.json())["topics"][topic]
            now = time.monotonic()
            oldest = [self._stream.unapplied_since(int(partition), offset) for partition, offset in applied.items()]
            self.lags.append(max((now - at for at in oldest if at is not None), default=0.0))
            await asyncio.sleep(LOOK_S)

    async def _ask(self, route: str, brand: str, path: str) -> Any:
        """The answer; None while it is not there yet."""
        begun = time.monotonic()
        async with self._session.get(f"{self._url}/api/brands/{brand}/{path}") as response:
            if response.status == BUSY:
                return None
            response.raise_for_status()
            data = await response.json()
        self.questions.setdefault(route, []).append(time.monotonic() - begun)
        return data
