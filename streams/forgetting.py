"""An author is forgotten: the erasure goes into every partition of `posts`, and then one sees to it that it arrives.

Done is when every partition of `posts` has applied it and every partition of `mentions` all retractions that came of
it: then no view, list or answer of any worker holds a post of the author.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence

from streams.outbox import Send
from streams.placing import placed
from streams.records import Post, encode
from streams.topics import Topics

LONGEST_S = 55.0  # people wait for the answer; what has not arrived by then arrives later
LOOK_S = 0.1

Applied = Mapping[str, Mapping[int, int]]
"""Topic -> partition -> the last offset that was applied."""
Deliver = Callable[[str, Sequence[Send]], Awaitable[Mapping[int, int]]]
"""Sends in order; the last offset by partition once Kafka has all. Raises `KafkaError`."""
End = Callable[[str, int], Awaitable[int]]
"""The offset that the next record of a partition will get. Raises `KafkaError`."""


class Forgetting:
    """`here` is what this worker has applied, `elsewhere` what the others have that answer, given the asker's token."""

    def __init__(
        self,
        topics: Topics,
        deliver: Deliver,
        end: End,
        here: Callable[[], Applied],
        elsewhere: Callable[[str | None], Awaitable[Sequence[Applied]]],
        *,
        longest_s: float = LONGEST_S,
    ) -> None:
        self._topics, self._deliver, self._end = topics, deliver, end
        self._here, self._elsewhere, self._longest_s = here, elsewhere, longest_s

    @property
    def partitions(self) -> int:
        """How many there are in all."""
        return self._topics.posts_partitions + self._topics.brand_partitions

    async def order(self, erasure: Post) -> Mapping[int, int]:
        """Put an erasure into every partition of `posts`; where it stands. Raises `KafkaError`: perhaps in some."""
        sends = placed(erasure, encode(erasure), self._topics.posts_partitions)
        return await self._deliver(self._topics.posts, sends)

    async def to_go(self, ordered: Mapping[int, int], authorization: str | None) -> int:
        """Wait, not for ever, until it has arrived; in how many partitions it has not. Raises `KafkaError`."""
        deadline = time.monotonic() + self._longest_s
        left = await self._missing(self._topics.posts, ordered, authorization, deadline)
        if left:
            return left + self._topics.brand_partitions
        brands = range(self._topics.brand_partitions)
        ends = await asyncio.gather(*(self._end(self._topics.mentions, number) for number in brands))
        retracted = {number: end - 1 for number, end in zip(brands, ends, strict=True)}
        return await self._missing(self._topics.mentions, retracted, authorization, deadline)

    async def _missing(self, topic: str, wanted: Mapping[int, int], authorization: str | None, deadline: float) -> int:
        left, asked_at = dict(wanted), float("-inf")
        while True:
            found = [self._here()]
            if not _missing_of(left, topic, found):
                return 0
            if time.monotonic() - asked_at > 10 * LOOK_S:  # to ask the others costs more than to look here
                found += await self._elsewhere(authorization)
                asked_at = time.monotonic()
            left = _missing_of(left, topic, found)
            if not left or time.monotonic() > deadline:
                return len(left)
            await asyncio.sleep(LOOK_S)


def _missing_of(wanted: Mapping[int, int], topic: str, found: Sequence[Applied]) -> dict[int, int]:
    reached = [applied.get(topic, {}) for applied in found]
    return {
        number: offset
        for number, offset in wanted.items()
        if not any(number in held and held[number] >= offset for held in reached)
    }
