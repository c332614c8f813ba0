"""Since when a thread is about a brand: the earliest post in it that seeds the brand, kept up as posts come and go."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import msgspec

from streams.overlay import Overlay
from streams.post_state import State, Thread, decode_thread


class Threads:
    """The threads of one partition. `state_of` knows the posts; `wake` has posts judged again."""

    def __init__(
        self, overlay: Overlay, state_of: Callable[[str], State | None], wake: Callable[[Iterable[str]], None]
    ) -> None:
        self._overlay, self._state_of, self._wake = overlay, state_of, wake

    def since(self, thread: str) -> Mapping[str, int]:
        """Brand -> event time in ms of the earliest post that seeds it here."""
        return self._get(thread).since

    def count(self, thread: str, change: int) -> None:
        """So many posts came to the thread, or left it. One without posts is forgotten."""
        known = self._get(thread)
        self._put(thread, Thread(known.posts + change, known.since))

    def seed(self, thread: str, brands: Iterable[str], at_ms: int) -> None:
        """A post of the thread seeds these brands; an earlier seed than all before wakes the whole thread."""
        known = self._get(thread)
        earlier = {brand: at_ms for brand in brands if at_ms < known.since.get(brand, at_ms + 1)}
        if earlier:
            self._put(thread, Thread(known.posts, {**known.since, **earlier}))
            if known.posts > 1:  # else its only post is the one that seeds, which is judged anyway
                self._wake(self._posts(thread))

    def unseed(self, thread: str, brands: Iterable[str], at_ms: int) -> None:
        """A post seeds these brands no more; if it was the thread's earliest, find the next and wake the thread."""
        known = self._get(thread)
        lost = {brand for brand in brands if known.since.get(brand) == at_ms}
        if not lost:
            return
        posts = self._posts(thread)
        after = {brand: at for brand, at in known.since.items() if brand not in lost}
        for post_id in posts:
            state = self._state_of(post_id)
            if state is not None and state.post is not None:
                for brand in lost & state.seeds:
                    after[brand] = min(after.get(brand, state.at_ms), state.at_ms)
        if after != known.since:
            self._put(thread, Thread(known.posts, after))
            self._wake(posts)

    def _posts(self, thread: str) -> list[str]:
        return self._overlay.members(b"t", thread)

    def _get(self, thread: str) -> Thread:
        value = self._overlay.get(b"s" + thread.encode())
        return Thread() if value is None else decode_thread(value)

    def _put(self, thread: str, state: Thread) -> None:
        key = b"s" + thread.encode()
        if state.posts:
            self._overlay.put(key, msgspec.msgpack.encode(state))
        else:
            self._overlay.delete(key)
