"""Who is new, who came back, who stayed."""

from __future__ import annotations

from datetime import datetime

import numpy as np

from streams.views.asked import Answer, Asked, Share
from streams.views.clusters import Clusters, independent
from streams.views.columns import Bools, Ints, lookup, moment
from streams.views.company import company
from streams.views.rows import Rows
from streams.views.shares import share_of
from streams.views.window import Window


class Renewal(Answer, frozen=True, kw_only=True):
    """The brand's own accounts apart. `retention`: of the authors of the window of equal length before this one, those
    seen again; the others `left`. `since`: the oldest entry there is; who spoke only before it counts as new.
    Insufficient when there is nothing older than the window: then everybody would look new."""

    newcomers: int
    returning: int
    left: int
    retention: Share
    since: datetime | None


def renewal(rows: Rows, asked: Asked) -> Renewal:
    """New is who is in no entry of the brand before the window, in whatever language or network."""
    here, since = people_of(rows), rows.snapshot.since
    known = seen_before(rows, here)
    start, retention = moment(rows.start), _retention(rows, here, asked)
    return Renewal(
        posts=int((~rows.own).sum()),
        authors=len(here),
        insufficient=asked.too_few(int((~rows.own).sum()), len(here)) or since is None or since >= start,
        newcomers=int((~known).sum()),
        returning=int(known.sum()),
        left=retention.total - retention.count,
        retention=retention,
        since=since,
    )


def people_of(rows: Rows) -> Ints:
    """Distinct authors but the brand's own."""
    return rows.authors[~rows.snapshot.is_own(rows.authors)]


def seen_before(rows: Rows, authors: Ints) -> Bools:
    """Which of the sorted `authors` wrote anything before the window."""
    seen, since, start = np.zeros(len(authors), dtype=bool), rows.snapshot.since, moment(rows.start)
    if since is not None and since < start:
        seen[authors.searchsorted(rows.snapshot.among("author", authors, Window(since, start)).authors)] = True
    return seen


def _retention(rows: Rows, here: Ints, asked: Asked) -> Share:
    window = Window(moment(rows.start), moment(rows.end)).before()
    before = rows.snapshot.rows(window, platform=rows.platform, lang=rows.lang)
    (people, then), posts = company(before), int((~before.own).sum())
    at, stayed = lookup(people, here)
    now = then.copy()  # of those who stayed, the company they are in now
    now[stayed] = company(rows).cluster[at[stayed]]
    each = np.arange(len(people))
    worth = independent(stayed, Clusters.between(then, each, now, each))
    return share_of(int(stayed.sum()), len(people), posts, len(people), asked, worth)
