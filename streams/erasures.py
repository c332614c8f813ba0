"""Which authors are erased, and until when: what the match stage remembers of them in one partition of `posts`.

An erasure names an author and a time. What the author wrote until then is gone, whether it came before the erasure or
comes after it; what is written later counts. Where the author *objects*, what is written later is gone as well, until
the objection is lifted; what was written until then stays gone. To lift what never stood does nothing. All of it
depends on the records alone, never on their order: each time below is a smallest or a largest one.

    a<author> NUL <post id>   -> the posts of an author
    g<author>                 -> Erasure
    h<expiry, 8 bytes><author> -> when to forget an erasure; one with an objection stays
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from streams.overlay import Overlay
from streams.post_state import decode_state
from streams.records import Post, event_ms
from streams.store import Batch, Store

_CHUNK = 10_000  # keys written at once


class Erasure(msgspec.Struct, omit_defaults=True):
    """The value of the topic `erasures`. Event times in ms; `seen_ms`: when the last word came that said more."""

    seen_ms: int
    until_ms: int | None = None  # None: nothing is erased
    first_objection_ms: int | None = None
    last_objection_ms: int | None = None
    lifted_ms: int | None = None

    @property
    def objects(self) -> bool:
        """Whether an objection stands; of two words of one time it does."""
        if self.last_objection_ms is None:
            return False
        return self.lifted_ms is None or self.last_objection_ms >= self.lifted_ms

    def covers(self, at_ms: int) -> bool:
        """Whether a post of that event time is gone."""
        if self.objects or (self.until_ms is not None and at_ms <= self.until_ms):
            return True
        first, lifted = self.first_objection_ms, self.lifted_ms
        return first is not None and lifted is not None and first <= lifted and at_ms <= lifted


_decoder = msgspec.json.Decoder(Erasure)


def parse_erasure(value: bytes) -> Erasure:
    """A value of `erasures`. Raises `msgspec.DecodeError`."""
    return _decoder.decode(value)


def merged(known: Erasure | None, post: Post, seen_ms: int) -> Erasure:
    """What is known of an author after one more erasure; the same object where it says nothing new."""
    at_ms, before = event_ms(post), known or Erasure(seen_ms)
    if post.again:
        after = msgspec.structs.replace(before, lifted_ms=_latest(before.lifted_ms, at_ms))
    else:
        after = msgspec.structs.replace(before, until_ms=_latest(before.until_ms, at_ms))
    if post.again is False:
        first, last = before.first_objection_ms, before.last_objection_ms
        after.first_objection_ms = at_ms if first is None else min(first, at_ms)
        after.last_objection_ms = _latest(last, at_ms)
    return before if after == before else msgspec.structs.replace(after, seen_ms=max(before.seen_ms, seen_ms))


def _latest(before: int | None, at_ms: int) -> int:
    return at_ms if before is None else max(before, at_ms)


class Erasures:
    """The erased authors of one partition, and the posts of every author. `news` is for the topic `erasures`."""

    def __init__(self, store: Store, overlay: Overlay, keep_ms: int) -> None:
        """`keep_ms`: how long an erasure is remembered after it was seen."""
        self._store, self._overlay, self._keep_ms = store, overlay, keep_ms
        self.news: dict[str, Erasure | None] = {}

    def of(self, author_id: str) -> Erasure | None:
        """What is known of an author, this batch included."""
        value = self._overlay.get(b"g" + author_id.encode())
        return None if value is None else parse_erasure(value)

    def cover(self, post: Post) -> bool:
        """Whether the post's author was erased, and it with them."""
        if post.author is None or post.created_at is None:
            return False
        found = self.of(post.author.id)
        return found is not None and found.covers(event_ms(post))

    def take(self, post: Post, seen_ms: int) -> Erasure:
        """Take in an erasure; what is known of its author now."""
        known = self.of(post.id)
        after = merged(known, post, seen_ms)
        if after is not known:
            self.put(post.id, after)
            self.news[post.id] = after
        return after

    def put(self, author_id: str, erasure: Erasure | None) -> None:
        """Set what is known of an author (`None`: nothing)."""
        known, key = self.of(author_id), b"g" + author_id.encode()
        if known is not None and not known.objects:
            self._overlay.delete(self._expiry_key(author_id, known))
        if erasure is None:
            self._overlay.delete(key)
            return
        self._overlay.put(key, msgspec.json.encode(erasure))
        if not erasure.objects:
            self._overlay.put(self._expiry_key(author_id, erasure), b"")

    def expire(self, now_ms: int, most: int) -> None:
        """Forget at most `most` erasures whose time is over."""
        for count, (key, _) in enumerate(self._store.scan(b"h")):
            if count >= most or int.from_bytes(key[1:9], "big") > now_ms:
                return
            author_id = key[9:].decode()
            self.put(author_id, None)
            self.news[author_id] = None

    def posts_of(self, author_id: str) -> list[str]:
        """The ids of the posts of an author that are known here."""
        return self._overlay.members(b"a", author_id)

    def add(self, post: Post) -> None:
        """Enter a post under its author."""
        if post.author is not None:
            self._overlay.link(b"a", post.author.id, post.id)

    def remove(self, post: Post) -> None:
        """Take a post away from its author."""
        if post.author is not None:
            self._overlay.unlink(b"a", post.author.id, post.id)

    def _expiry_key(self, author_id: str, erasure: Erasure) -> bytes:
        return b"h" + (erasure.seen_ms + self._keep_ms).to_bytes(8, "big") + author_id.encode()


def index_authors(store: Store) -> None:
    """Enter every stored post under its author: a store of an earlier version has no such index."""
    keys: list[bytes] = []
    for _, value in store.scan(b"p"):
        post = decode_state(value).post
        if post is not None and post.author is not None:
            keys.append(b"a" + post.author.id.encode() + b"\x00" + post.id.encode())
        if len(keys) >= _CHUNK:
            _write(store, keys)
            keys = []
    _write(store, keys)


def _write(store: Store, keys: Iterable[bytes]) -> None:
    batch = Batch()
    for key in keys:
        batch.put(key, b"")
    store.write(batch)
