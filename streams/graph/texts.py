"""The texts that circles' words are made of, read by the process beside from the store that the worker writes.

RocksDB calls this a secondary instance: it sees what the store held when it was opened, and takes no lock.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final, NamedTuple

from streams.entry_keys import held_key, post_of, time_prefix, time_stamp
from streams.records import Entry, parse_mention, to_ms
from streams.store import Store
from streams.views.columns import Ints, identity, moment

PORTION: Final = 1_000  # entries in memory at a time
_MS: Final = timedelta(milliseconds=1)  # the index rounds to it


class Shelf(NamedTuple):
    """The folder of the store, and an empty one for RocksDB's notes: who asks makes it and clears it away, since the
    process beside may be killed."""

    store: str
    notes: str


def texts(shelf: Shelf, brand: str, times: Ints, posts: Ints) -> list[tuple[int, str]]:
    """(hash of the author, text) of those posts whose text is still kept. `times` in µs, `posts` by their hashes.

    Raises `OSError` when there is no such store.
    """
    store = Store.beside(Path(shelf.store), Path(shelf.notes))
    try:
        keys = list(_keys(store, brand, times, posts))
        return [found for at in range(0, len(keys), PORTION) for found in _read(store, keys[at : at + PORTION])]
    finally:
        store.close()


def _keys(store: Store, brand: str, times: Ints, posts: Ints) -> Iterator[bytes]:
    prefix = time_prefix(brand)
    for time, post in zip(times.tolist(), posts.tolist(), strict=True):
        at = moment(time)
        first, last = (prefix + time_stamp(to_ms(each)) for each in (at - _MS, at + 2 * _MS))
        for key in store.keys_before(last, first):
            post_id = post_of(key, brand)
            if identity(post_id) == post:
                yield held_key(brand, post_id)
                break


def _read(store: Store, keys: list[bytes]) -> Iterator[tuple[int, str]]:
    for value in store.get_many(keys):
        entry = None if value is None else parse_mention(value)
        if isinstance(entry, Entry) and entry.post.text and entry.post.author is not None:
            yield identity(entry.post.author.id), entry.post.text
