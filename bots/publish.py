"""Posts to Kafka: the right partition, the right key, acknowledged in order, with a bounded amount on the way.

Each partition has a lane that keeps its records until Kafka has acknowledged them. While Kafka is away nothing is
dropped: the lanes keep trying, `publish` waits once `MOST_PENDING` bytes are on the way, so the collectors slow down.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from random import Random
from typing import NoReturn

from bots.lane import Ack, Lane, Record, size_of
from bots.line import Line
from config.schema import Config
from streams.outbox import Send
from streams.placing import placed
from streams.records import DeadLetter, Post, encode
from streams.tasks import Tasks
from streams.topics import MAX_MESSAGE, Topics

log = logging.getLogger(__name__)

MOST_PENDING = 16 * 1024 * 1024  # bytes on the way to Kafka
MOST_RECORD = MAX_MESSAGE - 64 * 1024  # room for the batch's own overhead
MOST_DEAD = 64 * 1024  # bytes of a dead letter that are kept


class Publisher:
    """The way to the topics that collectors write. Life cycle: `start`, `publish` …, `flush`, `stop`."""

    def __init__(
        self,
        bootstrap: str,
        config: Config,
        *,
        random: Random | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        most_pending: int = MOST_PENDING,
    ) -> None:
        self.topics = Topics(config)
        self._now, self._most_pending = now, most_pending
        self._random = random or Random()
        self._line = Line(bootstrap, config.kafka, self._random)
        self._tasks = Tasks(on_death=self._died)
        self._pending = 0
        self._room = asyncio.Event()
        self._room.set()
        self.refuses: Callable[[Post], bool] = lambda _post: False
        """Posts that are not to be in the log at all."""
        self._error: BaseException | None = None
        self._failed = asyncio.Event()
        self._posts = [self._lane(self.topics.posts, number) for number in range(self.topics.posts_partitions)]
        self._dead = self._lane(self.topics.dead_letters, 0)
        self._cursors = self._lane(self.topics.cursors, 0)

    @property
    def pending(self) -> int:
        """Bytes handed over and not yet acknowledged."""
        return self._pending

    async def start(self) -> None:
        """Connect and check the topic; waits for as long as Kafka is away. Raises `ValueError` for wrong partitions."""
        producer = await self._line.producer()
        found = len(await producer.partitions_for(self.topics.posts))
        if found != len(self._posts):
            raise ValueError(
                f"topic {self.topics.posts} has {found} partitions, kafka.posts_partitions is {len(self._posts)}"
            )
        for lane in (*self._posts, self._dead, self._cursors):
            self._tasks.start(lane.run(), f"lane {lane.topic}/{lane.partition}")

    async def publish(self, posts: Sequence[Post], source: str = "") -> asyncio.Future[None]:
        """Queue posts, waiting while there is no room; the future resolves when Kafka has acknowledged them all.

        A post that no Kafka message can hold becomes a dead letter of `source`.
        """
        await self._wait_for_room()
        ack, lanes = Ack(), set[Lane]()
        for post in posts:
            if self.refuses(post):
                continue
            try:
                value = encode(post)
                sends = placed(post, value, len(self._posts))
                if len(value) > MOST_RECORD:
                    raise ValueError(
                        f"the post takes {len(value)} bytes, more than a Kafka message of {MOST_RECORD} holds"
                    )
            except ValueError as error:  # lone surrogates in a name or link are a UnicodeEncodeError
                lanes.add(self._put_dead(source, str(error), repr(post)[:MOST_DEAD].encode(errors="replace"), post.id))
                continue
            lanes.update(self._put_post(sends))
        return self._close(ack, lanes)

    async def dead_letter(self, source: str, reason: str, record: bytes, offset: str = "") -> asyncio.Future[None]:
        """Queue a record that could not be used; the future resolves when Kafka has acknowledged it."""
        await self._wait_for_room()
        return self._close(Ack(), {self._put_dead(source, reason, record, offset)})

    def put_cursor(self, key: str, value: bytes) -> asyncio.Future[None]:
        """Queue the resume point of a collector; small and rare, so it never waits for room."""
        self._put(self._cursors, key.encode(), value)
        return self._close(Ack(), {self._cursors})

    async def stop(self) -> None:
        """Close; what is not acknowledged is given up (the saved cursors stand before it)."""
        await self._tasks.stop()
        await self._line.close()

    def _put_post(self, sends: Sequence[Send]) -> set[Lane]:
        lanes = set()
        for partition, key, value in sends:
            lane = self._posts[partition]
            self._put(lane, key, value)
            lanes.add(lane)
        return lanes

    def _put_dead(self, source: str, reason: str, record: bytes, offset: str) -> Lane:
        letter = DeadLetter(
            source=source, reason=_sound(reason), at=self._now(), record=record[:MOST_DEAD], offset=_sound(offset)
        )
        self._put(self._dead, source.encode(), encode(letter))
        return self._dead

    def _put(self, lane: Lane, key: bytes, value: bytes | None) -> None:
        lane.put(key, value)
        self._pending += size_of((key, value))

    def _close(self, ack: Ack, lanes: set[Lane]) -> asyncio.Future[None]:
        for lane in lanes:
            lane.close_with(ack)
        if not lanes:
            ack.future.set_result(None)
        if self._pending >= self._most_pending:
            self._room.clear()
        return ack.future

    async def _wait_for_room(self) -> None:
        if not self._room.is_set():
            await self._room.wait()
        if self._error is not None:
            raise RuntimeError("a lane to Kafka has died") from self._error

    async def failure(self) -> NoReturn:
        """Waits, usually for ever. Raises when a lane has died of our own mistake: only a new process helps then."""
        await self._failed.wait()
        raise RuntimeError("a lane to Kafka has died") from self._error

    def _sent(self, size: int) -> None:
        self._pending -= size
        if self._pending < self._most_pending // 2:
            self._room.set()

    def _lane(self, topic: str, partition: int) -> Lane:
        lane = Lane(topic, partition, self._line, self._random, self._sent)
        lane.refused = self._refused
        return lane

    def _refused(self, record: Record, reason: str) -> None:
        log.error("%s (key %r)", reason, record[0][:200])
        if len(record[1] or b"") > MOST_DEAD:  # cut to its form, a dead letter is never too large itself
            self._close(Ack(), {self._put_dead("kafka", reason, record[1] or b"", record[0].decode())})

    def _died(self, error: BaseException) -> None:
        self._error = error
        self._failed.set()
        self._room.set()


def _sound(text: str) -> str:
    """The text without lone surrogates, and short enough to read."""
    return text[:2_000].encode(errors="replace").decode()
