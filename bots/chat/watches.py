"""What rooms have asked to be told of (`watch fairphone crisis`), beside the routes of the configuration. On disk.

A watch belongs to a room of an outlet. Whoever tells alerts asks `watches_for` which rooms want one; it is told there
as a route would tell it. Rooms that the configuration no longer lets ask are left out by the caller, who knows it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from config.matchers import all_match, parse
from streams.alerting.clock import from_ms, to_ms
from streams.alerting.labels import labels
from streams.records import Alert

_TABLE: Final = """
CREATE TABLE IF NOT EXISTS watches (
    outlet TEXT NOT NULL, room TEXT NOT NULL, matchers TEXT NOT NULL, by TEXT NOT NULL, at_ms INTEGER NOT NULL,
    person TEXT NOT NULL, PRIMARY KEY (outlet, room, matchers)
) WITHOUT ROWID;
"""


class Watch(msgspec.Struct, frozen=True):
    """`room` of `outlet` is told of the alerts that all `matchers` hold for; `by` asked for it. `person`: whose private
    room it is, by id; "": it is a room that the configuration names.
    """

    outlet: str
    room: str
    matchers: tuple[str, ...]
    by: str
    at: datetime
    person: str = ""


class Watches:
    """The file. Life cycle: open, use, `close`; one process may open it more than once."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.executescript(_TABLE)

    def add(self, watch: Watch) -> bool:
        """Keep it; whether it is new. On disk when this returns."""
        row = (watch.outlet, watch.room, _text(watch.matchers), watch.by, to_ms(watch.at), watch.person)
        return self._db.execute("INSERT OR IGNORE INTO watches VALUES (?, ?, ?, ?, ?, ?)", row).rowcount == 1

    def remove(self, outlet: str, room: str, matchers: tuple[str, ...]) -> bool:
        """Forget it; whether it was there."""
        query = "DELETE FROM watches WHERE outlet = ? AND room = ? AND matchers = ?"
        return self._db.execute(query, (outlet, room, _text(matchers))).rowcount == 1

    def all(self) -> list[Watch]:
        """Every one, the oldest first."""
        rows = self._db.execute("SELECT * FROM watches ORDER BY at_ms, room, matchers")
        return [
            Watch(outlet, room, tuple(matchers.split("\n")), by, from_ms(at), person)
            for outlet, room, matchers, by, at, person in rows
        ]

    def close(self) -> None:
        """Release the file."""
        self._db.close()


def watches_for(alert: Alert, watches: Iterable[Watch]) -> list[Watch]:
    """Those that this alert is told by, one for each room."""
    known = labels(alert)
    found: dict[tuple[str, str], Watch] = {}
    for watch in watches:
        if all_match(map(parse, watch.matchers), known):
            found.setdefault((watch.outlet, watch.room), watch)
    return list(found.values())


def path_of(data_dir: Path, namespace: str) -> Path:
    """Where the chat role keeps them."""
    return data_dir / "chat" / f"{namespace}-watches.sqlite3"


def _text(matchers: tuple[str, ...]) -> str:
    return "\n".join(matchers)
