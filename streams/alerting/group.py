"""The share of voice of a group whose brands may be held by several workers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

import msgspec

from config.schema import Config
from streams.alerting.sight import fingerprint
from streams.desk import Desk
from streams.views.asked import Asked
from streams.views.frame import Snapshot
from streams.views.voice import ShareOfVoice, Shares, VoiceCounts, voice_counts
from streams.views.window import Window

Ask = Callable[[str, Window], Awaitable[VoiceCounts | None]]
"""What another worker says of a brand that it holds; None: it cannot be asked now."""
MOST_KEPT: Final = 1_000
"""Windows whose shares are kept."""


async def nobody(_brand: str, _window: Window) -> VoiceCounts | None:
    """For a worker that is alone: there is nobody to ask."""
    return None


class _Kept(msgspec.Struct, frozen=True):
    """`versions` of the brands held here, and the `digest` of their rows, when the `shares` were made."""

    versions: Mapping[str, int]
    digest: bytes
    shares: Mapping[str, ShareOfVoice]


class Group:
    """Shares of all brands of a group. They are kept while the rows of those held here are the same; brands of other
    workers are asked for once per window."""

    def __init__(self, desk: Desk, config: Config, ask: Ask = nobody) -> None:
        self._desk, self._config, self._ask = desk, config, ask
        self._kept: dict[tuple[str, Window], _Kept] = {}

    async def share(self, brand: str, window: Window) -> ShareOfVoice | None:
        """Of one brand in its group; None while the counts of one of them cannot be had."""
        group = self._config.brand(brand).group
        names = [other.name for other in self._config.brands if other.group == group]
        here = {name: self._desk.frame(name).snapshot() for name in names if name in self._desk.brands()}
        versions = {name: self._desk.version(name) for name in here}
        kept = self._kept.get((group, window))
        if kept is None or kept.versions != versions:
            kept = await self._made(names, here, versions, window, kept)
            if kept is None:
                return None
            self._kept[group, window] = kept
            while len(self._kept) > MOST_KEPT:
                del self._kept[next(iter(self._kept))]
        return kept.shares.get(brand)

    async def _made(
        self,
        names: Sequence[str],
        here: Mapping[str, Snapshot],
        versions: Mapping[str, int],
        window: Window,
        kept: _Kept | None,
    ) -> _Kept | None:
        digest = await asyncio.to_thread(_digest, here, window)
        if kept is not None and kept.digest == digest:
            return msgspec.structs.replace(kept, versions=versions)
        counts = await asyncio.to_thread(_counted, here, window)
        for name in names:
            if name not in counts:
                found = await self._ask(name, window)
                if found is None:
                    return None
                counts[name] = found
        return _Kept(versions, digest, await asyncio.to_thread(_shares, counts, Asked(self._config.views)))


def _digest(here: Mapping[str, Snapshot], window: Window) -> bytes:
    return b"".join(name.encode() + fingerprint(snapshot.rows(window)) for name, snapshot in here.items())


def _counted(here: Mapping[str, Snapshot], window: Window) -> dict[str, VoiceCounts]:
    return {name: voice_counts(snapshot.rows(window)) for name, snapshot in here.items()}


def _shares(counts: Mapping[str, VoiceCounts], asked: Asked) -> dict[str, ShareOfVoice]:
    shares = Shares(counts, asked)
    return {name: shares.of(name) for name in counts}
