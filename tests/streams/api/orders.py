"""Two workers behind `/api/forget` and the log between them, by hand: who has applied what is the test's to say."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

from aiokafka.errors import KafkaError

from config.schema import Config
from streams.api.forget import ForgetRoutes
from streams.audit import Audit
from streams.forgetting import Applied, Forgetting
from streams.outbox import Send
from streams.records import Post, parse_post
from streams.topics import Topics
from tests.streams.api.stub import NOW


class Workers:
    """Even partitions are `here`, odd ones `there`; both apply at once what they are not told to be `behind` with."""

    def __init__(self, config: Config, folder: Path, *, longest_s: float = 0.3) -> None:
        self.topics, self.audit, self._longest_s = Topics(config), Audit(folder), longest_s
        self.sent: dict[int, list[Post]] = {number: [] for number in range(self.topics.posts_partitions)}
        self.behind: set[tuple[str, int]] = set()
        self.away, self.slow = False, asyncio.Event()
        self.slow.set()
        self.retractions = 7  # offsets in each partition of `mentions`
        self.asked_with: list[str | None] = []
        self.there_answers = True

    def routes(self) -> ForgetRoutes:
        """The handlers of the worker `here`."""
        forgetting = Forgetting(
            self.topics, self.deliver, self.end, self.here, self.elsewhere, longest_s=self._longest_s
        )
        return ForgetRoutes(forgetting, self.audit, self.here, lambda: NOW)

    async def deliver(self, topic: str, sends: Sequence[Send]) -> Mapping[int, int]:
        """As `Outbox`."""
        assert topic == self.topics.posts
        if self.away:
            raise KafkaError("it went away")
        last = {}
        for partition, _, value in sends:
            await self.slow.wait()
            assert value is not None
            self.sent[partition].append(parse_post(value))
            last[partition] = len(self.sent[partition]) - 1
        return last

    async def end(self, topic: str, _partition: int) -> int:
        """As `LogReader.end`."""
        assert topic == self.topics.mentions
        return self.retractions

    def here(self) -> Applied:
        """What the even partitions have applied."""
        return self._applied(0)

    async def elsewhere(self, authorization: str | None) -> Sequence[Applied]:
        """What the odd ones have."""
        self.asked_with.append(authorization)
        return [self._applied(1)] if self.there_answers else []

    def _applied(self, parity: int) -> Applied:
        posts = {number: len(sent) - 1 for number, sent in self.sent.items()}
        mentions = dict.fromkeys(range(self.topics.brand_partitions), self.retractions - 1)
        return {
            topic: {n: at - ((topic, n) in self.behind) for n, at in ends.items() if n % 2 == parity}
            for topic, ends in ((self.topics.posts, posts), (self.topics.mentions, mentions))
        }
