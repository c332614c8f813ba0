"""When digests are due: at their local time, once a day even across restarts, in the outbox like everything else."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Collection, Iterator
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from bots.chat.groups import Destination
from bots.chat.outbox import Digested, Outbox
from bots.chat.store import Store
from config.routing import Digest
from config.times import parse_clock, parse_weekdays

log = logging.getLogger(__name__)
LATEST: Final = timedelta(hours=6)
"""A digest that nobody could send for so long is left out: it would tell of yesterday."""
_DAYS: Final = 8  # within so many days each digest comes once


class Digests:
    """The table `digests`. `outlets`: those that a digest which names none goes to."""

    def __init__(self, store: Store, outbox: Outbox, digests: Collection[Digest], outlets: Collection[str]) -> None:
        self._store, self._outbox = store, outbox
        self._digests, self._outlets = tuple(digests), tuple(outlets)

    def due(self, now: datetime) -> datetime | None:
        """When the next one is due; None: there are none."""
        return min((next_of(digest, now) for digest in self._digests), default=None)

    def tick(self, now: datetime) -> None:
        """Put what is due into the outbox; on disk when this returns. One that is new waits for its time."""
        for digest in self._digests:
            at = last_of(digest, now)
            day = at.astimezone(ZoneInfo(digest.zone)).date().isoformat()
            known = self._store.db.execute("SELECT day FROM digests WHERE name = ?", (digest.name,)).fetchone()
            if known is not None and known[0] >= day:
                continue
            with self._store.transaction() as db:
                db.execute("INSERT OR REPLACE INTO digests VALUES (?, ?)", (digest.name, day))
                if known is None:
                    continue
                if now - at > LATEST:
                    log.warning("the digest %s of %s is left out: it is %s late", digest.name, day, now - at)
                    continue
                for outlet in self._to(digest):
                    self._outbox.add(db, Destination(outlet), _key(digest, outlet, day), Digested(digest.name, at))

    def _to(self, digest: Digest) -> list[str]:
        wanted = self._outlets if digest.outlets is None else digest.outlets
        return [name for name in wanted if name in self._outlets]


def last_of(digest: Digest, now: datetime) -> datetime:
    """The newest time of the digest up to `now`."""
    return max(at for at in _times(digest, now, range(-_DAYS, 1)) if at <= now)


def next_of(digest: Digest, now: datetime) -> datetime:
    """The first time of the digest after `now`."""
    return min(at for at in _times(digest, now, range(_DAYS + 1)) if at > now)


def _times(digest: Digest, now: datetime, days: range) -> Iterator[datetime]:
    zone, minutes = ZoneInfo(digest.zone), parse_clock(digest.at)
    wanted = [parse_weekdays(text) for text in digest.weekdays]
    for number in days:
        day: date = now.astimezone(zone).date() + timedelta(days=number)
        if not wanted or any(day.weekday() in each for each in wanted):
            # 24:00 is the end of its day; a time that the change to summer skips comes an hour later
            local = datetime.combine(day, time(), zone) + timedelta(minutes=minutes)
            yield local.astimezone(now.tzinfo)


def _key(digest: Digest, outlet: str, day: str) -> str:
    return hashlib.sha256(f"digest\x00{outlet}\x00{digest.name}\x00{day}".encode()).hexdigest()[:32]
