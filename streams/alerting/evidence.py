"""The posts an alert quotes: choosing them, and taking them back when they change or are deleted."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from streams.alerting.clock import from_ms
from streams.alerting.words import cut
from streams.desk import Desk
from streams.records import Alert, Entry, event_ms

QUOTES = 3
MOST_TEXT = 500  # characters of a quote; outlets cut further
_TICK = timedelta(milliseconds=1)
MOST_READ = 2_000  # newest entries of the window that are looked at

Quote = dict[str, str]
"""`id`, `url`, `text`, and `at`, the event time by which the ledger finds the post again."""


def choose(desk: Desk, brand: str, start: datetime, end: datetime) -> tuple[Quote, ...]:
    """One post from each of the window's three busiest threads: the most approved one. Raises `KeyError`."""
    entries = desk.entries(brand, start, end, None, MOST_READ).entries
    busy = Counter(entry.post.root for entry in entries)
    best: dict[str, Entry] = {}
    for entry in entries:
        if entry.post.text and entry.post.kind != "repost":
            root = entry.post.root
            best[root] = max(best.get(root, entry), entry, key=_approval)
    threads = sorted(best, key=lambda root: (-busy[root], root))
    return tuple(_quote(best[root]) for root in threads[:QUOTES])


def still_true(desk: Desk, alert: Alert) -> tuple[Quote, ...]:
    """The alert's quotes as the ledger has them now: a deleted post is gone, an edited one reads as edited.

    Raises `KeyError` when the brand has moved to another worker.
    """
    found = (_find(desk, alert.brand, quote) for quote in alert.evidence)
    return tuple(quote for quote in found if quote is not None)


def _find(desk: Desk, brand: str, quote: Quote) -> Quote | None:
    if "at" not in quote:
        return quote  # not from here: whoever raised it looks after it
    at = datetime.fromisoformat(quote["at"])
    start, end = at - _TICK, at + 2 * _TICK  # whichever way a desk rounds to milliseconds
    after: str | None = None
    while True:
        page = desk.entries(brand, start, end, after, MOST_READ)
        match = next((entry for entry in page.entries if entry.post.id == quote["id"]), None)
        if match is not None:
            return _quote(match) if match.post.text else None
        if page.after is None:
            return None
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
