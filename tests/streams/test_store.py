"""The store on disk: many looks at once, the same memory after every start, and readers beside it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from streams.store import Batch, Store

CACHE = 32 * 1024 * 1024


def put(store: Store, **pairs: bytes) -> None:
    batch = Batch()
    for key, value in pairs.items():
        batch.put(key.encode(), value)
    store.write(batch)


def test_many_looks_at_once(tmp_path: Path) -> None:
    store = Store(tmp_path / "s")
    put(store, a=b"1", b=b"", c=b"3")
    assert store.get_many([b"c", b"nothing", b"b", b"c", b"a"]) == [b"3", None, b"", b"3", b"1"]
    assert store.get_many([]) == []
    store.close()


def test_a_store_that_is_opened_again_has_its_cache_and_its_filter(tmp_path: Path) -> None:
    """rocksdict takes the options of a column family from the disk, where these two are not."""
    Store(tmp_path / "s").close()
    store = Store(tmp_path / "s")
    put(store, **{f"k{number}": b"v" for number in range(20_000)})
    store._db.flush()
    assert store._db.property_value("rocksdb.block-cache-capacity") == str(CACHE)
    properties = store._db.property_value("rocksdb.aggregated-table-properties") or ""
    sizes = {name: int(size) for name, size in re.findall(r"(filter block size|# index partitions)=(\d+)", properties)}
    assert sizes["filter block size"] > 10_000
    assert sizes["# index partitions"] > 10  # each as small as a block: the cache takes it
    store.close()


def test_a_reader_beside_sees_what_is_written_by_then(tmp_path: Path) -> None:
    store = Store(tmp_path / "s")
    put(store, a=b"1", b=b"2")
    store._db.flush()
    put(store, c=b"3")  # in the log only
    gone = Batch()
    gone.delete(b"a")
    store.write(gone)
    reader = Store.beside(tmp_path / "s", tmp_path / "notes")
    assert reader.get_many([b"a", b"b", b"c"]) == [None, b"2", b"3"]
    put(store, d=b"4")  # who writes does not notice
    reader.close()
    assert store.get(b"d") == b"4"
    store.close()


def test_there_has_to_be_something_beside(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="the state on disk cannot be read"):
        Store.beside(tmp_path / "none", tmp_path / "notes")
    assert list(tmp_path.iterdir()) == []
