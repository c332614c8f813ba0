"""Kafka with the topics of one configuration, and readers of what was published."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from config.schema import Brand, Config
from streams.admin import ensure_topics
from streams.topics import Topics
from tests.bots.kafka_log import Log


@pytest.fixture
def config(namespace: str, tmp_path: Path) -> Config:
    """A configuration of the test's own."""
    return Config(
        namespace=namespace.lower(), data_dir=tmp_path / "data", brands=(Brand(name="acme", terms=("Acme",)),)
    )


@pytest.fixture
async def log(kafka: str, config: Config) -> AsyncIterator[Log]:
    """The topics of `config`, created."""
    await ensure_topics(kafka, Topics(config).specs())
    yield Log(kafka, config)
