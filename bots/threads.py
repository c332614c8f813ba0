"""Finds the thread of posts whose network names only the parent (docs/decisions/0003-threads-on-the-way.md).

Whatever order posts come in, a post gets the same thread: its root's id. A reply whose parent is not known yet waits,
bounded in number, size and time; when the wait is over it gets its parent as thread, and so does what hangs on it.
A ring of replies ends at its smallest id. A post keeps its thread: an edit, or a second delivery, gets the same.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import Generic, TypeVar

import msgspec

from bots.roots import Roots
from streams.records import Post, erases

MOST_WAITING = 50_000
MOST_CHARACTERS = 64 * 1024 * 1024  # of text that waits
LONGEST_WAIT_S = 600.0

Token = TypeVar("Token")
Ready = list[tuple[Post, Token]]
"""Posts that have their thread, each with the token it was handed in with."""


class _Held(msgspec.Struct, Generic[Token]):
    """What waits under one id: the post and its edits, in order."""

    parent: str
    since: float
    posts: list[tuple[Post, Token]]


class ThreadFinder(Generic[Token]):
    """Threads of one source. `wait_s` None: wait until `finish` (a file ends, and then all that can come has come)."""

    def __init__(
        self,
        roots: Roots,
        *,
        wait_s: float | None = LONGEST_WAIT_S,
        most_waiting: int = MOST_WAITING,
        most_characters: int = MOST_CHARACTERS,
    ) -> None:
        self._roots, self._wait_s = roots, wait_s
        self._most_waiting, self._most_characters = most_waiting, most_characters
        self._held: OrderedDict[str, _Held[Token]] = OrderedDict()  # oldest first
        self._children: dict[str, list[str]] = {}  # parent -> ids that wait for it
        self._characters = 0
        self.orphans = 0
        """Posts whose thread is their parent, because the parent never came."""
        self.rings = 0
        """Rings of replies that were cut."""

    @property
    def waiting(self) -> int:
        """How many posts wait for their parent."""
        return len(self._held)

    def feed(self, posts: Iterable[tuple[Post, Token]], now: float) -> Ready[Token]:
        """Take posts in; return those, of these and earlier ones, that have a thread now. `now`: monotonic seconds."""
        ready: Ready[Token] = []
        for post, token in posts:
            self._take(post, token, now, ready)
        self._let_go(now, ready)
        self._roots.save()
        return ready

    def finish(self) -> Ready[Token]:
        """Nothing more will come: everything that waits, with its parent's thread or its parent as thread."""
        ready: Ready[Token] = []
        while self._held:
            self._release_oldest(ready)
        self._roots.save()
        return ready

    def forget(self) -> None:
        """Drop what waits: it will be read again."""
        self._held.clear()
        self._children.clear()
        self._characters = 0

    def _take(self, post: Post, token: Token, now: float, ready: Ready[Token]) -> None:
        if post.erases_author:
            self._erase(post, token, ready)
        elif post.op == "delete":
            self._delete(post, token, ready)
        elif post.thread:
            waited = self._drop(post.id)
            versions = [*waited.posts, (post, token)] if waited else [(post, token)]
            self._settle(post.id, post.thread, versions, ready)
        elif (held := self._held.get(post.id)) is not None:
            held.posts.append((post, token))  # an edit of what waits goes with it
            self._characters += len(post.text)
        elif (root := self._root_of(post)) is not None:
            self._settle(post.id, root, [(post, token)], ready)
        else:
            self._hold(post, token, now, ready)

    def _root_of(self, post: Post) -> str | None:
        """The thread, if it is known: its own first one, its parent's, or, of a post without a parent, its own id."""
        known = self._roots.get(post.id)
        if known is not None:
            return known
        parent = parent_of(post)
        return post.id if parent is None else self._roots.get(parent)

    def _delete(self, post: Post, token: Token, ready: Ready[Token]) -> None:
        """A deletion overtakes nothing: what waits under the id is dropped, and must not come after it."""
        held = self._drop(post.id)
        if held is not None:
            # Sent as deletions, the versions that waited still count as done where their resume point is kept.
            ready.extend((post, waited) for _, waited in held.posts)
        ready.append((post, token))

    def _erase(self, erasure: Post, token: Token, ready: Ready[Token]) -> None:
        """What waits of the author is dropped in the same way, unless it was written later."""
        for post_id in [post_id for post_id, held in self._held.items() if erases(erasure, held.posts[0][0])]:
            held = self._drop(post_id)
            assert held is not None, "only what waits is dropped"
            ready.extend((Post(post_id, "delete"), waited) for _, waited in held.posts)
        ready.append((erasure, token))

    def _hold(self, post: Post, token: Token, now: float, ready: Ready[Token]) -> None:
        parent = parent_of(post)
        assert parent is not None, "a post without a parent is a root"
        self._held[post.id] = _Held(parent, now, [(post, token)])
        self._children.setdefault(parent, []).append(post.id)
        self._characters += len(post.text)
        if post.id in self._children and (ring := self._ring(post.id)):
            self.rings += 1
            self._free(min(ring), min(ring), ready)

    def _ring(self, start: str) -> list[str]:
        """The ids of the ring of waiting replies that `start` closes, if it does."""
        ring, at = [start], self._held[start].parent
        while at != start:
            held = self._held.get(at)
            if held is None:
                return []
            ring.append(at)
            at = held.parent
        return ring

    def _let_go(self, now: float, ready: Ready[Token]) -> None:
        while self._held and self._over(now):
            self._release_oldest(ready)

    def _over(self, now: float) -> bool:
        if len(self._held) > self._most_waiting or self._characters > self._most_characters:
            return True
        oldest = next(iter(self._held.values()))
        return self._wait_s is not None and now - oldest.since > self._wait_s

    def _release_oldest(self, ready: Ready[Token]) -> None:
        """Let the oldest go, with the whole tree it hangs in, so that the tree stays one thread."""
        top = next(iter(self._held))
        while (parent := self._held[top].parent) in self._held:
            top = parent
        self.orphans += 1
        self._free(top, parent, ready)

    def _free(self, post_id: str, root: str, ready: Ready[Token]) -> None:
        held = self._drop(post_id)
        assert held is not None, "only what waits is freed"
        self._settle(post_id, root, held.posts, ready)

    def _settle(self, post_id: str, root: str, posts: Ready[Token], ready: Ready[Token]) -> None:
        """`post_id` and everything that waits for it, directly or not, belongs to `root`."""
        found = [(post_id, posts)]
        while found:
            settled, versions = found.pop()
            self._roots.put(settled, root)
            ready.extend((_in_thread(post, root), token) for post, token in versions)
            for child in self._children.get(settled, []).copy():
                held = self._drop(child)
                assert held is not None, "children wait"
                found.append((child, held.posts))

    def _drop(self, post_id: str) -> _Held[Token] | None:
        held = self._held.pop(post_id, None)
        if held is None:
            return None
        self._characters -= sum(len(post.text) for post, _ in held.posts)
        siblings = self._children[held.parent]
        siblings.remove(post_id)
        if not siblings:
            del self._children[held.parent]
        return held


def parent_of(post: Post) -> str | None:
    """What a post hangs on: what it answers, or, of a pure repost, what it repeats. A quote opens its own thread."""
    return post.reply_to or post.repost_of


def _in_thread(post: Post, root: str) -> Post:
    return post if post.thread else msgspec.structs.replace(post, thread=root)
