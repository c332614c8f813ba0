"""Messages that wait for their destination, on disk and in order, each until it was delivered or given up."""

from __future__ import annotations

import sqlite3
from collections import Counter
from datetime import datetime
from typing import TypeAlias

import msgspec

from bots.chat.groups import Destination
from bots.chat.store import Store
from config.language import Lang
from streams.alerting.clock import from_ms, to_ms
from streams.records import Alert


class Told(msgspec.Struct, frozen=True, tag="alerts"):
    """News of a group. The alerts are bare (`bots/chat/bare.py`)."""

    labels: tuple[tuple[str, str], ...]
    lang: Lang
    firing: tuple[Alert, ...]
    over: tuple[Alert, ...]


class Digested(msgspec.Struct, frozen=True, tag="digest"):
    """A digest up to `to`; what it says is asked when it is sent."""

    name: str
    to: datetime


Content: TypeAlias = Told | Digested
_decoder = msgspec.json.Decoder(Content)


class Waiting(msgspec.Struct, frozen=True):
    """One message. `tries`: attempts that have failed; none is made before `not_before`."""

    number: int
    destination: Destination
    key: str
    content: Content
    tries: int
    not_before: datetime


class Outbox:
    """The table `outbox`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        found = store.db.execute("SELECT outlet, room, count(*) FROM outbox GROUP BY outlet, room")
        self._counts = Counter({Destination(outlet, room): count for outlet, room, count in found})

    def add(self, db: sqlite3.Connection, to: Destination, key: str, content: Content) -> None:
        """Behind all that wait there; part of the caller's transaction."""
        row = (*to, key, msgspec.json.encode(content))
        db.execute("INSERT INTO outbox (outlet, room, key, content) VALUES (?, ?, ?, ?)", row)
        self._counts[to] += 1

    def waiting(self, to: Destination) -> int:
        """How many messages wait there."""
        return self._counts[to]

    def destinations(self) -> list[Destination]:
        """Where something waits."""
        return [to for to, count in self._counts.items() if count]

    def forget(self, to: Destination) -> int:
        """Nobody is told any more what waits there; how many messages it was."""
        self._store.db.execute("DELETE FROM outbox WHERE outlet = ? AND room = ?", to)
        return self._counts.pop(to, 0)

    def first(self, to: Destination) -> Waiting | None:
        """The one whose turn it is."""
        query = "SELECT number, key, content, tries, not_before_ms FROM outbox WHERE outlet = ? AND room = ?"
        row = self._store.db.execute(f"{query} ORDER BY number LIMIT 1", to).fetchone()
        if row is None:
            return None
        number, key, content, tries, not_before = row
        return Waiting(number, to, key, _decoder.decode(content), tries, from_ms(not_before))

    def failed(self, message: Waiting, not_before: datetime) -> None:
        """It waits on; a restart forgets neither the attempt nor what the destination asked for."""
        values = (message.tries + 1, to_ms(not_before), message.number)
        self._store.db.execute("UPDATE outbox SET tries = ?, not_before_ms = ? WHERE number = ?", values)

    def delivered(self, message: Waiting, lost: int) -> None:
        """It is there, and with it the word that `lost` messages before it are not."""
        with self._store.transaction() as db:
            self._remove(db, message)
            if lost:
                self._count_dropped(db, message.destination, -lost)

    def given_up(self, message: Waiting) -> None:
        """It will not be tried again; the next one that gets through says so."""
        with self._store.transaction() as db:
            self._remove(db, message)
            self._count_dropped(db, message.destination, 1)

    def lost(self, to: Destination) -> int:
        """How many were given up since one got through."""
        query = "SELECT messages FROM dropped WHERE outlet = ? AND room = ?"
        row = self._store.db.execute(query, to).fetchone()
        return 0 if row is None else int(row[0])

    def _remove(self, db: sqlite3.Connection, message: Waiting) -> None:
        db.execute("DELETE FROM outbox WHERE number = ?", (message.number,))
        self._counts[message.destination] -= 1

    def _count_dropped(self, db: sqlite3.Connection, to: Destination, more: int) -> None:
        row = "INSERT INTO dropped VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET messages = messages + excluded.messages"
        db.execute(row, (*to, more))
        db.execute("DELETE FROM dropped WHERE messages <= 0")
