"""The desk of this worker: the views and entries of the ledger partitions it holds."""

from __future__ import annotations

import asyncio
import base64
from collections import defaultdict
from collections.abc import Callable, Collection
from datetime import datetime
from pathlib import Path

from config.schema import Config
from streams.desk import Page
from streams.entry_keys import held_key, post_of, time_prefix, time_stamp
from streams.ledger import LedgerPartition
from streams.records import Entry, parse_mention, to_ms
from streams.stage import Stage
from streams.topics import partition_of
from streams.views.frame import Frame


class LocalDesk:
    """Implements `streams.desk.Desk` over the ledger stage."""

    def __init__(self, config: Config, assigned: Callable[[], bool]) -> None:
        self._config, self._assigned = config, assigned
        self._places = {brand.name: partition_of(brand.name, config.kafka.brand_partitions) for brand in config.brands}
        self._stage: Stage | None = None
        self.partitions: dict[int, LedgerPartition] = {}
        self._versions: dict[str, int] = defaultdict(int)
        self._waiters: list[asyncio.Event] = []

    def attach(self, stage: Stage) -> None:
        """Look at this stage from now on."""
        self._stage = stage

    def note(self, brand: str) -> None:
        """A brand's entries changed."""
        self._versions[brand] += 1
        for waiter in self._waiters:
            waiter.set()
        self._waiters.clear()

    def ready(self) -> bool:
        """Whether partitions were assigned and all of them are recovered."""
        return self._assigned() and self._stage is not None and self._stage.live()

    def brands(self) -> Collection[str]:
        """The configured brands whose partition is here and recovered."""
        return [name for name, partition in self._places.items() if self._live(partition)]

    def frame(self, brand: str) -> Frame:
        """The brand's columns. Raises `KeyError`."""
        partition = self._held(brand)
        return partition.frames[brand] if brand in partition.frames else Frame.of(self._config.brand(brand))

    def entries(self, brand: str, start: datetime, end: datetime, after: str | None, limit: int) -> Page:
        """Entries by event time, newest first; the token names the last one given: inserts neither skip nor repeat."""
        store = self._held(brand).store
        prefix = time_prefix(brand)
        first = prefix + time_stamp(to_ms(start))
        last = prefix + time_stamp(to_ms(end)) if after is None else _untoken(after, prefix)
        found: list[Entry] = []
        previous = b""
        for key in store.keys_before(last, first):
            value = store.get(held_key(brand, post_of(key, brand)))
            entry = None if value is None else parse_mention(value)
            if not isinstance(entry, Entry):
                continue
            if len(found) == limit:
                return Page(found, _token(prefix, previous))
            found.append(entry)
            previous = key
        return Page(found, None)

    def shelf(self, brand: str) -> Path:
        """Where another process may read the brand's entries (`Store.beside`). Raises `KeyError`."""
        return self._held(brand).store.path

    def version(self, brand: str) -> int:
        """How often the brand's entries have changed."""
        return self._versions[brand]

    async def changed(self) -> None:
        """Wait for the next change of any brand here."""
        waiter = asyncio.Event()
        self._waiters.append(waiter)
        await waiter.wait()

    def _live(self, partition: int) -> bool:
        worker = None if self._stage is None else self._stage.workers.get(partition)
        return worker is not None and worker.live.is_set()

    def _held(self, brand: str) -> LedgerPartition:
        number = self._places[brand]
        if not self._live(number):
            raise KeyError(brand)
        return self.partitions[number]


def _token(prefix: bytes, key: bytes) -> str:
    return base64.urlsafe_b64encode(key[len(prefix) :]).decode()


def _untoken(token: str, prefix: bytes) -> bytes:
    try:
        key = base64.b64decode(token, altchars=b"-_", validate=True)
        key[8:].decode()
    except ValueError as error:
        raise ValueError("`after` is not a token of this service") from error
    if len(key) <= 8:
        raise ValueError("`after` is not a token of this service")
    return prefix + key
