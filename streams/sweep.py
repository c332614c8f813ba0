"""Takes the posts of erased authors out of the log, those about no brand too, which the match stage does not know.

Every few hours each partition of `posts` held here is read once from its oldest record to its end, if authors have been
erased since the last time, and what they cover gets a tombstone. Whatever comes later the match stage sees to. How far
a sweep has come is a record of `erasures` under a key that no author has, so it moves with the partition.

A tombstone too many changes nothing, so a crash, or a partition that moves meanwhile, needs no care.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Final

import msgspec
from aiokafka.errors import KafkaError

from streams.erasures import Erasure, parse_erasure
from streams.log import LogReader, Record
from streams.outbox import Outbox
from streams.records import encode, to_ms
from streams.topics import Topics

log = logging.getLogger(__name__)

EVERY_S: Final = 6 * 3_600.0
"""With this, an hour until a segment is rolled and half a day until it is compacted, a text is gone within a day."""
FIRST_S: Final = 60.0
REST: Final = 1.0
"""After each batch it rests as long as the batch took, times this: the numbers come first."""
SWEPT: Final = b"\x00swept"


class _Writer(msgspec.Struct):
    id: str


class _Written(msgspec.Struct):
    """What of a post says whether it is covered."""

    author: _Writer | None = None
    created_at: datetime | None = None
    op: str = "create"


_decoder = msgspec.json.Decoder(_Written)


class Sweep:
    """The sweeping of one worker. `held` names its partitions of `posts`."""

    def __init__(self, topics: Topics, reader: LogReader, outbox: Outbox, held: Callable[[], Collection[int]]) -> None:
        self._topics, self._reader, self._outbox, self._held = topics, reader, outbox, held

    async def run(self) -> None:
        """Sweep every few hours until cancelled."""
        await asyncio.sleep(FIRST_S)
        while True:
            for partition in sorted(self._held()):
                try:
                    await self.partition(partition)
                except KafkaError as error:
                    log.warning("could not sweep %s/%d: %r; the next turn will", self._topics.posts, partition, error)
            await asyncio.sleep(EVERY_S)

    async def partition(self, number: int) -> int:
        """Sweep one partition; returns how many records got a tombstone. Raises `KafkaError`."""
        erased, swept_ms = await self._erased(number)
        newest_ms = max((erasure.seen_ms for erasure in erased.values()), default=swept_ms)
        if newest_ms <= swept_ms:
            return 0
        end, gone = await self._reader.end(self._topics.posts, number), 0
        async for records in self._reader.read(self._topics.posts, number, 0, end):
            began = asyncio.get_running_loop().time()
            keys = covered(records, erased)
            await self._outbox.deliver(self._topics.posts, [(number, key, None) for key in keys])
            gone += len(keys)
            await asyncio.sleep(REST * (asyncio.get_running_loop().time() - began))
        await self._outbox.deliver(self._topics.erasures, [(number, SWEPT, encode(Erasure(newest_ms)))])
        log.info("%s/%d: %d records of erased authors taken out", self._topics.posts, number, gone)
        return gone

    async def _erased(self, number: int) -> tuple[dict[str, Erasure], int]:
        """Who is erased, by author id, and the newest erasure (ms) that the last sweep knew."""
        known: dict[bytes, Erasure] = {}
        end = await self._reader.end(self._topics.erasures, number)
        async for records in self._reader.read(self._topics.erasures, number, 0, end):
            for record in records:
                if record.value is None:
                    known.pop(record.key or b"", None)
                elif record.key is not None:
                    known[record.key] = parse_erasure(record.value)
        swept = known.pop(SWEPT, None)
        return {key.decode(): erasure for key, erasure in known.items()}, swept.seen_ms if swept else -1


def covered(records: Sequence[Record], erased: Mapping[str, Erasure]) -> list[bytes]:
    """The keys of the posts among `records` that an erasure covers, each once."""
    return list(
        dict.fromkeys(record.key for record in records if record.key is not None and _is_covered(record, erased))
    )


def _is_covered(record: Record, erased: Mapping[str, Erasure]) -> bool:
    if record.value is None:
        return False
    try:
        post = _decoder.decode(record.value)
    except msgspec.DecodeError:
        return False  # no post: the match stage has made it a dead letter
    if post.author is None or post.created_at is None or post.op == "delete":
        return False
    erasure = erased.get(post.author.id)
    return erasure is not None and erasure.covers(to_ms(post.created_at))
