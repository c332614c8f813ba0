"""What the collectors last said of themselves, for `/api/sources` and `/metrics`: the newest record of each."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import msgspec
from aiokafka import ConsumerRecord

from streams.records import SourceStatus, parse_status

log = logging.getLogger(__name__)


class SourcesTail:
    """Handler of a `Tail` over the topic `cursors`."""

    def __init__(self) -> None:
        self._statuses: dict[bytes, SourceStatus] = {}

    async def apply(self, records: Sequence[ConsumerRecord]) -> None:
        """Take in records; one that cannot be read is logged and leaves the one before it."""
        for record in records:
            if record.value is None:
                self._statuses.pop(record.key, None)
                continue
            try:
                self._statuses[record.key] = parse_status(record.value)
            except msgspec.DecodeError as error:
                log.error("the status of %r cannot be read: %s", record.key, error)

    def statuses(self) -> Sequence[SourceStatus]:
        """The newest status of every collector, by name."""
        return sorted(self._statuses.values(), key=lambda status: status.name)
