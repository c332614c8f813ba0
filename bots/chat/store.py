"""The chat role's memory on disk: one SQLite file, held exclusively, written through before anybody is told.

| table | a row is |
|---|---|
| `groups` | a group of alerts for one destination: its next look, when it was last told, how many messages it had |
| `told` | an alert that a group has told as firing, and not yet as resolved |
| `outbox` | a message that waits, in order; what it tells, without anybody's words |
| `dropped` | how many messages a destination has lost since one got through |
| `digests` | the day of each digest's last one |
| `notes` | what the last start ran with |
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_WAIT_S = 10.0  # for the process before this one to end
VERSION: Final = 2
_TABLES: Final = """
CREATE TABLE groups (
    outlet TEXT NOT NULL, room TEXT NOT NULL, name TEXT NOT NULL, place BLOB NOT NULL,
    due_ms INTEGER NOT NULL, sent_ms INTEGER, messages INTEGER NOT NULL,
    PRIMARY KEY (outlet, room, name)
) WITHOUT ROWID;
CREATE TABLE told (
    outlet TEXT NOT NULL, room TEXT NOT NULL, name TEXT NOT NULL, fingerprint TEXT NOT NULL,
    PRIMARY KEY (outlet, room, name, fingerprint)
) WITHOUT ROWID;
CREATE TABLE outbox (
    number INTEGER PRIMARY KEY AUTOINCREMENT, outlet TEXT NOT NULL, room TEXT NOT NULL, key TEXT NOT NULL,
    content BLOB NOT NULL, tries INTEGER NOT NULL DEFAULT 0, not_before_ms INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX outbox_by_destination ON outbox (outlet, room, number);
CREATE TABLE dropped (
    outlet TEXT NOT NULL, room TEXT NOT NULL, messages INTEGER NOT NULL, PRIMARY KEY (outlet, room)
) WITHOUT ROWID;
CREATE TABLE digests (name TEXT PRIMARY KEY, day TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE notes (name TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID;
"""
# Version 1 told each event by itself; what it told and still fires is taken over by the groups (`adoption.py`).
_FROM_1: Final = """
ALTER TABLE told RENAME TO told_before;
{tables}
INSERT INTO told SELECT outlet, '', '', fingerprint FROM told_before WHERE ended = 0;
DROP TABLE told_before;
DROP TABLE outlets;
"""


class InUse(RuntimeError):
    """Another chat role works with this file; two would tell everything twice."""


class Store:
    """The file of one chat role. Life cycle: open, use, `close`. Raises `InUse`."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.db = sqlite3.connect(path, timeout=_WAIT_S, isolation_level=None)
        try:
            # Exclusive for as long as we live, and on disk before the next message goes out.
            self.db.execute("PRAGMA locking_mode = EXCLUSIVE")
            self.db.execute("PRAGMA journal_mode = WAL")  # one fsync a transaction instead of three
            self.db.execute("PRAGMA synchronous = FULL")
            self.db.execute("BEGIN EXCLUSIVE")
            self.db.execute("COMMIT")
        except sqlite3.OperationalError as error:
            self.db.close()
            raise InUse(f"{path} is in use by another chat role, or cannot be written: {error}") from error
        self._prepare(path)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All of it or nothing; on disk when the block ends."""
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield self.db
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")

    def note(self, name: str) -> str | None:
        """What was noted under a name."""
        row = self.db.execute("SELECT text FROM notes WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def close(self) -> None:
        """Release the file."""
        self.db.close()

    def _prepare(self, path: Path) -> None:
        version = self.db.execute("PRAGMA user_version").fetchone()[0]
        if version > VERSION:
            self.db.close()
            raise InUse(f"{path} was written by a newer Tertulia (form {version}, this one knows {VERSION})")
        if version == VERSION:
            return
        old = self.db.execute("SELECT 1 FROM sqlite_master WHERE name = 'told'").fetchone()
        script = _FROM_1.format(tables=_TABLES) if old else _TABLES
        self.db.executescript(f"BEGIN IMMEDIATE; {script} PRAGMA user_version = {VERSION}; COMMIT;")
