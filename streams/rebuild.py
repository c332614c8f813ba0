"""How the match stage begins on a machine without state for a partition: a new worker, or one whose disk was lost.

Which authors are erased is in the topic `erasures`, partition by partition. What belongs already is in the ledger
topic, deletions included. What may still be waiting is in the youngest part of the posts. So: read the erasures, the
ledger, then the posts again from `match.wait` ago, or from the committed offset if it is older.

An entry holds what the classifier said toward its brand. Of other brands that its post names, it is asked again.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable

from config.schema import Config
from streams.log import LogReader
from streams.match import Matcher
from streams.topics import Topics

log = logging.getLogger(__name__)


def rebuilder(
    config: Config, reader: LogReader, group: str, ledger_first: Callable[[], Awaitable[None]]
) -> Callable[[Matcher], Awaitable[int]]:
    """The function that recovers a matcher; it returns the applied offset to go on from. It lets the ledger recover
    first: people wait for answers, while posts can wait in the log."""
    topics = Topics(config)

    async def rebuild(matcher: Matcher) -> int:
        await ledger_first()
        end = await reader.end(topics.erasures, matcher.partition)
        async for records in reader.read(topics.erasures, matcher.partition, 0, end):
            matcher.restore_erasures(records)
        restored = 0
        for partition in range(topics.brand_partitions):
            end = await reader.end(topics.ledger, partition)
            async for records in reader.read(topics.ledger, partition, 0, end):
                await matcher.restore(records)
                restored += len(records)
        first = await _first_offset(matcher.partition)
        log.info(
            "posts/%d: no state here; read %d ledger records, going on from %d", matcher.partition, restored, first
        )
        return first - 1

    async def _first_offset(partition: int) -> int:
        committed = await reader.committed(group, topics.posts, partition)
        if committed is None:
            return 0
        since_ms = round((time.time() - config.match.wait.total_seconds()) * 1_000)
        young = await reader.at_time(topics.posts, partition, since_ms)
        return committed if young is None else min(committed, young)

    return rebuild
