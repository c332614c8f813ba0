"""What is remembered of YouTube between two looks: the resume point, with bounds.

Of a video, and of each comment told of, stays what it looked like, so that an edit is seen, and when it was told, so
that it is looked at again after 1 h, 1 d, 7 d and 30 d. At most `MOST_SEEN` comments are remembered; those published
first are forgotten first, and everything of a video published before its `floor` counts as told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import msgspec

from bots.sources.base import LOOKS_S
from bots.sources.youtube_posts import Home, Thread, Told
from streams.records import Post

MOST_SEEN = 4_000


class Seen(msgspec.Struct, array_like=True):
    """A comment told of: how it looked, when it was published and told (Unix time), how often it was looked at again;
    of a top-level comment how many replies it has, and had when they were last read.
    """

    looks: str
    published: int
    told: int
    checks: int = 0
    total: int = 0
    read: int = 0

    @property
    def due(self) -> float:
        """When it is to be looked at again."""
        return self.told + LOOKS_S[self.checks] if self.checks < len(LOOKS_S) else float("inf")


class Video(msgspec.Struct):
    """A video told of. `looked`: when its comments were last asked for; `begun`: whether they were ever read."""

    channel: str
    venue: str
    looks: str
    published: int
    told: int
    checks: int = 0
    looked: float = 0.0
    begun: bool = False
    floor: int = 0
    seen: dict[str, Seen] = {}

    @property
    def due(self) -> float:
        """When it is to be looked at again."""
        return self.told + LOOKS_S[self.checks] if self.checks < len(LOOKS_S) else float("inf")

    def op(self, comment: Told) -> Literal["create", "update"] | None:
        """What to tell of a comment; None: nothing, it has been told as it is."""
        known = self.seen.get(comment.native)
        if known is not None:
            return None if known.looks == comment.looks else "update"
        return "create" if comment.published >= self.floor else None

    def note(self, comment: Told, now: int) -> None:
        """It is being told as it looks now."""
        known = self.seen.get(comment.native)
        if known is None:
            self.seen[comment.native] = Seen(comment.looks, comment.published, now)
        else:
            known.looks = comment.looks

    def count(self, thread: Thread, *, told: bool = True) -> None:
        """Note how many replies there are; they are read when that is another number than at their last reading."""
        known = self.seen.get(thread.top.native)
        if known is not None and known.total != thread.top.total:
            known.total = thread.top.total
            if told and thread.whole:
                known.read = known.total

    def under(self, parent: str) -> list[str]:
        """The remembered replies to a comment: their ids begin with its own."""
        return [native for native in self.seen if native.startswith(f"{parent}.")]

    def remove(self, name: str, native: str) -> list[Post]:
        """The deletions of a comment of this video and of the remembered replies to it."""
        gone = [other for other in (native, *self.under(native)) if self.seen.pop(other, None)]
        return [deletion(other, name) for other in gone]


class Channel(msgspec.Struct):
    """A channel's feed: its validators, the last look, the videos in it now, the time of the newest video ever."""

    looked: float = 0.0
    etag: str | None = None
    modified: str | None = None
    current: list[str] = []
    newest: int = 0
    floor: int = 0


class Place(msgspec.Struct):
    """The resume point."""

    channels: dict[str, Channel] = {}
    videos: dict[str, Video] = {}
    latest: float = 0.0

    def stamp(self, now: float) -> float:
        """The time of a look, later than that of all before: whoever starts again begins with the longest ago."""
        self.latest = max(now, self.latest + 0.001)
        return self.latest

    def tried(self, job: str, now: float) -> None:
        """A look has failed: the others' turn comes first, also after a restart."""
        kind, _, name = job.partition(" ")
        item = self.channels.get(name) if kind == "channel" else self.videos.get(name)
        if item is not None:
            item.looked = self.stamp(now)

    def watched(self, configured: Sequence[str]) -> list[str]:
        """Videos whose comments are read: those in the feeds now, and those configured."""
        current = {video for channel in self.channels.values() for video in channel.current}
        return [video for video in self.videos if video in current or video in configured]

    def home(self, video: str) -> Home:
        """Where the comments of a video stand."""
        known = self.videos[video]
        return Home(video, known.channel, known.venue)

    def forget(self, configured: Sequence[str], *, checked: bool) -> None:
        """Keep within bounds: drop videos that nothing is to be done about any more, and comments beyond the most."""
        watched = set(self.watched(configured))
        for name, video in list(self.videos.items()):
            live = checked and min([video.due, *(seen.due for seen in video.seen.values())]) < float("inf")
            if name not in watched and not live:
                self._drop(name)
        beyond = sum(len(video.seen) for video in self.videos.values()) - MOST_SEEN
        while beyond > 0:
            largest = max(self.videos.values(), key=lambda video: len(video.seen))
            beyond -= _forget_oldest(largest, beyond)

    def _drop(self, name: str) -> None:
        """A feed shows an older video again when a newer one goes: it must not count as new then."""
        video = self.videos.pop(name)
        channel = self.channels.get(video.channel)
        if channel is not None:
            channel.floor = max(channel.floor, video.published + 1)

    def remove(self, name: str) -> list[Post]:
        """The deletions of a video and of all comments remembered under it."""
        video = self.videos.pop(name)
        gone = [name, *video.seen]
        for channel in self.channels.values():
            channel.current = [other for other in channel.current if other != name]
        return [deletion(native, name) for native in gone]


def deletion(native: str, video: str) -> Post:
    """That something is gone."""
    return Post(id=f"youtube:{native}", op="delete", platform="youtube", thread=f"youtube:{video}")


def _forget_oldest(video: Video, most: int) -> int:
    """Forget up to 20 comments, those published first."""
    oldest = sorted(video.seen, key=lambda native: video.seen[native].published)[: min(20, most)]
    for native in oldest:
        video.floor = max(video.floor, video.seen.pop(native).published + 1)
    return len(oldest)


def due_comments(place: Place, now: float, most: int, *, replies: bool) -> dict[str, str]:
    """Comments to look at again, longest due first: comment -> video. Replies have a dot in their id."""
    due = [
        (seen.due, native, name)
        for name, video in place.videos.items()
        for native, seen in video.seen.items()
        if seen.due <= now and ("." in native) is replies
    ]
    return {native: name for _, native, name in sorted(due)[:most]}


def checked(items: Iterable[Seen | Video], now: float) -> None:
    """They have been looked at; steps that passed meanwhile are not made up for."""
    for item in items:
        while item.due <= now:
            item.checks += 1


def unread(seen: Mapping[str, Seen]) -> str | None:
    """A comment whose replies are to be read."""
    return next((native for native, known in seen.items() if known.total != known.read), None)
