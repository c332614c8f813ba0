"""The map of topics: name, key, value, partitions, retention. Nothing else in the project spells a topic's name.

| topic | key | partition by | value |
|---|---|---|---|
| `posts` | post id | thread id; a deletion, which names only the post: all | `Post`; behind a deletion a tombstone |
| `mentions` | brand NUL post id | brand | `Entry` or `Retraction`, then a tombstone |
| `ledger` | brand NUL post id | as `mentions` | `Entry`; a tombstone when it is forgotten |
| `alerts` | fingerprint | brand | `Alert` |
| `silences` | silence id | one | `Silence` (an acknowledgement is one as well); a tombstone when it is long over |
| `cursors` | collector | collector | resume point (JSON) |
| `inbox` | inlet NUL post id | one | `Post` as `/ingest` took it in, or `Refused` |
| `dead-letters` | source | source | `DeadLetter` |
| `erasures` | author id | as `posts` | `Erasure`; a tombstone when it is forgotten |
"""

from __future__ import annotations

from datetime import timedelta

import xxhash

from config.schema import Config
from streams.admin import TopicSpec

DAY_MS = str(24 * 3_600 * 1_000)
# A deleted text must leave the log within a day (DESIGN section 5): segments roll every hour, so that the cleaner may
# touch them, and the cleaner may not put a dirty record off for longer than half a day.
COMPACTED = {
    "cleanup.policy": "compact",
    "segment.ms": str(3_600 * 1_000),
    "max.compaction.lag.ms": str(12 * 3_600 * 1_000),
    "min.cleanable.dirty.ratio": "0.2",
    "delete.retention.ms": DAY_MS,
}
MAX_MESSAGE = 4 * 1024 * 1024


class Topics:
    """The topics of one namespace."""

    def __init__(self, config: Config) -> None:
        self.namespace = config.namespace
        self.posts = f"{config.namespace}.posts"
        self.mentions = f"{config.namespace}.mentions"
        self.ledger = f"{config.namespace}.ledger"
        self.alerts = f"{config.namespace}.alerts"
        self.silences = f"{config.namespace}.silences"
        self.cursors = f"{config.namespace}.cursors"
        self.dead_letters = f"{config.namespace}.dead-letters"
        self.inbox = f"{config.namespace}.inbox"
        self.erasures = f"{config.namespace}.erasures"
        self.posts_partitions = config.kafka.posts_partitions
        self.brand_partitions = config.kafka.brand_partitions
        self._kafka = config.kafka

    def specs(self) -> list[TopicSpec]:
        """What every topic has to be; created before any worker starts."""
        both = COMPACTED | {"cleanup.policy": "compact,delete", "retention.ms": _ms(self._kafka.posts_retention)}
        letters = {"cleanup.policy": "delete", "retention.ms": _ms(self._kafka.dead_letters_retention)}
        return [
            self._spec(self.posts, self.posts_partitions, both),
            self._spec(self.mentions, self.brand_partitions, both),
            self._spec(self.ledger, self.brand_partitions, COMPACTED),
            self._spec(self.alerts, self.brand_partitions, COMPACTED),
            self._spec(self.silences, 1, COMPACTED),
            self._spec(self.erasures, self.posts_partitions, COMPACTED),
            self._spec(self.cursors, 1, COMPACTED),
            self._spec(self.dead_letters, 1, letters),
            self._spec(self.inbox, 1, both),
        ]

    def _spec(self, name: str, partitions: int, config: dict[str, str]) -> TopicSpec:
        settings = config | {"max.message.bytes": str(MAX_MESSAGE)}
        return TopicSpec(name=name, partitions=partitions, config=settings, replication=self._kafka.replication)


def partition_of(key: str, partitions: int) -> int:
    """The partition of a thread, brand or collector: xxh3-64 of its UTF-8 bytes modulo the number of partitions."""
    return xxhash.xxh3_64_intdigest(key.encode("utf-8", "surrogatepass")) % partitions


def _ms(duration: timedelta) -> str:
    return str(int(duration.total_seconds() * 1_000))
