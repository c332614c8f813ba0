"""Resume points and states of the collectors, in the compacted topic `cursors`: one record each, the newest counts."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

import msgspec
from aiokafka import ConsumerRecord

from config.schema import Config
from streams.records import SourceStatus, parse_status
from streams.tail import Tail
from streams.tasks import Tasks
from streams.topics import Topics

log = logging.getLogger(__name__)


async def load_statuses(bootstrap: str, config: Config) -> dict[str, SourceStatus]:
    """The newest status of every collector, by its key: reads the topic to its end."""
    found: dict[str, SourceStatus] = {}

    async def keep(records: Sequence[ConsumerRecord]) -> None:
        for record in records:
            _keep(found, record)

    tail = Tail(bootstrap, config.kafka, Topics(config).cursors, keep)
    tasks = Tasks()
    reading = tasks.start(tail.run(), "read the cursors")
    caught_up = tasks.start(tail.caught_up.wait(), "wait for the cursors' end")
    try:
        await asyncio.wait({caught_up, reading}, return_when=asyncio.FIRST_COMPLETED)
        if reading.done():
            reading.result()
    finally:
        await tasks.stop()
    return found


def _keep(found: dict[str, SourceStatus], record: ConsumerRecord) -> None:
    key = record.key.decode()
    if record.value is None:
        found.pop(key, None)
        return
    try:
        found[key] = parse_status(record.value)
    except msgspec.DecodeError as error:  # written by another version: better to start again than not at all
        log.error("the saved cursor of %s cannot be read, starting without it: %s", key, error)
        found.pop(key, None)
