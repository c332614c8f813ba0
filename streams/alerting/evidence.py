"""The posts an alert quotes: choosing them, and taking them back when they change or are deleted."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np

from streams.alerting.clock import from_ms
from streams.alerting.words import cut
from streams.desk import Desk
from streams.records import Alert, Entry, event_ms
from streams.views.columns import Bools, identity, moment
from streams.views.rows import Rows

QUOTES = 3
MOST_TEXT = 500  # characters of a quote; outlets cut further
_TICK = timedelta(milliseconds=1)
MOST_READ = 2_000  # entries of one moment
THREADS = 5  # that are looked at: some hold only reposts, or texts that are no longer kept
OF_A_THREAD = 50  # newest posts of a thread that are read

Quote = dict[str, str]
"""`id`, `url`, `text`, and `at`, the event time by which the ledger finds the post again."""


def choose(desk: Desk, brand: str, rows: Rows, among: Bools) -> tuple[Quote, ...]:
    """One post from each of the three busiest threads `among` the rows: the most approved one. Raises `KeyError`."""
    busy = np.bincount(rows.root_number[among], minlength=len(rows.roots))
    found = []
    for thread in np.argsort(-busy, kind="stable")[:THREADS]:
        at = np.flatnonzero(among & rows.spoken & (rows.root_number == thread))[-OF_A_THREAD:]
        said = [entry for entry in (_entry(desk, brand, rows, int(row)) for row in at) if entry and entry.post.text]
        if said:
            found.append(_quote(max(said, key=_approval)))
    return tuple(found[:QUOTES])


def _entry(desk: Desk, brand: str, rows: Rows, row: int) -> Entry | None:
    return find(desk, brand, moment(int(rows.time[row])), int(rows.post[row]))


def still_true(desk: Desk, alert: Alert) -> tuple[Quote, ...]:
    """The alert's quotes as the ledger has them now: a deleted post is gone, an edited one reads as edited.

    Raises `KeyError` when the brand has moved to another worker.
    """
    found = (_requote(desk, alert.brand, quote) for quote in alert.evidence)
    return tuple(quote for quote in found if quote is not None)


def _requote(desk: Desk, brand: str, quote: Quote) -> Quote | None:
    if "at" not in quote:
        return quote  # not from here: whoever raised it looks after it
    match = find(desk, brand, datetime.fromisoformat(quote["at"]), identity(quote["id"]))
    return _quote(match) if match is not None and match.post.text else None


def find(desk: Desk, brand: str, at: datetime, post: int) -> Entry | None:
    """The entry of a post, by its event time and the hash of its id. Raises `KeyError`."""
    start, end = at - _TICK, at + 2 * _TICK  # whichever way a desk rounds to milliseconds
    after: str | None = None
    while True:
        page = desk.entries(brand, start, end, after, MOST_READ)
        match = next((entry for entry in page.entries if identity(entry.post.id) == post), None)
        if match is not None or page.after is None:
            return match
        after = page.after


def _approval(entry: Entry) -> tuple[int, bool, int, str]:
    """Most likes, reposts and replies; of equals the one that opened the thread, then the earliest."""
    post = entry.post
    approved = (post.likes or 0) + (post.reposts or 0) + (post.replies or 0)
    return approved, post.id == post.root, -event_ms(post), post.id


def _quote(entry: Entry) -> Quote:
    post = entry.post
    at = from_ms(event_ms(post))
    return {"id": post.id, "url": post.url or "", "text": cut(post.text, MOST_TEXT), "at": at.isoformat()}
