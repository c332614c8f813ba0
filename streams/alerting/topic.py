"""Alerts on their topic: writing them, and a tail that knows the newest of each."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta

import msgspec
from aiokafka import AIOKafkaProducer, ConsumerRecord

from config.schema import Config
from streams.records import Alert, encode
from streams.tail import Tail
from streams.topics import Topics, partition_of

log = logging.getLogger(__name__)
LATELY = timedelta(days=7)
"""How long a resolved alert is shown."""

_decoder = msgspec.json.Decoder(Alert)


def parse_alert(value: bytes) -> Alert:
    """A value of `alerts`. Raises `msgspec.DecodeError`."""
    return _decoder.decode(value)


class AlertTopic:
    """Writes to the topic `alerts`; the producer is the caller's to start and stop."""

    def __init__(self, producer: AIOKafkaProducer, config: Config) -> None:
        self._producer, self._topics = producer, Topics(config)

    async def publish(self, alert: Alert) -> None:
        """Returns once Kafka holds the alert. Raises `KafkaError`."""
        partition = partition_of(alert.brand, self._topics.brand_partitions)
        key = alert.fingerprint.encode()
        await self._producer.send_and_wait(self._topics.alerts, encode(alert), key, partition=partition)


class TailAlerts:
    """The newest alert of every fingerprint, wherever it was raised. Life cycle: `run` until cancelled.

    `changed` is told the fingerprints of the alerts that began, ended, read otherwise, or left the topic.
    """

    def __init__(
        self, bootstrap: str, config: Config, changed: Callable[[Collection[str]], None] = lambda _: None
    ) -> None:
        self._newest: dict[str, Alert] = {}
        self._changed = changed
        self._tail = Tail(bootstrap, config.kafka, Topics(config).alerts, self._keep)

    async def run(self) -> None:
        """Follow the topic until cancelled."""
        await self._tail.run()

    async def ready(self) -> None:
        """Returns once everything that stood in the topic at the start is known."""
        await self._tail.caught_up.wait()

    def get(self, fingerprint: str) -> Alert | None:
        """The newest alert with this fingerprint."""
        return self._newest.get(fingerprint)

    def all(self) -> Collection[Alert]:
        """The newest alert of every fingerprint."""
        return list(self._newest.values())

    def recent(self, now: datetime) -> list[Alert]:
        """Alerts that fire, and those that resolved within `LATELY`; the newest first."""
        shown = [alert for alert in self._newest.values() if alert.state == "firing" or alert.at > now - LATELY]
        return sorted(shown, key=lambda alert: alert.at, reverse=True)

    async def _keep(self, records: Sequence[ConsumerRecord]) -> None:
        fingerprints: set[str] = set()
        for record in records:
            alert = readable(record)
            if alert is not None:
                self._newest[alert.fingerprint] = alert
                fingerprints.add(alert.fingerprint)
            elif record.value is None and record.key is not None:
                gone = record.key.decode(errors="replace")
                self._newest.pop(gone, None)
                fingerprints.add(gone)
        self._changed(fingerprints)


def readable(record: ConsumerRecord) -> Alert | None:
    """The alert of a record; None for a tombstone, and, said aloud, for what some other program wrote there."""
    if record.value is None:
        return None
    try:
        return parse_alert(record.value)
    except msgspec.DecodeError as error:
        log.error("%s/%d at %d holds no alert: %s", record.topic, record.partition, record.offset, error)
        return None
