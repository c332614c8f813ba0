"""Each real server under one face: it is told to say more, and tells what it holds."""

from __future__ import annotations

from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from bots.http import Http
from tests.real.atproto import Account, Atproto
from tests.real.fediverse import NAMES, Fediverse
from tests.real.feeds import Feeds, Item
from tests.real.relay import Relay, notes

WHO = 4_711  # the secret of the one who writes on Nostr


class Network(Protocol):
    """A server with something to say, and the options with which it is read."""

    options: dict[str, Any]

    async def start(self, stack: AsyncExitStack) -> None:
        """Start it, for as long as `stack` lasts."""

    async def say(self, first: int, last: int) -> None:
        """So many more posts, no two the same."""

    async def held(self) -> list[str]:
        """The texts that it has now, sorted."""


class OfFeeds:
    """A blog behind nginx."""

    def __init__(self, folder: Path) -> None:
        self._feeds = Feeds(folder)
        self.options: dict[str, Any] = {"feeds": [self._feeds.url("blog.rss")], "every": "1s"}

    async def start(self, stack: AsyncExitStack) -> None:
        """See `Network`."""
        await stack.enter_async_context(self._feeds.server)

    async def say(self, first: int, last: int) -> None:
        """A feed with all that was said so far."""
        del first
        self._feeds.write("blog.rss", [Item(f"n{number}", f"Nº {number}", "<b>té</b> 🙂") for number in range(last)])

    async def held(self) -> list[str]:
        """See `Network`."""
        return sorted(self._feeds.held("blog.rss").values())


class OfFediverse:
    """The local timeline of a server with Mastodon's API."""

    def __init__(self, folder: Path) -> None:
        self._server = Fediverse(folder)
        instance = {"url": self._server.url, "timelines": ["local"]}
        self.options: dict[str, Any] = {"instances": [instance], "poll": "200ms"}

    async def start(self, stack: AsyncExitStack) -> None:
        """See `Network`."""
        await stack.enter_async_context(self._server.server)

    async def say(self, first: int, last: int) -> None:
        """See `Network`."""
        for number in range(first, last):
            await self._server.say(NAMES[number % 3], f"Nº {number} té 🙂")

    async def held(self) -> list[str]:
        """See `Network`."""
        return sorted((await self._server.held("public?local=true")).values())


class OfAtproto:
    """An account on Bluesky's account server, behind Jetstream."""

    def __init__(self, folder: Path) -> None:
        self._servers = Atproto(folder)
        self._ana: Account | None = None
        self.options: dict[str, Any] = {"hosts": [self._servers.host], "silence": "5s"}

    async def start(self, stack: AsyncExitStack) -> None:
        """See `Network`."""
        await stack.enter_async_context(self._servers.running())
        self._ana = await self._servers.account("ana")

    async def say(self, first: int, last: int) -> None:
        """See `Network`."""
        assert self._ana is not None
        for number in range(first, last):
            await self._servers.say(self._ana, f"Nº {number} té 🙂")

    async def held(self) -> list[str]:
        """See `Network`."""
        assert self._ana is not None
        return sorted((await self._servers.held(self._ana)).values())


class OfNostr:
    """A relay."""

    def __init__(self, folder: Path) -> None:
        self._relay, self._at = Relay(folder), int(datetime.now(UTC).timestamp()) - 300
        self._author = notes("tea", WHO, 1, 0)[0]["pubkey"]
        self.options: dict[str, Any] = {"relays": [self._relay.url], "silence": "10s"}

    async def start(self, stack: AsyncExitStack) -> None:
        """See `Network`."""
        await stack.enter_async_context(self._relay.server)

    async def say(self, first: int, last: int) -> None:
        """See `Network`."""
        async with Http("ops@example.org") as http:
            await self._relay.publish(http, *notes("tea", WHO, last, self._at)[first:])

    async def held(self) -> list[str]:
        """See `Network`."""
        async with Http("ops@example.org") as http:
            return sorted((await self._relay.held(http, self._author)).values())
