"""Which posts belong to which brands, as a function of the posts alone, never of the order in which they came.

A post *seeds* a brand when it names it and means it (`streams.meaning`), or quotes a post that belongs to it. A reply
belongs to a brand when it seeds it, or when some post of its thread seeds it at an earlier or the same event time: from
there on the thread is about the brand. A repost belongs where the post it repeats belongs; it seeds nothing.

So a naming post that comes late pulls in the replies that came before it, an edit that takes the name away lets them
go, and a deletion too. Replies, quotes and reposts that belong to nothing yet therefore wait, bounded in time and
number. An update beats a create, a deletion beats both, whatever arrives first; among equals the later in the log
stands. A post of an erased author (`streams.erasures`) is none.

All state is in one `Store` per partition of `posts` (threads never cross partitions; quoted and reposted posts may, and
are looked up in `Whereabouts`):

    p<post id>                -> State
    t<thread> NUL <post id>   -> the posts of a thread
    s<thread>                 -> Thread
    q<target> NUL <post id>   -> who quotes or reposts a post
    w<expiry, 8 bytes><id>    -> waiting posts, by when they are forgotten
    k<expiry, 8 bytes><id>    -> posts that belong or belonged, likewise
    y<expiry, 8 bytes><id>    -> when the text of a kept post is dropped
    a, g, h                   -> the posts of each author, and who is erased: see `streams.erasures`
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import msgspec

from config.schema import Match
from streams.erasures import Erasures
from streams.overlay import Overlay
from streams.post_state import (
    CREATE,
    DELETE,
    RANK,
    Change,
    Reading,
    State,
    Via,
    decode_state,
    expiry_key,
    targets_of,
)
from streams.records import Post
from streams.store import Batch, Store
from streams.terms import Terms
from streams.thread_seeds import Threads
from streams.whereabouts import Places

_SPARE_TARGETS = 100_000  # known targets may outgrow the stored ones by this much before they are counted anew


class Membership:
    """The belonging of the posts of one partition. Use: `apply` and `touch`, then `settle`, then `commit`."""

    def __init__(
        self,
        store: Store,
        terms: Terms,
        lookup: Callable[[str], Places],
        settings: Match,
        keep_ms: int,
        keep_text_ms: int | None = None,
    ) -> None:
        """`keep_ms`: how long a post that belonged stays known after it was seen; `keep_text_ms`: its text."""
        self._keep_text_ms = keep_ms if keep_text_ms is None else keep_text_ms
        self._store, self._terms, self._lookup = store, terms, lookup
        self._wait_ms = round(settings.wait.total_seconds() * 1_000)
        self._most_waiting, self._keep_ms = settings.waiting, keep_ms
        self._overlay = Overlay(store)
        self.erasures = Erasures(store, self._overlay, keep_ms)
        self.erased: set[str] = set()
        """Posts that this batch lost with their author; their texts are to leave the log."""
        self._threads = Threads(self._overlay, self._state, self._judge_again)
        self._states: dict[str, State | None] = {}  # as this batch has left them
        self._before: dict[str, bytes | None] = {}  # as the store has them
        self._dirty: dict[str, None] = {}  # to be judged again; a dict, because it keeps its order
        self._touched: set[str] = set()  # changed in this batch
        self._count()

    def known(self, post_id: str) -> State | None:
        """What is known of a post by now, this batch included; not to be changed."""
        return self._state(post_id)

    def apply(
        self,
        post: Post,
        seen_ms: int,
        named: Mapping[str, tuple[str, ...]] | None = None,
        readings: Mapping[str, Reading] | None = None,
    ) -> None:
        """Take in one create, update, deletion or erasure. `named`: the brands it names and means, by default all that
        the terms find; `readings`: what the classifier has said of it."""
        if post.erases_author:
            self._erase(post, seen_ms)
            return
        known = self._state(post.id)
        if post.op != "delete" and self.erasures.cover(post):
            if known is None or known.post is None:  # else somebody else's stands under this id
                self.erased.add(post.id)
            return
        rank = RANK[post.op]
        if known is not None and (rank < known.rank or known.rank == DELETE):
            return
        if rank == DELETE:
            self._delete(post.id, known, seen_ms)
            return
        if known is not None and known.post == post and named in (None, known.named):
            return
        if named is None:
            named = {} if post.repost_of else self._terms.named(post)
        self._upsert(post, known, State(rank, seen_ms, post, dict(named), readings=dict(readings or {})))

    def bury(self, post_id: str, seen_ms: int) -> None:
        """Remember that a post which belonged to a brand was deleted, as the ledger tells it."""
        known = self._state(post_id)
        if known is not None:
            self._unplace(post_id, known)
        self._replace(post_id, known, State(DELETE, seen_ms, None, waiting=False))

    def touch(self, targets: Iterable[str]) -> None:
        """The belonging of these posts has changed somewhere: judge again who quotes or reposts them."""
        for target in targets:
            self._wake(target)

    def settle(self) -> list[Change]:
        """Judge what was touched until nothing moves any more; the net changes since the last commit."""
        while self._dirty:
            post_id = next(iter(self._dirty))
            del self._dirty[post_id]
            self._judge(post_id)
        return [change for post_id in sorted(self._touched) for change in self._net(post_id)]

    def keep_reading(self, post_id: str, brand: str, reading: Reading) -> None:
        """Remember what the classifier said of a changed post."""
        state = self._states[post_id]
        if state is None:  # not kept: it named a brand by terms that the configuration no longer has
            return
        state.readings = state.readings | {brand: reading}
        self._touched.add(post_id)

    def commit(self, batch: Batch) -> None:
        """Put this batch's changes into `batch`; the caller writes it."""
        for post_id in self._touched:
            state = self._states[post_id]
            key = b"p" + post_id.encode()
            if state is None:
                self._overlay.delete(key)
            else:
                self._overlay.put(key, msgspec.msgpack.encode(state))
        self._overlay.fill(batch)
        self._clear()

    def rollback(self) -> None:
        """Forget the batch, because its outcome could not be delivered; it will be applied again."""
        self._overlay.reset()
        self._clear()
        self._count()

    @property
    def waiting(self) -> int:
        """How many posts belong to nothing yet."""
        return self._waiting

    def forget(self, now_ms: int, most: int = 5_000) -> int:
        """To be committed without settling: forgetting is no change of belonging.

        Drop at most `most` posts whose time is over, and the oldest of too many that wait; how many waited."""
        before = self._waiting
        surplus = before - self._most_waiting
        for family in (b"w", b"k"):
            for count, (key, _) in enumerate(self._store.scan(family)):
                expired = int.from_bytes(key[1:9], "big") <= now_ms
                if count >= most or not (expired or (family == b"w" and count < surplus)):
                    break
                self._drop(key[9:].decode())
        dropped = before - self._waiting
        self._forget_texts(now_ms, most)
        self.erasures.expire(now_ms, most)
        if len(self._targets) > 2 * self._stored_targets + _SPARE_TARGETS:
            self._count()
        return dropped

    def _forget_texts(self, now_ms: int, most: int) -> None:
        """Drop the texts of kept posts whose time is over. What they named stays known, and nothing is judged again."""
        for count, (key, _) in enumerate(self._store.scan(b"y")):
            if count >= most or int.from_bytes(key[1:9], "big") > now_ms:
                return
            post_id = key[9:].decode()
            state = self._state(post_id)
            self._overlay.delete(key)
            if state is not None and state.post is not None:
                state.post = msgspec.structs.replace(state.post, text="", links=())
                self._touched.add(post_id)

    # -- events ------------------------------------------------------------------------------------------------------

    def _upsert(self, post: Post, known: State | None, state: State) -> None:
        if known is None and not state.named and state.rank == CREATE and post.kind == "post":
            return  # names nothing and answers nothing: it can never belong
        if known is not None and known.post is not None:
            self._unplace(post.id, known)
            state.seen_ms, state.via, state.waiting = known.seen_ms, known.via, known.waiting
        self._replace(post.id, known, state)
        self._place(post.id, state)

    def _delete(self, post_id: str, known: State | None, seen_ms: int) -> None:
        """Keep the bare fact that it is gone: a create that comes late must not bring it back."""
        gone = State(DELETE, seen_ms, None)
        if known is not None:
            self._unplace(post_id, known)
            gone.waiting = known.waiting
        self._replace(post_id, known, gone)
        self._wake(post_id)

    def _erase(self, post: Post, seen_ms: int) -> None:
        """The author's posts are deleted, each as if the network had said so."""
        erasure = self.erasures.take(post, seen_ms)
        for post_id in self.erasures.posts_of(post.id):
            state = self._state(post_id)
            if state is not None and state.post is not None and erasure.covers(state.at_ms):
                self._delete(post_id, state, seen_ms)
                self.erased.add(post_id)

    def _place(self, post_id: str, state: State) -> None:
        """Enter a post into the indexes of its thread, its targets and its author, and have it judged."""
        post = state.post
        assert post is not None
        self.erasures.add(post)
        if post.repost_of is None:
            self._overlay.link(b"t", post.root, post_id)
            self._threads.count(post.root, 1)
        for target in targets_of(post):
            self._overlay.link(b"q", target, post_id)
            self._targets.add(target)
        if state.named:
            self._threads.seed(post.root, state.named, state.at_ms)
        self._dirty[post_id] = None

    def _unplace(self, post_id: str, state: State) -> None:
        post = state.post
        if post is None:
            return
        self.erasures.remove(post)
        if post.repost_of is None:
            self._overlay.unlink(b"t", post.root, post_id)
            self._threads.count(post.root, -1)
        for target in targets_of(post):
            self._overlay.unlink(b"q", target, post_id)
        self._threads.unseed(post.root, state.seeds, state.at_ms)

    # -- judging -----------------------------------------------------------------------------------------------------

    def _judge(self, post_id: str) -> None:
        state = self._state(post_id)
        if state is None or state.post is None:
            return
        quoted = [] if state.post.repost_of else self._brands_of(state.post.quote_of, state)
        if quoted != state.quoted:
            self._requote(post_id, state, quoted)
        via = self._belonging(state)
        if via != state.via:
            state.via = via
            self._touched.add(post_id)
            if via and state.waiting:
                self._replace(post_id, state, msgspec.structs.replace(state, waiting=False))
            self._wake(post_id)

    def _requote(self, post_id: str, state: State, quoted: list[str]) -> None:
        assert state.post is not None
        gone = set(state.quoted) - set(quoted) - set(state.named)
        state.quoted = quoted
        self._touched.add(post_id)
        self._threads.unseed(state.post.root, gone, state.at_ms)
        self._threads.seed(state.post.root, quoted, state.at_ms)

    def _belonging(self, state: State) -> dict[str, Via]:
        post = state.post
        assert post is not None
        if post.repost_of is not None:
            return dict.fromkeys(self._brands_of(post.repost_of, state), "repost")
        via: dict[str, Via] = {}
        if post.reply_to is not None:
            via = dict.fromkeys(
                (b for b, since in self._threads.since(post.root).items() if since <= state.at_ms), "thread"
            )
        via |= dict.fromkeys(state.quoted, "quote")
        via |= dict.fromkeys(state.named, "name")
        return dict(sorted(via.items()))

    def _brands_of(self, target: str | None, state: State) -> list[str]:
        """The brands of a quoted or reposted post, which must be older: posts that quote each other would otherwise
        hold one another up for ever."""
        if target is None or state.post is None:
            return []
        here = self._state(target)
        if here is None:
            places = self._lookup(target)
        else:
            places = {} if here.post is None else dict.fromkeys(here.via, here.at_ms)
        own = (state.at_ms, state.post.id)
        return sorted(brand for brand, at in places.items() if (at, target) < own)

    def _judge_again(self, post_ids: Iterable[str]) -> None:
        self._dirty |= dict.fromkeys(post_ids)

    def _wake(self, target: str) -> None:
        """Judge again who quotes or reposts `target`."""
        if target in self._targets:
            self._judge_again(self._overlay.members(b"q", target))

    # -- book-keeping ------------------------------------------------------------------------------------------------

    def _net(self, post_id: str) -> list[Change]:
        after = self._states[post_id]
        if after is None:
            return []  # forgotten: the ledger forgets by itself
        raw = self._before[post_id]
        before = None if raw is None else decode_state(raw)
        had = before.via if before is not None else {}
        changes = [Change(brand, post_id, None, after) for brand in had if brand not in after.via]
        for brand, via in after.via.items():
            if before is None or had.get(brand) != via or before.post != after.post or before.named != after.named:
                changes.append(Change(brand, post_id, via, after))
        return changes

    def _state(self, post_id: str) -> State | None:
        if post_id in self._states:
            return self._states[post_id]
        value = self._store.get(b"p" + post_id.encode())
        state = None if value is None else decode_state(value)
        self._states[post_id], self._before[post_id] = state, value
        return state

    def _replace(self, post_id: str, known: State | None, state: State) -> None:
        """Set a post's state, and when it is to be forgotten: soon while it waits, later once it has belonged."""
        if known is not None:
            self._overlay.delete(expiry_key(known, post_id))
            self._overlay.delete(self._text_key(known, post_id))
            self._waiting -= known.waiting
        state.expiry_ms = state.seen_ms + (self._wait_ms if state.waiting else self._keep_ms)
        self._overlay.put(expiry_key(state, post_id), b"")
        if not state.waiting and state.post is not None and state.post.text:
            self._overlay.put(self._text_key(state, post_id), b"")
        self._waiting += state.waiting
        self._states[post_id] = state
        self._touched.add(post_id)

    def _drop(self, post_id: str) -> None:
        """Forget a post. What it seeded stays: forgetting is not a retraction."""
        state = self._state(post_id)
        if state is None:
            return
        self._overlay.delete(expiry_key(state, post_id))
        self._overlay.delete(self._text_key(state, post_id))
        self._waiting -= state.waiting
        self._states[post_id] = None
        self._touched.add(post_id)
        if state.post is None:
            return
        self.erasures.remove(state.post)
        for target in targets_of(state.post):
            self._overlay.unlink(b"q", target, post_id)
        if state.post.repost_of is None:
            self._overlay.unlink(b"t", state.post.root, post_id)
            self._threads.count(state.post.root, -1)

    def _text_key(self, state: State, post_id: str) -> bytes:
        return b"y" + (state.seen_ms + self._keep_text_ms).to_bytes(8, "big") + post_id.encode()

    def _clear(self) -> None:
        self._states, self._before, self._dirty, self._touched = {}, {}, {}, set()
        self.erased, self.erasures.news = set(), {}

    def _count(self) -> None:
        self._targets = {key[1:].partition(b"\x00")[0].decode() for key, _ in self._store.scan(b"q")}
        self._stored_targets = len(self._targets)
        self._waiting = sum(1 for _ in self._store.scan(b"w"))
