"""Faust's consumer, with one message for all that a fetch brought of a partition.

Faust hands over one record at a time: it starts two tasks for each and waits for them, so that a record takes two turns
of the event loop and 120 µs of a core at the least (docs/decisions/0017). Where the loop has other work too, it is the
turns that run out. A portion passes through the same code once for up to `broker_max_poll_records` records.

aiokafka has one question under way to each broker. While records of some partitions wait to be taken it asks for the
others alone, and where these are quiet the broker answers when its wait is over: until then nothing else comes either.
So that wait is short.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from aiokafka import AIOKafkaConsumer
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from faust.types.transports import SchedulingStrategyT
from faust.types.tuples import ConsumerMessage

from streams.log import Record

_LOG: Final = logging.getLogger("faust.portions")  # what Faust says at INFO is for those who ask Faust
FETCH_MS: Final = 100  # for which the broker holds a question back while there is nothing new


class Whole(SchedulingStrategyT):
    """Partition after partition, each with all of its records."""

    def __init__(self) -> None:
        """Without settings."""

    def iterate(self, records: Mapping[TP, list[Any]]) -> Iterator[tuple[TP, Any]]:
        """What was fetched, as it lies there; never an empty portion."""
        return ((partition, found) for partition, found in records.items() if found)


class QuickThread(driver.AIOKafkaConsumerThread):
    """Asks the broker anew every tenth of a second."""

    logger = _LOG

    def _create_worker_consumer(self, transport: driver.Transport) -> AIOKafkaConsumer:
        made = super()._create_worker_consumer(transport)
        made._fetch_max_wait_ms = FETCH_MS  # Faust says 1,500, and has no setting for it
        return made


class PortionConsumer(driver.Consumer):
    """One message stands for a portion: its value are the records, and its offset is that of the last."""

    logger = _LOG

    def _new_consumer_thread(self) -> driver.AIOKafkaConsumerThread:
        return QuickThread(self, loop=self.loop, beacon=self.beacon)

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Nothing: what lies between two portions' offsets was in the later portion, or is in no log."""

    def _new_offset(self, tp: TP) -> int | None:
        """What to commit: a stage acknowledges in order, and a portion once all of it is applied. Faust would look for
        consecutive offsets, of which a portion has one."""
        acked = self._acked[tp]
        if not acked:
            return None
        last: int = max(acked)
        acked.clear()
        self._acked_index[tp].clear()
        return last + 1

    def _to_message(self, tp: TP, record: Sequence[Any]) -> ConsumerMessage:
        last = record[-1]
        records = [Record(each.offset, each.key, each.value, each.timestamp) for each in record]
        return ConsumerMessage(
            topic=tp.topic,
            partition=tp.partition,
            offset=last.offset,
            timestamp=last.timestamp / 1_000,
            timestamp_type=last.timestamp_type,
            headers=None,
            key=None,
            value=records,  # type: ignore[arg-type] # the raw codec passes on whatever it is given
            checksum=None,
            tp=tp,
            generation_id=self.app.consumer_generation_id,
        )


class PortionTransport(driver.Transport):
    """Faust's transport over aiokafka, with this consumer."""

    Consumer = PortionConsumer
