"""Which posts belong to which brands, everywhere: an index of the whole ledger topic, on every worker.

A quote or repost may stand in another partition than the post it is about, so the match stage looks its target up here.
The same topic tells a worker that gains a partition which posts of its threads already belong (`entries_of`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
from aiokafka import ConsumerRecord

from streams.records import Entry, event_ms, parse_mention
from streams.store import Batch, Store
from streams.topics import split_entry_key

# post id -> {brand: event time of the post in ms}
Places = dict[str, int]
_places = msgspec.msgpack.Decoder(Places)
Changed = Callable[[Sequence[str]], None]


class Whereabouts:
    """Post id -> the brands it belongs to, kept on disk; `changed` hears which posts gained or lost a brand."""

    def __init__(self, path: Path, changed: Changed) -> None:
        self._store = Store(path)
        self._changed = changed

    def lookup(self, post_id: str) -> Places:
        """The brands a post belongs to, each with the post's event time in ms."""
        value = self._store.get(b"i" + post_id.encode())
        return {} if value is None else _places.decode(value)

    def position(self, partition: int) -> int:
        """The last offset of the ledger topic that is in the index; -1: none."""
        return self._store.position(b"\x00%d" % partition)

    async def apply(self, records: Sequence[ConsumerRecord]) -> None:
        """Take in records of one partition of the ledger topic."""
        pending: dict[str, Places] = {}
        changed = [post_id for record in records if (post_id := self._apply_one(record, pending)) is not None]
        batch = Batch()
        for post_id, places in pending.items():
            key = b"i" + post_id.encode()
            if places:
                batch.put(key, msgspec.msgpack.encode(places))
            else:
                batch.delete(key)
        batch.set_position(b"\x00%d" % records[-1].partition, records[-1].offset)
        self._store.write(batch)
        if changed:
            self._changed(changed)
        await asyncio.sleep(0)

    def close(self) -> None:
        """Release the files."""
        self._store.close()

    def _apply_one(self, record: ConsumerRecord, pending: dict[str, Places]) -> str | None:
        brand, post_id = split_entry_key(record.key)
        places = pending.get(post_id)
        if places is None:
            places = self.lookup(post_id)
        mention = None if record.value is None else parse_mention(record.value)
        at = event_ms(mention.post) if isinstance(mention, Entry) else None
        if places.get(brand) == at:
            return None
        if at is None:
            del places[brand]
        else:
            places[brand] = at
        pending[post_id] = places
        return post_id
