"""From lines of X's stream and pages of its answers to batches."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from bots.sources.base import Bad, Batch, Gap
from bots.sources.x_api import MOST_IDS, Message, Page, XApi
from bots.sources.x_forms import Answer
from bots.sources.x_memory import Hole, Memory, Place, moment
from bots.sources.x_options import WEEK
from bots.sources.x_posts import PLATFORM, Names, Read, number_at, read_answer
from bots.sources.x_problems import Refused
from bots.sources.x_rules import ours
from streams.records import Post

SEARCHABLE_S = WEEK.total_seconds() - 600.0
# Beside `resource-not-found`: the account is protected or suspended, so the post is no longer public.
_NOT_THERE = frozenset({"resource-not-found", "not-authorized-for-resource"})
_message = msgspec.json.Decoder(Message)


class Reader:
    """Works on one resume point."""

    def __init__(self, api: XApi, memory: Memory, queries: Sequence[str], now: Callable[[], float]) -> None:
        self._api, self.memory, self.queries, self._now = api, memory, queries, now
        self._names = Names()
        self.rules: frozenset[str] = frozenset()
        self.ended = ""
        """What X said when it ended the stream."""

    @property
    def place(self) -> Place:
        """The resume point."""
        return self.memory.place

    def lines(self, lines: Sequence[bytes], heard: float) -> Batch:
        """What the stream had brought by the time `heard` (Unix); blank lines are signs of life."""
        posts: list[Post] = []
        bad: list[Bad] = []
        for line in filter(None, lines):
            try:
                message = _message.decode(line)
            except (ValueError, RecursionError) as error:
                bad.append(Bad(line, str(error)))
                continue
            self.ended = message.trouble or self.ended
            if message.data is not None:
                answer = Answer([message.data], message.includes)
                self._take(answer, posts, bad, wanted=ours(message.matching_rules, self.rules))
        self.place.at = max(self.place.at, heard)
        return self.batch(posts, bad)

    async def fill(self, hole: Hole, most: int) -> Batch:
        """Search a page of what was missed. Raises `HttpError`; what X refuses is a gap."""
        gap = self.too_old(hole)
        if hole not in self.place.holes:
            return self.batch(gap=gap)
        query = self.queries[hole.query]
        try:
            since, until = number_at(hole.start), number_at(hole.end)
            page = await self._api.search(query, since, until, hole.page, most)
        except Refused as error:
            self.place.holes.remove(hole)
            return self.batch(gap=Gap(moment(hole.start), moment(hole.end), f"X does not search for it: {error}"))
        posts: list[Post] = []
        bad: list[Bad] = []
        self._take(page.answer, posts, bad)
        hole.page = page.next
        if not page.next:
            hole.query += 1
        if hole.query >= len(self.queries):
            self.place.holes.remove(hole)
        return self.batch(posts, bad, gap)

    def too_old(self, hole: Hole) -> Gap | None:
        """What of a hole lies before all that X can be searched for; it is cut off."""
        oldest = self._now() - SEARCHABLE_S
        if hole.begun or hole.start >= oldest:
            return None
        start, hole.start = hole.start, min(hole.end, oldest)
        if hole.start >= hole.end:
            self.place.holes.remove(hole)
        return Gap(moment(start), moment(hole.start), "X can be searched for seven days only")

    async def look_again(self, most: int) -> Batch:
        """Ask for posts that are due for another look: edits, and deletions. Raises `HttpError`."""
        due, before = self.memory.due(self._now(), min(MOST_IDS, most)), self.place.reads
        page = await self._api.posts(list(due))
        posts: list[Post] = []
        bad: list[Bad] = []
        newer = self._take(page.answer, posts, bad)
        if newer:
            self._take((await self._api.posts(newer[:MOST_IDS])).answer, posts, bad)
        self.place.again += max(0, self.place.reads - before)
        for first in _missing(page, due):
            if self.memory.gone(first):
                posts.append(Post(id=f"{PLATFORM}:{first}", op="delete", platform=PLATFORM))
        for first in due.values():
            self.memory.looked(first)
        return self.batch(posts, bad)

    def batch(self, posts: Sequence[Post] = (), bad: Sequence[Bad] = (), gap: Gap | None = None) -> Batch:
        """A batch that goes on here."""
        return Batch(posts, msgspec.to_builtins(self.place), bad, gap)

    def _take(self, answer: Answer, posts: list[Post], bad: list[Bad], *, wanted: bool = True) -> list[str]:
        """Tell what is new; returns the ids of versions newer than those that were read."""
        found, unreadable = read_answer(answer, self._names)
        now = self._now()
        bad += unreadable
        for read in found:
            self.memory.pay(read, now)
            op = self.memory.news(read, now) if wanted else None
            if op:
                posts.append(msgspec.structs.replace(read.post, op=op))
        return [str(read.latest) for read in found if read.latest > read.version and self._unknown(read)]

    def _unknown(self, read: Read) -> bool:
        known = self.place.seen.get(read.first)
        return known is not None and known.newest < read.latest


def _missing(page: Page, due: dict[str, str]) -> list[str]:
    """The posts of which X says that they are not there, or not for everyone."""
    return [due[p.resource_id] for p in page.problems if p.kind in _NOT_THERE and p.resource_id in due]
