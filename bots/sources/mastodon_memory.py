"""What the Mastodon source remembers: its resume point, what it has told, and what it looks at again later."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import blake2b

import msgspec

from bots.sources.lru import Lru
from bots.sources.mastodon_api import order
from bots.sources.mastodon_posts import post_id, post_of
from bots.sources.mastodon_reader import Found
from streams.records import Post

MOST_TOLD = 100_000
MOST_RECENT = 400  # of one timeline
_GONE = "gone"


class Recent(msgspec.Struct, array_like=True):
    """A post that the next look finds again: its number on the server, and the version that was told."""

    id: str
    version: str


class Mark(msgspec.Struct):
    """A timeline: its `newest` id, where paging stands (`at`; empty: at the end), when it last had its turn, and what
    was told of the time that looks overlap in, by digest of the uri.
    """

    newest: str = ""
    at: str = ""
    turn: int = 0
    recent: dict[str, Recent] = {}


class Check(msgspec.Struct, array_like=True):
    """A post to look at again: its number on the server, its last edit, the next look, when it was told."""

    id: str
    version: str
    stage: int
    since: float


class Place(msgspec.Struct):
    """The resume point: turns taken, a mark per timeline, and per server the posts to look at again, by uri."""

    turn: int = 0
    marks: dict[str, Mark] = {}
    checks: dict[str, dict[str, Check]] = {}

    def took_turn(self, key: str) -> Mark:
        """The mark of a timeline whose turn this was."""
        self.turn += 1
        mark = self.marks.setdefault(key, Mark())
        mark.turn = self.turn
        return mark


class Memory:
    """Decides what is news. Lives as long as one call of `collect`: what was told before may have to be told again."""

    def __init__(self, place: Place, ages: Sequence[float], most: int, now: Callable[[], float]) -> None:
        self.place = place
        self._ages, self.now = ages, now
        self._room = most // len(ages) if ages else 0  # posts of one server that wait for the same look
        self._told: Lru[str, str] = Lru(MOST_TOLD)  # versions by digest
        for mark in place.marks.values():
            for name, recent in mark.recent.items():
                self._told.put(name, recent.version)

    def keep(self, mark: Mark, found: Iterable[Found], since: str) -> None:
        """Remember, also beyond a restart, what of a page was told and comes again in a look that begins at `since`."""
        for status in (each.status for each in found):
            version = self._version(status.uri)
            if version is not None and version != _GONE:
                mark.recent[_digest(status.uri)] = Recent(status.id, version)
        again = {name: each for name, each in mark.recent.items() if order(each.id) > order(since)}
        newest = sorted(again, key=lambda name: order(again[name].id))[-MOST_RECENT:]
        mark.recent = {name: again[name] for name in newest}

    def news(self, found: Iterable[Found], base: str, host: str) -> list[Post]:
        """What has not been told yet, or not so: creations, edits, and deletions of what is public no longer."""
        posts = (self._news(each, base, host) for each in found)
        return [post for post in posts if post is not None]

    def gone(self, base: str, uri: str) -> Post | None:
        """The deletion of a post, if it was told."""
        before = self._version(uri)
        self.place.checks.get(base, {}).pop(uri, None)
        if before in (None, _GONE):
            return None
        self._told.put(_digest(uri), _GONE)
        return Post(id=post_id(uri), op="delete", platform="mastodon")

    def uri_of(self, base: str, number: str) -> str | None:
        """The uri of a post to look at again, by its number."""
        return next((uri for uri, check in self.place.checks.get(base, {}).items() if check.id == number), None)

    def due(self, base: str, most: int) -> dict[str, Check]:
        """Up to so many posts of a server that it is time to look at again, those that wait longest first."""
        now = self.now()
        waiting = self.place.checks.get(base, {})
        first = sorted((self._due(check), check.stage, uri) for uri, check in waiting.items())[:most]
        return {uri: waiting[uri] for at, _, uri in first if at <= now}

    def looked(self, base: str, uri: str) -> None:
        """A post was looked at: when there is room it waits for its next look, otherwise it is left."""
        waiting = self.place.checks.get(base, {})
        check = waiting.pop(uri, None)
        if check is not None and check.stage + 1 < len(self._ages):
            check.stage += 1
            self._enter(waiting, uri, check)

    def _news(self, found: Found, base: str, host: str) -> Post | None:
        status = found.status
        before = self._version(status.uri)
        if not status.tellable:
            return self.gone(base, status.uri)
        if before == _GONE or (before is not None and status.version <= before):
            return None
        self._told.put(_digest(status.uri), status.version)
        self._watch(base, found)
        return post_of(status, host, found.parent, "create" if before is None else "update")

    def _version(self, uri: str) -> str | None:
        """How a post was last told; what the resume point names was told before it."""
        before = self._told.get(_digest(uri))
        if before is None:
            checks = (waiting[uri] for waiting in self.place.checks.values() if uri in waiting)
            before = next((check.version for check in checks), None)
        return before

    def _watch(self, base: str, found: Found) -> None:
        status = found.status
        waiting = self.place.checks.setdefault(base, {})
        if status.uri in waiting:
            waiting[status.uri].version = status.version
        else:
            self._enter(waiting, status.uri, Check(status.id, status.version, 0, self.now()))

    def _enter(self, waiting: dict[str, Check], uri: str, check: Check) -> None:
        if sum(other.stage == check.stage for other in waiting.values()) < self._room:
            waiting[uri] = check

    def _due(self, check: Check) -> float:
        # A shorter list of looks since the last start: what waits for one that is no more is due now.
        return check.since + self._ages[check.stage] if check.stage < len(self._ages) else 0.0


def _digest(uri: str) -> str:
    return blake2b(uri.encode(), digest_size=8).hexdigest()
