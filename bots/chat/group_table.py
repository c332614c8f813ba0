"""Groups on disk: the tables `groups` and `told`."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TypeAlias

import msgspec

from bots.chat.groups import Destination, Place, State
from streams.alerting.clock import from_ms, to_ms

GroupId: TypeAlias = tuple[Destination, str]
Told: TypeAlias = dict[GroupId, frozenset[str]]


@dataclass
class Group:
    """A group as it stands; `members` are the fingerprints of the firing alerts that belong to it."""

    place: Place
    state: State
    members: set[str] = field(default_factory=set)

    @property
    def id(self) -> GroupId:
        """Of the destination, and its own."""
        return self.place.destination, self.place.name

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to be told."""
        return not self.members and not self.state.told


def load_told(db: sqlite3.Connection) -> Told:
    """Fingerprints told as firing and not yet as over, by group; the group "" is a version's before this one."""
    found: defaultdict[GroupId, set[str]] = defaultdict(set)
    for outlet, room, name, fingerprint in db.execute("SELECT outlet, room, name, fingerprint FROM told"):
        found[Destination(outlet, room), name].add(fingerprint)
    return {group: frozenset(told) for group, told in found.items()}


def load(db: sqlite3.Connection) -> dict[GroupId, Group]:
    """Every group; its members are not known yet."""
    told, found = load_told(db), {}
    for outlet, room, name, place, due, sent, messages in db.execute(
        "SELECT outlet, room, name, place, due_ms, sent_ms, messages FROM groups"
    ):
        this = (Destination(outlet, room), name)
        state = State(from_ms(due), None if sent is None else from_ms(sent), messages, told.get(this, frozenset()))
        found[this] = Group(msgspec.json.decode(place, type=Place), state)
    return found


def save(db: sqlite3.Connection, group: Group, told_before: frozenset[str]) -> None:
    """As it stands now; part of the caller's transaction."""
    state, (destination, name) = group.state, group.id
    sent = None if state.sent is None else to_ms(state.sent)
    row = (*destination, name, msgspec.json.encode(group.place), to_ms(state.due), sent, state.messages)
    db.execute("INSERT OR REPLACE INTO groups VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    gone, new = told_before - state.told, state.told - told_before
    db.executemany(
        "DELETE FROM told WHERE outlet = ? AND room = ? AND name = ? AND fingerprint = ?",
        [(*destination, name, fingerprint) for fingerprint in gone],
    )
    db.executemany("INSERT INTO told VALUES (?, ?, ?, ?)", [(*destination, name, each) for each in new])


def remove(db: sqlite3.Connection, group: Group, told_before: frozenset[str]) -> None:
    """It is over."""
    destination, name = group.id
    if told_before:
        db.execute("DELETE FROM told WHERE outlet = ? AND room = ? AND name = ?", (*destination, name))
    db.execute("DELETE FROM groups WHERE outlet = ? AND room = ? AND name = ?", (*destination, name))
