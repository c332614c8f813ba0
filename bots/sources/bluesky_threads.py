"""Threads that began before we listened: fetched once each, when somebody names a brand in them.

Jetstream tells everything from the first start on. When an answer names a brand, the thread it stands in counts for the
brand, and what was said in it before the first start (or in a gap) would be missing from the numbers. The names of
records (TIDs) tell their time, so it is known which threads these are without remembering any. The public API gives a
thread as a whole; only posts that Jetstream never told are taken from it, in the very form that Jetstream has for them.

Sources: lexicons/app/bsky/feed/getPostThread.json, atproto.com/specs/tid.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from hashlib import blake2b
from http import HTTPStatus
from typing import Any, Final

import msgspec

from bots.http import Http, HttpError
from bots.sources.base import Bad, Batch
from bots.sources.bluesky_posts import PLATFORM, Handles, post_of
from bots.sources.jetstream import Commit, Event, Record, microseconds
from streams.records import BadPost, Post
from streams.terms import Terms

log = logging.getLogger(__name__)

MOST_WAITING: Final = 200  # threads; beyond, an answer's thread is not fetched until another one asks for it
MOST_BYTES: Final = 8 * 1024 * 1024
DEPTH: Final = 100  # of answers to answers
MOST_DONE: Final = 500  # threads whose roots are remembered; one that is forgotten may be fetched once more
TRIES: Final = 30
MOST_PAUSES: Final = 60  # between two tries: half an hour without the API costs no thread
_TID = "234567abcdefghijklmnopqrstuvwxyz"
_TID_LENGTH = 13
_NOT_THERE = {HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND}


class Mark(msgspec.Struct):
    """A part of the resume point: everything since then (unix µs) was told; roots of threads still to be fetched, and
    of those that have been (digests, the newest last).
    """

    since: int = 0
    waiting: tuple[str, ...] = ()
    done: tuple[str, ...] = ()


class Account(msgspec.Struct):
    """Who wrote it."""

    did: str
    handle: str | None = None


class View(msgspec.Struct):
    """A post as the API shows it; `record` is what its author wrote, as in Jetstream."""

    uri: str
    author: Account
    record: Record


class Backfill:
    """Fetches threads in the background, one at a time: `join` looks at what comes and adds what was found.

    `waiting` belongs into the resume point; a thread leaves it when its posts have been taken.
    """

    def __init__(self, http: Http, url: str, pause_s: float, terms: Terms, handles: Handles) -> None:
        self._http, self._url, self._pause_s = http, url.rstrip("/"), pause_s
        self._terms, self._handles = terms, handles
        self._done: dict[str, None] = {}
        self._tries: dict[str, int] = {}
        self._found: list[tuple[str, list[Post], list[Bad]]] = []
        self._more = asyncio.Event()
        self.on_found: Callable[[], None] = lambda: None
        """Called when there is something to take."""
        self.waiting: dict[str, None] = {}
        self.since = 0
        """Jetstream has told everything from here on (unix µs)."""

    def resume(self, cursor: Any, since: int) -> None:
        """Go on where a resume point stands; one that knows nothing of threads has told everything `since` then."""
        mark = msgspec.convert(cursor or {}, Mark)
        self.since = mark.since or since
        self.waiting, self._done = dict.fromkeys(mark.waiting), dict.fromkeys(mark.done)
        self._more.set()

    def _notice(self, posts: Sequence[Post]) -> None:
        """See whether some of them name a brand in a thread that began too early."""
        for post in posts:
            root = post.thread
            if post.reply_to is None or post.op != "create" or root is None or root in self.waiting:
                continue
            if self._heard(root) or _digest(root) in self._done or len(self.waiting) >= MOST_WAITING:
                continue
            if self._terms.find(post):
                self.waiting[root] = None
                self._more.set()

    def join(self, batch: Batch) -> Batch:
        """A batch of the stream with what was found since the last one, and with what still waits in its cursor."""
        if batch.gap is not None:
            self.since = microseconds(batch.gap.end)
        self._notice(batch.posts)
        posts, bad = self._take()
        cursor = batch.cursor
        if cursor is not None:
            cursor = {**cursor, "since": self.since, "waiting": list(self.waiting), "done": list(self._done)}
        return Batch([*batch.posts, *posts], cursor, [*batch.bad, *bad], batch.gap)

    def _take(self) -> tuple[list[Post], list[Bad]]:
        """What was found since the last time."""
        found, self._found = self._found, []
        for root, _, _ in found:
            self.waiting.pop(root, None)
            self._done[_digest(root)] = None
            if len(self._done) > MOST_DONE:
                del self._done[next(iter(self._done))]
        return [post for _, posts, _ in found for post in posts], [one for _, _, bad in found for one in bad]

    async def run(self) -> None:
        """Fetch what waits, for ever; a thread that cannot be fetched is left after a few tries."""
        while True:
            fetched = {root for root, _, _ in self._found}
            root = next((root for root in self.waiting if root not in fetched), None)
            if root is None:
                self._more.clear()
                await self._more.wait()
                continue
            try:
                posts, bad = await self._fetch(root)
                self._found.append((root, posts, bad))  # only now: what was found before may have been taken meanwhile
                self.on_found()
            except HttpError as error:
                await self._failed(root, error)
            await asyncio.sleep(self._pause_s)

    async def _fetch(self, root: str) -> tuple[list[Post], list[Bad]]:
        asked = {"uri": root.removeprefix(f"{PLATFORM}:"), "depth": str(DEPTH), "parentHeight": "0"}
        url = f"{self._url}/xrpc/app.bsky.feed.getPostThread"
        try:
            found = await self._http.get_json(url, params=asked, most=MOST_BYTES)
        except RecursionError as error:
            raise HttpError(f"{url} sends a thread that is nested too deeply", HTTPStatus.NOT_FOUND) from error
        posts: list[Post] = []
        bad: list[Bad] = []
        for shown in _shown(found):
            try:
                post = self._post(shown)
            except (msgspec.ValidationError, BadPost) as error:
                bad.append(Bad(msgspec.json.encode(shown), str(error), root))
                continue
            if post is not None and not self._heard(post.id):
                posts.append(post)
        return posts, bad

    def _post(self, shown: Any) -> Post | None:
        view = msgspec.convert(shown, View)
        did, collection, rkey = _parts(view.uri)
        self._handles.learn(did, view.author.handle)
        commit = Commit("create", collection, rkey, view.record)
        return post_of(Event(did, 0, commit=commit), commit, self._handles)

    async def _failed(self, root: str, error: HttpError) -> None:
        tries = self._tries[root] = self._tries.get(root, 0) + 1
        if error.status not in _NOT_THERE and tries < TRIES:
            self.waiting[root] = self.waiting.pop(root)  # the others first
            await asyncio.sleep(max(error.after or 0.0, min(10 * 2**tries, MOST_PAUSES) * self._pause_s))
            return
        log.info("bluesky: the thread %s is not fetched: %s", root, error)
        del self._tries[root]
        self._found.append((root, [], []))
        self.on_found()

    def _heard(self, post_id: str) -> bool:
        """Whether Jetstream has told a post; of a name that tells no time nobody knows."""
        at = time_of(post_id.rpartition("/")[2])
        return at is not None and at >= self.since


def _digest(root: str) -> str:
    return blake2b(root.encode(), digest_size=8).hexdigest()


def time_of(rkey: str) -> int | None:
    """Unix microseconds that a record's name tells; None for one that is no TID."""
    if len(rkey) != _TID_LENGTH or any(letter not in _TID for letter in rkey):
        return None
    number = 0
    for letter in rkey:
        number = number * 32 + _TID.index(letter)
    return number >> 10  # the last bits are the clock's


def _shown(found: Any) -> Iterator[Any]:
    """The posts of a thread, each before its answers; what is blocked or gone is left out."""
    left = [found.get("thread")] if isinstance(found, dict) else []
    while left:
        node = left.pop()
        if not isinstance(node, dict) or "post" not in node:
            continue
        yield node["post"]
        replies = node.get("replies")
        left += reversed(replies) if isinstance(replies, list) else []


def _parts(uri: str) -> tuple[str, str, str]:
    parts = uri.removeprefix("at://").split("/")
    if not uri.startswith("at://did:") or len(parts) != 3:
        raise BadPost(f"not the address of a record: {uri[:80]!r}")
    return parts[0], parts[1], parts[2]
