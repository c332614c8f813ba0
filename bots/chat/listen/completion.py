"""What a chat offers while somebody types: brands, alerts and windows."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from bots.commands.client import ApiClient, AskFailed
from bots.commands.grammar import is_window

log = logging.getLogger(__name__)
WINDOWS: Final = ("15m", "1h", "6h", "24h", "7d", "14d", "30d", "90d")
KEPT_S: Final = 30.0  # so long what the service said is taken for true
MOST: Final = 25


class Offer(NamedTuple):
    """How it is shown, and what it puts in."""

    name: str
    value: str


class Completion:
    """Offers; `clock`: seconds that only rise."""

    def __init__(self, client: ApiClient, clock: Callable[[], float]) -> None:
        self._client, self._clock = client, clock
        self._known: dict[str, tuple[float, list[Offer]]] = {}

    async def of(self, what: str, begun: str) -> list[Offer]:
        """Those of `what` that fit what is typed, at most 25; none while the service is away."""
        wanted = begun.casefold().strip()
        if what == "window":
            return _windows(wanted)
        if what not in _LISTS:
            return []
        fits = [each for each in await self._all(what) if any(wanted in word.casefold() for word in each)]
        return sorted(fits, key=lambda each: not any(word.casefold().startswith(wanted) for word in each))[:MOST]

    async def _all(self, what: str) -> list[Offer]:
        until, offers = self._known.get(what, (float("-inf"), []))
        if self._clock() < until:
            return offers
        path, read = _LISTS[what]
        try:
            offers = read(await self._client.get(path))
        except AskFailed as error:
            log.info("nothing can be offered: %s", error)
            return []
        self._known[what] = (self._clock() + KEPT_S, offers)
        return offers


def _windows(wanted: str) -> list[Offer]:
    """First the one that is typed, when it is one."""
    typed = [wanted] if is_window(wanted) else []
    fits = [each for each in WINDOWS if each.startswith(wanted) and each not in typed]
    return [Offer(each, each) for each in (*typed, *fits)]


def _brands(data: Any) -> list[Offer]:
    return [Offer(each["title"], each["name"]) for each in data["brands"]]


def _alerts(data: Any) -> list[Offer]:
    """Those that fire first."""
    found: Sequence[Any] = sorted(data["alerts"], key=lambda each: each["state"] != "firing")
    return [Offer(each["title"], each["fingerprint"]) for each in found]


_LISTS: Final = {"brand": ("/api/brands", _brands), "alert": ("/api/alerts", _alerts)}
