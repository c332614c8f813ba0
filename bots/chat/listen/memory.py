"""What listeners must not forget: where they stand, and which questions they have taken on. On disk, by chat role.

A question is taken on before it is answered: after a `kill -9` it is not answered twice, and what was under way is lost
(whoever asked asks again). Taking on is what matters: `forget` and `silence` must not happen a second time.
"""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from streams.alerting.clock import to_ms

KEPT: Final = timedelta(days=2)
"""How long a question is known; no network delivers one again after that."""
_TABLES: Final = """
CREATE TABLE IF NOT EXISTS marks (listener TEXT PRIMARY KEY, mark TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS taken (
    listener TEXT NOT NULL, key TEXT NOT NULL, at_ms INTEGER NOT NULL, PRIMARY KEY (listener, key)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS taken_at ON taken (at_ms);
"""


class Memory:
    """The file of one chat role. Life cycle: open, use, `close`."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.executescript(_TABLES)

    def take(self, listener: str, key: str, now: datetime) -> bool:
        """Whether this question is new; it is known from now on, and on disk when this returns."""
        self._db.execute("DELETE FROM taken WHERE at_ms < ?", (to_ms(now - KEPT),))
        found = self._db.execute("INSERT OR IGNORE INTO taken VALUES (?, ?, ?)", (listener, key, to_ms(now)))
        return found.rowcount == 1

    def mark(self, listener: str) -> str | None:
        """Where the listener stood; None: it is new."""
        row = self._db.execute("SELECT mark FROM marks WHERE listener = ?", (listener,)).fetchone()
        return None if row is None else str(row[0])

    def set_mark(self, listener: str, mark: str) -> None:
        """Where it stands now; on disk when this returns."""
        self._db.execute("INSERT OR REPLACE INTO marks VALUES (?, ?)", (listener, mark))

    def close(self) -> None:
        """Release the file."""
        self._db.close()
