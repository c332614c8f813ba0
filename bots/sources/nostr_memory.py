"""What is remembered of Nostr's events: repeats, who wrote what, and what its author has taken back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec
import xxhash

from bots.sources.base import Bad
from bots.sources.lru import Lru
from bots.sources.nostr_events import DELETION, PLATFORM, VANISH, Event, name, post_of, targets
from streams.records import Post, erasure

MOST = 50_000  # events in memory
KEPT = 1_000  # posts in the resume point
MOST_BAD = 200

Told = dict[str, tuple[str, int]]
"""Post id -> author and Unix time, oldest first."""


class Memory:
    """One run of the collector. `told`: the newest posts, as the resume point knows them."""

    def __init__(self, told: Told) -> None:
        self._told = dict(told)
        self._seen: Lru[str, bool] = Lru(MOST)
        self._gone: Lru[tuple[str, str], bool] = Lru(MOST)  # (post, author) that was taken back before it came
        self._left: Lru[str, int] = Lru(MOST)  # author -> until when all is to vanish
        self._bad: list[Bad] = []
        self.answered = False
        """Whether any relay has given all it had stored: before, nothing is a sign of life."""
        for known in told:
            self._seen.put(known, True)

    def newest(self) -> Told:
        """The newest posts told, for the resume point."""
        return {key: self._told[key] for key in list(self._told)[-KEPT:]}

    def knows(self, event_id: str) -> bool:
        """Whether the event was told, or is not to be told."""
        return self._seen.get(event_id) is not None

    def hold_bad(self, item: Bad) -> None:
        """A bad record waits for a batch that moves on: alone it would be told at each start, and hold the start up."""
        looks = xxhash.xxh3_128_hexdigest(item.record)
        if self._seen.get(looks) is None:
            self._seen.put(looks, True)
            self._bad.append(item)

    def take_bad(self) -> list[Bad]:
        """The bad records so far, each once."""
        bad, self._bad = self._bad, []
        return bad

    @property
    def crowded(self) -> bool:
        """Whether too many bad records wait."""
        return len(self._bad) > MOST_BAD

    def posts(self, event: Event, viewer: str, wanted: frozenset[str]) -> list[Post]:
        """What a new event says: a post, or deletions of what its author wrote. Raises `BadPost`."""
        if event.kind == DELETION:
            told = list(self._delete(event))
        elif event.kind == VANISH:
            told = list(self._vanish(event))
        elif self._taken_back(event):
            told = []
        else:
            told = [post_of(event, viewer, wanted)]
            self._remember(event)
        self._seen.put(event.id, True)
        return told

    def _remember(self, event: Event) -> None:
        self._told[event.id] = (event.pubkey, event.created_at)
        if len(self._told) > MOST:
            del self._told[next(iter(self._told))]

    def _taken_back(self, event: Event) -> bool:
        until = self._left.get(event.pubkey)
        return self._gone.get((event.id, event.pubkey)) is not None or (until is not None and event.created_at <= until)

    def _delete(self, event: Event) -> Iterator[Post]:
        """Only the author's own: relays do not look at who asks (NIP-09)."""
        for target in targets(event):
            if target not in self._told:
                self._gone.put((target, event.pubkey), True)
            elif self._told[target][0] == event.pubkey:
                yield self._deleted(target)

    def _vanish(self, event: Event) -> Iterator[Post]:
        """All of the author's until then (NIP-62), whichever relay was asked: what one must forget, we forget. Also
        what is not remembered here: the match stage knows the author's posts."""
        self._left.put(event.pubkey, max(event.created_at, self._left.get(event.pubkey) or 0))
        for target, (author, at) in list(self._told.items()):
            if author == event.pubkey and at <= event.created_at:
                yield self._deleted(target)
        yield erasure(name(event.pubkey), datetime.fromtimestamp(event.created_at, UTC))

    def _deleted(self, target: str) -> Post:
        self._gone.put((target, self._told.pop(target)[0]), True)
        return Post(id=name(target), op="delete", platform=PLATFORM)


class Place(msgspec.Struct):
    """The resume point: per relay up to when (Unix seconds) all it had has been told, and the newest posts told."""

    relays: dict[str, int] = {}
    told: Told = {}
