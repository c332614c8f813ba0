"""Who is behind an alert: the authors with the most of its posts, and what is left of them when posts go.

Columns know no names, so a name is read from one of the author's posts in the ledger. An author whose posts have gone,
because they were deleted or the author was forgotten, leaves the alert at the next look, as a quote does.
"""

from __future__ import annotations

from datetime import datetime

import msgspec
import numpy as np

from config.units import parse_duration
from streams.alerting import evidence
from streams.alerting.question import Concerns
from streams.desk import Desk
from streams.records import Alert, Author, Driver
from streams.views.columns import Bools, Ints, identity, moment
from streams.views.frame import Snapshot
from streams.views.rows import Rows
from streams.views.window import Window

MOST = 3
WHO = "who"
"""In the details of an alert about one person: the handle, as long as the ledger has posts of theirs."""


def concerned(rows: Rows, concerns: Concerns | None) -> Bools:
    """Which rows an alert is about."""
    return np.ones(len(rows), dtype=bool) if concerns is None else concerns(rows)


def authors(desk: Desk, brand: str, rows: Rows, among: Bools) -> tuple[Driver, ...]:
    """Those who wrote most of the posts `among` the rows, the brand's own accounts apart. Raises `KeyError`."""
    wrote = among & ~rows.own
    accounts, counts = np.unique(rows.author[wrote], return_counts=True)
    total = int(wrote.sum())
    found = []
    for place in np.lexsort((accounts, -counts))[:MOST]:
        author = author_of(desk, brand, rows, int(accounts[place]))
        if author is not None:
            count = int(counts[place])
            found.append(Driver(name_of(author), count, count / total, id=author.id))
    return tuple(found)


def author_of(desk: Desk, brand: str, rows: Rows, account: int) -> Author | None:
    """Who an account is, from its newest post among the rows; None without one. Raises `KeyError`."""
    at = np.flatnonzero(rows.author == account)
    if not len(at):
        return None
    entry = evidence.find(desk, brand, moment(int(rows.time[at[-1]])), int(rows.post[at[-1]]))
    return None if entry is None else entry.post.author


def name_of(author: Author) -> str:
    """The handle, or else what there is."""
    return author.handle or author.name or author.id


def still_there(desk: Desk, alert: Alert) -> Alert:
    """The alert with the quotes and authors that the ledger still has. Raises `KeyError`."""
    snapshot = desk.frame(alert.brand).snapshot()
    wrote = _authors(snapshot, alert) if alert.authors else np.zeros(0, dtype=np.int64)
    left = [_left(driver, int((wrote == identity(driver.id)).sum())) for driver in alert.authors]
    return msgspec.structs.replace(
        alert,
        evidence=evidence.still_true(desk, alert),
        authors=tuple(driver for driver in left if driver is not None),
    )


def _authors(snapshot: Snapshot, alert: Alert) -> Ints:
    return snapshot.rows(window_of(alert)).author


def window_of(alert: Alert) -> Window:
    """What the alert was about when it began."""
    return window(alert.window, alert.started_at)


def window(length: str, end: datetime) -> Window:
    """The window of so long before `end`."""
    return Window.last(parse_duration(length), end)


def _left(driver: Driver, posts: int) -> Driver | None:
    """At most as many posts as the author has left."""
    if posts >= driver.posts:
        return driver
    share = driver.share * posts / driver.posts
    return msgspec.structs.replace(driver, posts=posts, share=share) if posts else None
