"""What one partition of one stage remembers on this machine: RocksDB, the applied offset inside each atomic write.

So after any crash the state is exactly that of the log up to `applied`, whatever Kafka's committed offset says.
A write survives the death of the process; after a loss of power the tail may be missing, `applied` with it, and is read
again from the log.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rocksdict import (
    AccessType,
    BlockBasedIndexType,
    BlockBasedOptions,
    Cache,
    DBCompressionType,
    Options,
    Rdict,
    WriteBatch,
)

APPLIED = b"\x00applied"  # position in the topic this partition reads
CHANGELOG = b"\x00changelog"  # position in the topic this partition writes its changelog to
_CACHE = Cache(
    32 * 1024 * 1024
)  # one block cache for all partitions of the process; RocksDB's own default is per database


class Store:
    """Ordered bytes to bytes. Keys that start with NUL are the store's own."""

    def __init__(self, path: Path, access: AccessType | None = None) -> None:
        self.path = path
        options = _options()
        if access is None:
            path.parent.mkdir(parents=True, exist_ok=True)
        else:
            options.set_max_open_files(-1)  # files that the other process has done with stay readable
        # Named once more: of a store that is there, rocksdict takes the column family's options from its file, and that
        # knows neither the cache nor the filter.
        families = {"default": options}
        self._db = Rdict(str(path), options, column_families=families, access_type=access or AccessType.read_write())

    @classmethod
    def beside(cls, path: Path, notes: Path) -> Store:
        """What another process is writing, as it is now, to be read. `notes`: an empty folder for RocksDB's own log.
        rocksdict writes down its own settings in `path` once more, as they are; nothing else there changes.

        Raises `OSError` when there is no store.
        """
        if not (path / "CURRENT").exists():
            raise OSError(f"the state on disk cannot be read: there is none in {path}")
        try:
            return cls(path, AccessType.secondary(str(notes)))
        except Exception as error:  # rocksdict raises bare Exception with RocksDB's text
            raise OSError(f"the state on disk cannot be read: {error}") from error

    def get(self, key: bytes) -> bytes | None:
        """The value, or `None`."""
        value: bytes | None = self._db.get(key)
        return value

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """The values in the order of the keys. Each look lets go of the interpreter's lock: a batch should do so once,
        not wait for it a thousand times while threads answer questions."""
        values: Any = self._db.get(list(keys)) if keys else []
        return list(values)

    def scan(self, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        """All pairs whose key starts with `prefix`, in order."""
        pairs: Any = self._db.items(from_key=prefix)
        for key, value in pairs:
            if not key.startswith(prefix):
                return
            yield key, value

    def keys_before(self, last: bytes, first: bytes) -> Iterator[bytes]:
        """The keys in [first, last), from the last to the first."""
        keys: Any = self._db.keys(backwards=True, from_key=last)
        for key in keys:
            if key < first:
                return
            if key < last:
                yield key

    def position(self, name: bytes) -> int:
        """The last offset written under `APPLIED` or `CHANGELOG`; -1: none."""
        value = self.get(name)
        return -1 if value is None else int.from_bytes(value, "big", signed=True)

    def write(self, batch: Batch) -> None:
        """Apply all of a batch or nothing. Raises `OSError` when the disk is full or broken."""
        if batch.is_empty():
            return
        try:
            self._db.write(batch.raw)
        except Exception as error:  # rocksdict raises bare Exception with RocksDB's text
            raise OSError(f"the state on disk cannot be written: {error}") from error

    def close(self) -> None:
        """Flush and release the files."""
        self._db.close()


class Batch:
    """Changes that belong together."""

    def __init__(self) -> None:
        self.raw = WriteBatch(raw_mode=True)

    def put(self, key: bytes, value: bytes) -> None:
        """Set a key."""
        self.raw.put(key, value)

    def delete(self, key: bytes) -> None:
        """Remove a key; nothing happens when it is not there."""
        self.raw.delete(key)

    def set_position(self, name: bytes, offset: int) -> None:
        """Remember that everything up to and with `offset` is in."""
        self.raw.put(name, offset.to_bytes(8, "big", signed=True))

    def is_empty(self) -> bool:
        """Whether there is nothing to write."""
        return bool(self.raw.is_empty())


def _options() -> Options:
    options = Options(raw_mode=True)
    options.create_if_missing(True)
    options.set_write_buffer_size(8 * 1024 * 1024)
    options.set_max_write_buffer_number(2)
    options.set_max_open_files(64)
    options.set_max_background_jobs(2)
    options.set_keep_log_file_num(2)
    options.set_compression_type(DBCompressionType.lz4())
    table = BlockBasedOptions()
    table.set_block_cache(_CACHE)
    table.set_bloom_filter(10, False)
    # An index of one piece grows with its file, beyond what the cache takes in one piece (a 64th of it): it would be
    # read and unpacked anew for every look.
    table.set_index_type(BlockBasedIndexType.two_level_index_search())
    table.set_partition_filters(True)
    table.set_cache_index_and_filter_blocks(True)
    options.set_block_based_table_factory(table)
    return options
