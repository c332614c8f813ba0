"""A bounded store of post id -> thread that survives `kill -9`: SQLite with a write-ahead log and a cache."""

from __future__ import annotations

import sqlite3
from collections import OrderedDict
from pathlib import Path
from types import TracebackType
from typing import Self

MOST_ROOTS = 1_000_000  # rows; about 150 MB on disk with ids of 40 characters
CACHED = 50_000
_SCHEMA = "CREATE TABLE IF NOT EXISTS roots (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, root TEXT NOT NULL)"


class Roots:
    """The threads of the newest `most` posts of one source. Raises `sqlite3.Error`, e.g. when the disk is full.

    A killed process may lose the rows after its last `save`, never the file: it reads those posts once more, because
    their resume point is saved only after Kafka has them, which is after `save`.
    """

    def __init__(self, path: Path, most: int = MOST_ROOTS) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._most = most
        self.database = sqlite3.connect(path, isolation_level=None)
        self.database.execute("PRAGMA journal_mode=WAL")
        self.database.execute("PRAGMA synchronous=NORMAL")
        self.database.execute(_SCHEMA)
        self._cache: OrderedDict[str, str] = OrderedDict()
        self._new: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def get(self, post_id: str) -> str | None:
        """The thread of a post, if it is known."""
        root = self._new.get(post_id) or self._cache.get(post_id)
        if root is None:
            row = self.database.execute("SELECT root FROM roots WHERE id = ?", (post_id,)).fetchone()
            root = None if row is None else str(row[0])
        return root

    def put(self, post_id: str, root: str) -> None:
        """Remember the thread of a post; the first one stands."""
        if self.get(post_id) is None:
            self._new[post_id] = root

    def save(self) -> None:
        """Write what is new, and forget the oldest beyond the bound."""
        if not self._new:
            return
        self.database.execute("BEGIN")
        try:
            self.database.executemany("INSERT OR IGNORE INTO roots (id, root) VALUES (?, ?)", self._new.items())
            last = self.database.execute("SELECT max(number) FROM roots").fetchone()[0]
            self.database.execute("DELETE FROM roots WHERE number <= ?", (last - self._most,))
        except BaseException:
            if self.database.in_transaction:  # on a full disk SQLite has rolled back by itself
                self.database.execute("ROLLBACK")
            raise
        self.database.execute("COMMIT")
        self._cache.update(self._new)
        self._new = {}
        while len(self._cache) > CACHED:
            self._cache.popitem(last=False)

    def close(self) -> None:
        """Close the file."""
        self.database.close()
