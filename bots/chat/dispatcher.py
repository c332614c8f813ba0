"""Puts alerts into groups, looks at each group when its time has come, and puts what is news into the outbox.

What a look changes, the group's state and the message, is on disk in one transaction, so whatever happens next nothing
is told twice or lost. Everything else is made anew at the start from the topic `alerts`, which is compacted.

Life cycle: `start` when the topic has been read -> `take` what changed, `tick` whenever something is `due`.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Collection
from datetime import datetime
from typing import Final, Protocol

import msgspec

from bots.chat.adoption import adopted
from bots.chat.bare import bare
from bots.chat.group_table import Group, GroupId, load, load_told, remove, save
from bots.chat.groups import Destination, News, Place, first, key, look
from bots.chat.outbox import Outbox, Told
from bots.chat.places import Places
from bots.chat.quiet import Moment, Quiet
from bots.chat.schedule import Schedule
from bots.chat.store import Store
from streams.records import Alert

log = logging.getLogger(__name__)
MOST_LOOKS: Final = 500  # in one transaction, so that others get a turn
MOST_WAITING: Final = 1_000
"""Messages for one destination; while so many wait its groups are not looked at, and what happens to them adds up."""
ROUTING: Final = "routing"


class Known(Protocol):
    """The newest alert of every fingerprint (`streams.alerting.topic.TailAlerts`)."""

    def get(self, fingerprint: str) -> Alert | None:
        """The newest alert with this fingerprint."""

    def all(self) -> Collection[Alert]:
        """The newest alert of every fingerprint."""


class Dispatcher:
    """See the module. Reads no clock: each call is given the time, which never goes back."""

    def __init__(self, store: Store, outbox: Outbox, known: Known, places: Places, quiet: Quiet) -> None:
        self._store, self._outbox, self._known = store, outbox, known
        self._places, self._quiet = places, quiet
        self._groups: dict[GroupId, Group] = {}
        self._of: dict[str, frozenset[GroupId]] = {}  # where a firing alert belongs
        self._new: dict[GroupId, Group] = {}  # not yet on disk
        self._schedule = Schedule(self._groups)

    def start(self, now: datetime) -> None:
        """Take up where the process before this one was."""
        if self._store.note(ROUTING) != self._places.fingerprint():
            self._adopt(now)
        self._groups.update(load(self._store.db))
        for group in self._groups.values():
            latest = now + max(group.place.wait, group.place.interval)  # unless the clock has been set back meanwhile
            group.state = msgspec.structs.replace(group.state, due=min(group.state.due, latest))
            self._schedule.add(group)
        self.take_again(now)

    def take(self, fingerprint: str, now: datetime) -> None:
        """An alert began, ended, reads otherwise, or left the topic."""
        alert = self._known.get(fingerprint)
        places = self._places.of(alert) if alert is not None and alert.state == "firing" else []
        wanted = frozenset((place.destination, place.name) for place in places)
        for group_id in self._of.pop(fingerprint, frozenset()) - wanted:
            self._groups[group_id].members.discard(fingerprint)
        if alert is None or not wanted:
            return
        self._of[fingerprint] = wanted
        for place in places:
            group = self._join(place, alert, now)
            group.members.add(fingerprint)
            group.place = place

    def take_again(self, now: datetime) -> None:
        """At the start, and when rooms have begun or ceased to watch."""
        for alert in self._known.all():
            self.take(alert.fingerprint, now)

    def due(self) -> datetime | None:
        """When something has to be looked at; None: never, as things are."""
        return self._schedule.due()

    def tick(self, now: datetime) -> None:
        """Look at what is due, up to a number; on disk when this returns. Raises `sqlite3.Error`."""
        groups = self._schedule.pop(now, self._room, MOST_LOOKS)
        if not groups and not self._new:
            return
        moment = self._quiet.at(now)
        with self._store.transaction() as db:
            for group in self._new.values():
                save(db, group, frozenset())
            self._new.clear()
            for group in groups:
                self._look(db, group, moment)

    def _look(self, db: sqlite3.Connection, group: Group, moment: Moment) -> None:
        before = group.state
        alerts = self._alerts(group)
        told = before.told & {alert.fingerprint for alert in alerts}  # others have left the topic
        heard = [alert for alert in alerts if _is_heard(alert, group, moment)]
        known = msgspec.structs.replace(before, told=told)
        group.state, news = look(group.place, known, heard, moment.mutes(group.place), moment.now)
        if news is not None:
            self._outbox.add(db, group.place.destination, key(group.place, group.state, news), _content(group, news))
        if group.is_over:
            del self._groups[group.id]
            remove(db, group, before.told)
        else:
            self._schedule.add(group)
            save(db, group, before.told)

    def _alerts(self, group: Group) -> list[Alert]:
        """What fires in it or was told by it, as it is now."""
        found = (self._known.get(fingerprint) for fingerprint in group.members | group.state.told)
        return [alert for alert in found if alert is not None]

    def _join(self, place: Place, alert: Alert, now: datetime) -> Group:
        """The alert's group; a new one waits from its earliest alert on, in whatever order they were read."""
        group_id = (place.destination, place.name)
        group, state = self._groups.get(group_id), first(place, alert, now)
        if group is None:
            group = self._groups[group_id] = self._new[group_id] = Group(place, state)
            self._schedule.add(group)
        elif group_id in self._new and state.due < group.state.due:
            group.state = state
            self._schedule.add(group)
        return group

    def _room(self, to: Destination, *, every: bool) -> int:
        """How many more messages may wait there; who is told everything needs one only, the newest."""
        return (1 if every else MOST_WAITING) - self._outbox.waiting(to)

    def _adopt(self, now: datetime) -> None:
        """Another configuration: what was told goes over to the groups of today."""
        told = load_told(self._store.db)
        groups = adopted(load(self._store.db).values(), told, self._known.get, self._places.of, now)
        with self._store.transaction() as db:
            db.execute("DELETE FROM groups")
            db.execute("DELETE FROM told")
            for group in groups.values():
                save(db, group, frozenset())
            db.execute("INSERT OR REPLACE INTO notes VALUES (?, ?)", (ROUTING, self._places.fingerprint()))
        log.info("the routes are not those of the last start; %d groups go on", len(groups))


def _is_heard(alert: Alert, group: Group, moment: Moment) -> bool:
    if group.place.every:
        return True
    elsewhere = alert.state == "firing" and alert.fingerprint not in group.members  # it is routed otherwise by now
    return not elsewhere and not moment.keeps(alert)


def _content(group: Group, news: News) -> Told:
    firing, over = (tuple(bare(alert) for alert in alerts) for alerts in (news.firing, news.over))
    return Told(group.place.labels, group.place.lang, firing, over)
