"""What the API and the alert rules may ask of a worker's ledger."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

import msgspec

from streams.records import Entry
from streams.views.frame import Frame


class Page(msgspec.Struct, frozen=True):
    """Entries newest first, and the token that asks for the next page (`None`: there is none)."""

    entries: Sequence[Entry]
    after: str | None


class Desk(Protocol):
    """The brands whose ledger partitions this worker holds."""

    def ready(self) -> bool:
        """Whether every assigned partition has been recovered, so that the numbers are whole."""

    def brands(self) -> Collection[str]:
        """Names of the brands that can be answered here, now."""

    def frame(self, brand: str) -> Frame:
        """The brand's entries as columns. Raises `KeyError` when the brand lives elsewhere."""

    def entries(self, brand: str, start: datetime, end: datetime, after: str | None, limit: int) -> Page:
        """Entries by event time in [start, end), newest first. Raises `KeyError`; `ValueError` for a bad `after`."""

    def shelf(self, brand: str) -> Path:
        """Where another process may read the brand's entries: see `Store.beside`. Raises `KeyError`."""

    def version(self, brand: str) -> int:
        """Grows with every change of the brand's entries; answers may be cached under it."""

    async def changed(self) -> None:
        """Returns when some brand here has changed since the call."""
