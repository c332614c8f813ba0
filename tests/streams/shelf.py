"""A ledger on disk as a worker leaves it, for what reads it from beside."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from pathlib import Path

from streams.entry_keys import held_key, time_key
from streams.records import Entry, encode
from streams.store import Batch, Store

PORTION = 5_000


def shelved(entries: Iterable[Entry], path: Path) -> Path:
    """Write them; `path` again."""
    store, left = Store(path), iter(entries)
    while portion := list(itertools.islice(left, PORTION)):
        batch = Batch()
        for entry in portion:
            batch.put(held_key(entry.brand, entry.post.id), encode(entry))
            batch.put(time_key(entry), b"")
        store.write(batch)
    store.close()
    return path
