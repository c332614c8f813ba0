"""Texts from beside the worker: those that are asked for and still kept, while it goes on writing."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import msgspec
import numpy as np

from streams.entry_keys import held_key, time_key
from streams.graph.texts import Shelf, texts
from streams.records import Entry, encode
from streams.store import Batch, Store
from streams.views.columns import Ints, identity, microseconds
from tests.streams.graph.talk import NOW, said

US = timedelta(microseconds=1)


def lay(store: Store, *entries: Entry) -> None:
    batch = Batch()
    for entry in entries:
        batch.put(held_key(entry.brand, entry.post.id), encode(entry))
        batch.put(time_key(entry), b"")
    store.write(batch)


def asked(*entries: Entry) -> tuple[Ints, Ints]:
    times = [microseconds(entry.post.created_at or NOW) for entry in entries]
    return np.array(times, np.int64), np.array([identity(entry.post.id) for entry in entries], np.int64)


def test_what_is_asked_for_in_that_order(tmp_path: Path) -> None:
    """Of one moment too, and wherever the microseconds round to."""
    entries = [said(n, f"p{n % 3}", ago=US * (n // 4) * 499) for n in range(40)]
    store = Store(tmp_path / "s")
    lay(store, *entries)
    chosen = entries[7:31:3][::-1]
    found = texts(Shelf(str(tmp_path / "s"), str(tmp_path / "notes")), "b", *asked(*chosen))
    assert found == [(identity(e.post.author.id), e.post.text) for e in chosen if e.post.author]
    store.close()


def test_what_is_gone_or_has_no_text_any_more_is_left_out(tmp_path: Path) -> None:
    store, entries = Store(tmp_path / "s"), [said(n, "p", ago=timedelta(minutes=n)) for n in range(4)]
    lay(store, *entries)
    bare = msgspec.structs.replace(entries[1], post=msgspec.structs.replace(entries[1].post, text=""))
    batch = Batch()
    batch.put(held_key("b", bare.post.id), encode(bare))
    batch.delete(held_key("b", entries[2].post.id))
    store.write(batch)
    elsewhere = msgspec.structs.replace(entries[3], brand="bb")
    lay(store, elsewhere)
    found = texts(Shelf(str(tmp_path / "s"), str(tmp_path / "notes")), "b", *asked(*entries, said(9, "nobody")))
    assert [text for _, text in found] == ["words of 0", "words of 3"]
    assert [text for _, text in texts(Shelf(str(tmp_path / "s"), str(tmp_path / "notes")), "bb", *asked(*entries))] == [
        "words of 3"
    ]
    store.close()
