"""Silences: who asked not to be told of which alerts, until when. They stand in their own topic, known to everybody.

A silence has matchers and an end. An acknowledgement ("I know, I am on it") is a silence of one alert's episode: it has
the alert's fingerprint and start instead, no end, and holds while that episode fires. The rules go on being looked at,
and what is silenced is shown; it is not told.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Final, Literal

import msgspec
from aiokafka import AIOKafkaProducer, ConsumerRecord

from config.matchers import all_match, parse
from config.schema import Config
from streams.alerting.labels import labels
from streams.records import Alert, encode
from streams.tail import Tail
from streams.topics import Topics

log = logging.getLogger(__name__)
KEPT: Final = timedelta(days=7)
"""How long a silence that is over is still shown."""


Moment = Annotated[datetime, msgspec.Meta(tz=True)]
"""With its time zone: one without, written by some other program, could be compared with no other."""


class Silence(msgspec.Struct, frozen=True, omit_defaults=True):
    """`ends_at` is None for an acknowledgement that nobody has taken back."""

    id: str
    matchers: tuple[str, ...]
    starts_at: Moment
    ends_at: Moment | None
    created_by: str
    comment: str
    at: Moment  # when it was last written
    fingerprint: str = ""
    started_at: Moment | None = None

    @property
    def is_acknowledgement(self) -> bool:
        """Whether it is of one alert's episode."""
        return bool(self.fingerprint)

    def state_at(self, now: datetime) -> Literal["pending", "active", "expired"]:
        """Where it stands at `now`; whether the episode of an acknowledgement goes on is not known here."""
        if self.ends_at is not None and self.ends_at <= now:
            return "expired"
        return "active" if self.starts_at <= now else "pending"

    def covers(self, alert: Alert, named: Mapping[str, str] | None = None) -> bool:
        """Whether it is about this alert, at any time. `named`: the alert's labels, where they are at hand."""
        if self.is_acknowledgement:
            same = self.fingerprint == alert.fingerprint and self.started_at == alert.started_at
            return same and alert.state == "firing"  # that it is over is told to those who knew of it
        return all_match(map(parse, self.matchers), labels(alert) if named is None else named)


def silenced(alert: Alert, silences: Iterable[Silence], now: datetime) -> Silence | None:
    """The silence because of which this alert is not told at `now`; of several an acknowledgement, then the longest."""
    named = labels(alert)
    found = [each for each in silences if each.state_at(now) == "active" and each.covers(alert, named)]
    return max(found, key=lambda each: (each.is_acknowledgement, each.ends_at or now, each.id), default=None)


class SilenceTopic:
    """Writes to the topic `silences`; the producer is the caller's to start and stop."""

    def __init__(self, producer: AIOKafkaProducer, config: Config) -> None:
        self._producer, self._topic = producer, Topics(config).silences

    async def publish(self, silence: Silence) -> None:
        """Returns once Kafka holds it. Raises `KafkaError`."""
        await self._producer.send_and_wait(self._topic, encode(silence), silence.id.encode(), partition=0)

    async def remove(self, name: str) -> None:
        """The one with this id leaves the topic. Raises `KafkaError`."""
        await self._producer.send_and_wait(self._topic, None, name.encode(), partition=0)


class TailSilences:
    """The silences as they stand now, whoever wrote them. Life cycle: `run` until cancelled."""

    def __init__(self, bootstrap: str, config: Config) -> None:
        self._silences: dict[str, Silence] = {}
        self._tail = Tail(bootstrap, config.kafka, Topics(config).silences, self._keep)

    async def run(self) -> None:
        """Follow the topic until cancelled."""
        await self._tail.run()

    async def ready(self) -> None:
        """Returns once everything that stood in the topic at the start is known."""
        await self._tail.caught_up.wait()

    def get(self, name: str) -> Silence | None:
        """The one with this id."""
        return self._silences.get(name)

    def all(self) -> Collection[Silence]:
        """Every one, also those that are over."""
        return list(self._silences.values())

    def keep(self, silence: Silence) -> None:
        """One that was published a moment ago: it holds here before it has come back."""
        self._silences[silence.id] = silence

    async def _keep(self, records: Sequence[ConsumerRecord]) -> None:
        for record in records:
            name = (record.key or b"").decode(errors="replace")
            silence = readable(record)
            if silence is not None:
                self.keep(silence)
            elif record.value is None:
                self._silences.pop(name, None)


def readable(record: ConsumerRecord) -> Silence | None:
    """The silence of a record; None for a tombstone, and, said aloud, for what some other program wrote there."""
    if record.value is None:
        return None
    try:
        silence = msgspec.json.decode(record.value, type=Silence)
        for text in silence.matchers:
            parse(text)
    except (msgspec.DecodeError, ValueError) as error:
        log.error("%s/%d at %d holds no silence: %s", record.topic, record.partition, record.offset, error)
        return None
    return silence
