"""Who holds which brand: any worker answers for any brand, by asking the one that has it.

A worker's Kafka client id is the URL under which the others reach it. So the group coordinator, which knows the members
and their partitions anyway, is the only directory, and it is never behind the truth for longer than its cache here.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping

import aiohttp
import msgspec
from kafka.errors import KafkaError

from config.schema import Config
from streams.admin import Admin, AdminError, GroupMember
from streams.kafka import admin_settings
from streams.topics import Topics, partition_of

HOP = "Tertulia-Hop"  # set on a request from worker to worker: answer yourself or not at all
Lookup = Callable[[], Awaitable[Mapping[int, str]]]
"""Partition of `mentions` -> URL of the worker that holds it. Raises `LookupFailed`."""

FRESH_S = 2.0  # a lookup is trusted for so long
HASTE_S = 0.25  # a miss asks again, but not more often than this
LOOKUP_S = 5.0
ANSWER_S = 15.0
PART_S = 4.0  # for a part of an answer, which is worth more without it than late


class LookupFailed(Exception):
    """The coordinator could not be asked."""


class PeerFailed(Exception):
    """A worker did not answer; the text says which and why."""


class PeerAnswer(msgspec.Struct, frozen=True):
    """What another worker answered."""

    status: int
    content_type: str
    body: bytes
    retry_after: str | None = None


class Peers:
    """The other workers of the group, and a way to ask them."""

    def __init__(self, lookup: Lookup, partitions: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._lookup, self._partitions, self._clock = lookup, partitions, clock
        self._holders: Mapping[int, str] = {}
        self._asked_at = float("-inf")
        self._lock = asyncio.Lock()
        self._session: aiohttp.ClientSession | None = None

    async def stop(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def owner(self, brand: str, *, me: str) -> str | None:
        """The URL of the worker that holds `brand`, or `None` while its partition moves. Raises `LookupFailed`.

        `me` is the asking worker, which does not hold it: to be told so means that the lookup is out of date.
        """
        for trusted_for in (FRESH_S, HASTE_S):
            holder = (await self._known(trusted_for)).get(partition_of(brand, self._partitions))
            if holder not in (None, me):
                return holder
        return None

    async def others(self, me: str) -> set[str]:
        """The URLs of all other workers. Raises `LookupFailed`."""
        return set((await self._known(FRESH_S)).values()) - {me}

    async def _known(self, trusted_for: float) -> Mapping[int, str]:
        async with self._lock:
            if self._clock() - self._asked_at > trusted_for:
                self._holders = await self._lookup()
                self._asked_at = self._clock()
            return self._holders

    async def get(self, url: str, path: str, authorization: str | None, within: float = ANSWER_S) -> PeerAnswer:
        """The answer of the worker at `url` to `path`. Raises `PeerFailed`, and forgets who holds what."""
        timeout = aiohttp.ClientTimeout(total=within)
        try:
            async with self.request(url, path, authorization, timeout) as response:
                retry = response.headers.get("Retry-After")
                return PeerAnswer(response.status, response.content_type, await response.read(), retry)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            self._asked_at = float("-inf")
            raise PeerFailed(f"the worker at {url} does not answer: {error or type(error).__name__}") from error

    def request(
        self, url: str, path: str, authorization: str | None, timeout: aiohttp.ClientTimeout
    ) -> aiohttp.client._RequestContextManager:
        """A request to another worker that it must answer itself."""
        if self._session is None:
            self._session = aiohttp.ClientSession()
        headers = {HOP: "1"} | ({"Authorization": authorization} if authorization else {})
        return self._session.get(url.rstrip("/") + path, headers=headers, timeout=timeout, allow_redirects=False)


def group_lookup(bootstrap: str, config: Config, group: str) -> Lookup:
    """Ask the coordinator of `group` who holds the partitions of `mentions`; no URL, no worker."""
    topic = Topics(config).mentions

    async def lookup() -> Mapping[int, str]:
        members = await _members(bootstrap, config, group)
        return {number: each.client_id for each in members for name, number in each.partitions if name == topic}

    return lookup


def everyone_lookup(bootstrap: str, config: Config, group: str) -> Lookup:
    """Ask for all workers, whatever they hold: numbered, in no order that says anything."""

    async def lookup() -> Mapping[int, str]:
        return dict(enumerate(member.client_id for member in await _members(bootstrap, config, group)))

    return lookup


async def _members(bootstrap: str, config: Config, group: str) -> list[GroupMember]:
    """The members of the group that can be asked: their client id is a URL. Raises `LookupFailed`."""
    try:
        async with Admin(bootstrap, admin_settings(config.kafka), timeout_s=LOOKUP_S) as admin:
            members = await admin.group_members(group)
    except (KafkaError, AdminError, OSError) as error:
        raise LookupFailed(f"Kafka does not say which worker holds what: {error}") from error
    return [member for member in members if member.client_id.startswith(("http://", "https://"))]


async def alone() -> Mapping[int, str]:
    """The lookup of a worker without others."""
    return {}
