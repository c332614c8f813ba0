"""Which posts belong to which brands, everywhere: an index of the whole ledger topic, on every worker.

A quote or repost may stand in another partition than the post it is about, so the match stage looks its target up here.
The same topic tells a worker that gains a partition which posts of its threads already belong (`entries_of`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import msgspec
from aiokafka import ConsumerRecord

from streams.entry_keys import split_entry_key
from streams.records import Entry, event_ms, parse_mention
from streams.store import Batch, Store

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
        places = self._lookup_all(split_entry_key(record.key)[1] for record in records)
        changed = [post_id for record in records if (post_id := _apply_one(record, places)) is not None]
        batch = Batch()
        for post_id in dict.fromkeys(changed):
            key = b"i" + post_id.encode()
            if places[post_id]:
                batch.put(key, msgspec.msgpack.encode(places[post_id]))
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

    def _lookup_all(self, post_ids: Iterable[str]) -> dict[str, Places]:
        different = list(dict.fromkeys(post_ids))
        values = self._store.get_many([b"i" + post_id.encode() for post_id in different])
        found = ({} if value is None else _places.decode(value) for value in values)
        return dict(zip(different, found, strict=True))


def _apply_one(record: ConsumerRecord, places: Mapping[str, Places]) -> str | None:
    """Let `places` follow a record; the post whose brands changed."""
    brand, post_id = split_entry_key(record.key)
    mention = None if record.value is None else parse_mention(record.value)
    at, here = event_ms(mention.post) if isinstance(mention, Entry) else None, places[post_id]
    if here.get(brand) == at:
        return None
    if at is None:
        del here[brand]
    else:
        here[brand] = at
    return post_id
