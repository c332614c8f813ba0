"""From the frames of one Jetstream connection to batches: positions, repeats, gaps, poison."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from hashlib import blake2b

import msgspec

from bots.sources.base import Bad, Batch, Gap
from bots.sources.bluesky_posts import GONE, Handles, erasure_of, post_of
from bots.sources.jetstream import Event, Malformed, Notice, Version, microseconds, moment, read
from streams.records import BadPost, Post


class Place(msgspec.Struct, frozen=True):
    """A resume point. `seq` holds on this host only, `time` (unix µs, as the host witnessed it) nearly on all.

    `last` tells the last event of v1, which has no numbers, when it comes again.
    """

    host: str
    version: Version
    time: int
    seq: int = 0
    last: str = ""


def cursor_for(
    place: Place | None, host: str, version: Version, overlap: timedelta, begin: datetime | None
) -> int | None:
    """What to ask `host` for: its own position, else the time less an overlap, for hosts witness at their own pace."""
    if place is None:
        return microseconds(begin) if begin is not None else None
    if place.host == host and place.version == version == "v2" and place.seq:
        return place.seq
    if place.host == host and place.version == version == "v1":
        return place.time
    return place.time - overlap // timedelta(microseconds=1)


class Reader:
    """Reads one connection. `asked` is the cursor it was opened with, `place` where the last one had come to; `gone`
    are the states of an account that erase its author."""

    def __init__(
        self,
        host: str,
        version: Version,
        place: Place | None,
        asked: int | None,
        tolerance: timedelta,
        handles: Handles,
        gone: Collection[str] = GONE,
    ) -> None:
        self._host, self._version, self._handles, self._gone = host, version, handles, gone
        self._from = place.time if place is not None else 0  # until the first event: where a gap would begin
        self._tolerance = tolerance // timedelta(microseconds=1)
        self._outdated: str | None = None
        self._time = place.time if place is not None else 0
        self._seq = place.seq if place is not None and asked == place.seq else 0
        self._last = place.last if place is not None and (place.host, place.version) == (host, "v1") else ""
        self.ended: Notice | None = None
        self.unknown_cursor = False  # the host's numbering does not know our seq: go on by time

    def batch(self, frames: Sequence[bytes]) -> Batch:
        """What the frames hold. After it, look at `ended` and `unknown_cursor`."""
        posts: list[Post] = []
        bad: list[Bad] = []
        gap: Gap | None = None
        last = b""
        for frame in frames:
            found = read(self._version, frame)
            if isinstance(found, Event | Malformed):
                gap = self._gap(found.time) or gap
                if self._repeated(found, frame):
                    continue
                last = frame if found.time else last
            if isinstance(found, Event):
                self._event(found, frame, posts, bad)
            elif isinstance(found, Malformed):
                bad.append(Bad(frame, found.reason, self._offset(found)))
                self._advance(found.time, found.seq)
            elif found is not None and self._notice(found):
                break
        self._last = _digest(last) if last and self._version == "v1" else self._last
        cursor = Place(self._host, self._version, self._time, self._seq, self._last) if self._time else None
        return Batch(posts, msgspec.to_builtins(cursor), bad, gap)

    def _repeated(self, found: Event | Malformed, frame: bytes) -> bool:
        """Cursors are inclusive: the last one comes again."""
        if self._version == "v2":
            return 0 < found.seq <= self._seq
        return found.time == self._time and _digest(frame) == self._last

    def _event(self, event: Event, frame: bytes, posts: list[Post], bad: list[Bad]) -> None:
        if event.commit is not None:
            try:
                post = post_of(event, event.commit, self._handles)
                if post is not None:
                    posts.append(post)
            except BadPost as error:
                bad.append(Bad(frame, str(error), self._offset(event)))
        elif event.identity is not None:
            self._handles.learn(event.did, event.identity.handle)
        elif event.account is not None:
            erased = erasure_of(event, event.account, self._gone)
            if erased is not None:
                posts.append(erased)
                self._handles.learn(event.did, None)
        self._advance(event.time, event.seq)

    def _advance(self, time: int, seq: int) -> None:
        self._time, self._seq = time or self._time, seq or self._seq

    def _gap(self, time: int) -> Gap | None:
        """What is missing before the connection's first event; the one that comes again shows that nothing is."""
        if not self._from or not time:
            return None
        since, self._from = self._from, 0
        late = time - since
        if late <= 0 or (self._outdated is None and late <= self._tolerance):
            return None
        return Gap(moment(since), moment(time), self._outdated or f"{self._host} went on later than it was asked to")

    def _notice(self, notice: Notice) -> bool:
        """Whether the connection is over."""
        if notice.final:
            self.ended = notice
        elif notice.name == "OutdatedCursor":
            self._outdated = f"{notice.name}: {notice.message}"
        elif notice.name == "FutureCursor":
            self.unknown_cursor = True
        return notice.final or self.unknown_cursor

    def _offset(self, found: Event | Malformed) -> str:
        return f"{self._host} {self._version} seq={found.seq} time_us={found.time}"


def _digest(frame: bytes) -> str:
    return blake2b(frame, digest_size=8).hexdigest()
