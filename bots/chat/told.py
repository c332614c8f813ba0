"""What every outlet has been told, on disk: a restart, or a `kill -9`, neither repeats nor forgets.

Per outlet and alert only the last event told is kept: events of one alert come in order (it began, it ended, it began
again later), so whatever is not after that one has been told.
"""

from __future__ import annotations

import sqlite3
from datetime import datetime
from pathlib import Path

from streams.alerting.clock import from_ms, to_ms
from streams.records import Alert

_WAIT_S = 10.0  # for the process before this one to end
_TABLES = """
CREATE TABLE IF NOT EXISTS outlets (outlet TEXT PRIMARY KEY, since_ms INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS told (
    outlet TEXT NOT NULL, fingerprint TEXT NOT NULL, started_ms INTEGER NOT NULL, ended INTEGER NOT NULL,
    PRIMARY KEY (outlet, fingerprint)
) WITHOUT ROWID;
"""


class InUse(RuntimeError):
    """Another chat role works with this file; two would tell everything twice."""


class Told:
    """The memory of one chat role. Life cycle: open, use, `close`. Raises `InUse`."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, timeout=_WAIT_S, isolation_level=None)
        try:
            # Exclusive for as long as we live, and on disk before the next message goes out.
            self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.execute("BEGIN EXCLUSIVE")
            self._db.execute("COMMIT")
            self._db.executescript(_TABLES)
        except sqlite3.OperationalError as error:
            self._db.close()
            raise InUse(f"{path} is in use by another chat role, or cannot be written: {error}") from error

    def since(self, outlet: str, now: datetime) -> datetime:
        """When this outlet was started for the first time: `now` if it never was."""
        self._db.execute("INSERT OR IGNORE INTO outlets VALUES (?, ?)", (outlet, to_ms(now)))
        row = self._db.execute("SELECT since_ms FROM outlets WHERE outlet = ?", (outlet,)).fetchone()
        return from_ms(row[0])

    def is_news(self, outlet: str, alert: Alert) -> bool:
        """Whether the outlet has not been told this event, nor a later one of the same alert."""
        query = "SELECT started_ms, ended FROM told WHERE outlet = ? AND fingerprint = ?"
        row = self._db.execute(query, (outlet, alert.fingerprint)).fetchone()
        return row is None or tuple(row) < _place(alert)

    def remember(self, outlet: str, alert: Alert) -> None:
        """The outlet has been told; on disk when this returns."""
        self._db.execute("INSERT OR REPLACE INTO told VALUES (?, ?, ?, ?)", (outlet, alert.fingerprint, *_place(alert)))

    def close(self) -> None:
        """Release the file."""
        self._db.close()


def _place(alert: Alert) -> tuple[int, int]:
    """Where the event stands among those of its alert."""
    return to_ms(alert.started_at), int(alert.state == "resolved")
