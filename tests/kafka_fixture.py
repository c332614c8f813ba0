"""pytest plugin: `kafka`, a broker for the whole session, and `namespace`, a topic prefix of the test's own.

The broker is the cluster that TERTULIA_TEST_KAFKA names (HOST:PORT), else one embedded Apache Kafka. Where neither can
be had the tests that need one are skipped with the reason; under CI=true they fail.
"""

from __future__ import annotations

import asyncio
import os
import re
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.broker import ArtifactError, BrokerError, EmbeddedKafka

# The cleaner looks for work twice a second instead of every five, so that compaction can be waited for.
OVERRIDES = {"log.cleaner.backoff.ms": "500"}


class _BrokerThread:
    """Runs the embedded broker on an event loop of its own: the tests' loops come and go with each test."""

    def __init__(self, data_dir: Path) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="test-kafka", daemon=True)
        self._broker = EmbeddedKafka(data_dir, overrides=OVERRIDES)

    def start(self) -> str:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._broker.start(), self._loop).result()
        return self._broker.bootstrap

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self._broker.stop(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


def unavailable(reason: str) -> None:
    """Skip for want of a broker, aloud; under CI that is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"CI must have a broker: {reason}")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The bootstrap address, HOST:PORT."""
    named = os.environ.get("TERTULIA_TEST_KAFKA")
    if named:
        yield named
        return
    thread = _BrokerThread(tmp_path_factory.mktemp("kafka"))
    try:
        bootstrap = thread.start()
    except (ArtifactError, BrokerError) as error:
        thread.stop()
        unavailable(f"no embedded broker: {error}")
        return
    yield bootstrap
    thread.stop()


@pytest.fixture
def namespace(request: pytest.FixtureRequest) -> str:
    """A topic prefix that no other test uses, with the test's name in it for whoever reads the broker's log."""
    name = re.sub(r"[^A-Za-z0-9]+", "-", request.node.name)[:40].strip("-")
    return f"test-{name}-{uuid.uuid4().hex[:8]}"
