"""What was told of threads, kept in a resume point: nothing is told twice, and what vanished is found out.

For networks that tell of no deletions. A thread is looked at again 1 h, 1 d, 7 d and 30 d after its news. Bounds: 1,000
threads and 5,000 posts, those with the latest news; of one thread 500 posts. What is forgotten is not looked at again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec
import xxhash

from bots.sources.base import LOOKS_S, Bad, Batch
from bots.sources.lru import Lru

MOST_THREADS = 1_000
MOST_POSTS = 5_000
MOST_IN_THREAD = 500


class Thread(msgspec.Struct, array_like=True):
    """Since when it waits for its next look (Unix time), a hash of each post's words, how many looks it has had, and
    whether it is to have another one at once."""

    since: float
    posts: dict[str, str]
    looks: int = 0
    again: bool = False


Threads = dict[str, Thread]
"""By the thread's name, that with the latest news last; the posts' names are the source's own."""


class SecondLooks:
    """Works on the `threads` of a resume point, in place."""

    def __init__(self, threads: Threads, waits_s: Sequence[float] = LOOKS_S) -> None:
        self.threads, self._waits_s = threads, waits_s

    def news(self, thread: str, post: str, words: str, now: float) -> Literal["create", "update"] | None:
        """What the post is to those who know what was told so far; None: nothing new."""
        known, told = self.threads.get(thread), fingerprint(words)
        before = known.posts.get(post) if known else None
        if before == told:
            return None
        self._remember(thread, known or Thread(now, {}), post, told, now)
        return "create" if before is None else "update"

    def gone(self, thread: str, posts: Iterable[str] | None = None) -> list[str]:
        """Those of the posts (None: all) that had been told, now forgotten: they are to be told as deleted."""
        known = self.threads.get(thread)
        if known is None:
            return []
        told = [post for post in (list(known.posts) if posts is None else posts) if known.posts.pop(post, None)]
        if not known.posts:
            del self.threads[thread]
        return told

    def told(self, thread: str) -> list[str]:
        """The posts of a thread that are remembered."""
        known = self.threads.get(thread)
        return list(known.posts) if known else []

    def due(self, now: float, most: int) -> list[str]:
        """Threads whose next look is due, those that wait longest first."""
        waiting = [
            (thread.since + (0.0 if thread.again else self._waits_s[thread.looks]), name)
            for name, thread in self.threads.items()
            if thread.again or thread.looks < len(self._waits_s)
        ]
        return [name for at, name in sorted(waiting) if at <= now][:most]

    def looked(self, name: str) -> None:
        """It has been looked at."""
        if (thread := self.threads.get(name)) is not None:
            thread.looks += not thread.again
            thread.again = False

    def all_again(self) -> None:
        """What happened meanwhile was not heard: look at everything once more, beside the looks that are due anyway."""
        for thread in self.threads.values():
            thread.again = True

    def _remember(self, name: str, thread: Thread, post: str, told: str, now: float) -> None:
        if thread.looks:  # else the first look stays due: a lively thread is looked at too
            thread.since, thread.looks = now, 0
        thread.posts.pop(post, None)
        thread.posts[post] = told
        if len(thread.posts) > MOST_IN_THREAD:
            del thread.posts[next(iter(thread.posts))]
        self.threads.pop(name, None)
        self.threads[name] = thread
        if len(self.threads) > MOST_THREADS or sum(len(each.posts) for each in self.threads.values()) > MOST_POSTS:
            del self.threads[next(iter(self.threads))]


class Complaints:
    """Bad records that were handed on already: they stand in a list until it moves on."""

    def __init__(self, most: int = 1_000) -> None:
        self._known: Lru[str, bool] = Lru(most)

    def without_known(self, batch: Batch) -> Batch:
        """The batch with only those bad records that are new."""
        return msgspec.structs.replace(batch, bad=[record for record in batch.bad if self._is_new(record)])

    def _is_new(self, record: Bad) -> bool:
        name = xxhash.xxh3_64_hexdigest(record.record)
        known = self._known.get(name)
        self._known.put(name, True)
        return known is None


def fingerprint(words: str) -> str:
    """Tells words apart, briefly."""
    return xxhash.xxh3_64_hexdigest(words.encode(errors="replace"))[:12]
