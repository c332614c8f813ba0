"""The live streams of the other workers, read while somebody here listens to all brands."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import aiohttp
import msgspec

from streams.api.answers import LivePulse
from streams.api.peers import LookupFailed, Peers
from streams.tasks import Tasks

log = logging.getLogger(__name__)
LOOK_S = 2.0  # how often new and lost workers are looked for
SILENCE_S = 45.0  # three heartbeats
Tell = Callable[[str, bytes], None]
"""Called with (brand, event)."""
_pulse = msgspec.json.Decoder(LivePulse)


class Follower:
    """Hands the events of all other workers on; `latest` holds the last one of each brand.

    `me` is this worker's own URL, `needed` says whether there is any brand that others hold.
    """

    def __init__(self, peers: Peers, me: Callable[[], str], needed: Callable[[], bool]) -> None:
        self._peers, self._me, self._needed = peers, me, needed
        self._tasks = Tasks()
        self._running = False
        self._teller: dict[str, str] = {}  # brand -> the worker that told it last
        self.latest: dict[str, bytes] = {}

    def start(self, tell: Tell, authorization: str | None) -> None:
        """Begin, unless begun already; every event goes to `tell`."""
        if not self._running:
            self._running, self._tell = True, tell
            self._tasks.start(self._look(authorization), "follow workers")

    async def stop(self) -> None:
        """Let go of all workers."""
        self._running = False
        await self._tasks.stop()
        self.latest.clear()

    async def _look(self, authorization: str | None) -> None:
        following: dict[str, asyncio.Task[Any]] = {}
        while True:
            try:
                others = await self._peers.others(self._me()) if self._needed() else set()
            except LookupFailed as error:
                log.warning("live: %s", error)
                others = set(following)
            for url in others:
                if url not in following or following[url].done():
                    following[url] = self._tasks.start(self._follow(url, authorization), f"follow {url}")
            for url in set(following) - others:
                following.pop(url).cancel()
            await asyncio.sleep(LOOK_S)

    async def _follow(self, url: str, authorization: str | None) -> None:
        """Read one worker's stream to its end; `_look` begins again while it is a member."""
        timeout = aiohttp.ClientTimeout(total=None, connect=5, sock_read=SILENCE_S)
        try:
            async with self._peers.request(url, "/api/live", authorization, timeout) as response:
                response.raise_for_status()
                async for line in response.content:
                    if line.startswith(b"data: {"):
                        self._pass_on(url, line)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError, msgspec.DecodeError) as error:
            log.warning("live: the worker at %s is away: %s", url, error or type(error).__name__)
        finally:
            self._away(url)

    def _pass_on(self, url: str, line: bytes) -> None:
        brand = _pulse.decode(line.removeprefix(b"data: ")).brand
        event = b"event: pulse\n" + line.rstrip() + b"\n\n"
        self._teller[brand] = url
        self.latest[brand] = event
        self._tell(brand, event)

    def _away(self, url: str) -> None:
        """Say which brands nobody tells any more, rather than let their last pulse look alive."""
        for brand in [brand for brand, teller in self._teller.items() if teller == url]:
            del self._teller[brand]
            event = b"event: away\ndata: " + msgspec.json.encode({"brand": brand}) + b"\n\n"
            self.latest[brand] = event
            self._tell(brand, event)
