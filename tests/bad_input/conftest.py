"""One worker for the tests of a file: every record may be bad, none may end it."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Iterator

import pytest

from tests.bad_input.service import Service


@pytest.fixture(scope="module")
def service(kafka: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Service]:
    """A running worker. It must still be the same process at the end."""
    name = re.sub(r"[^a-z]+", "-", request.module.__name__.rpartition(".")[2])
    found = Service(kafka, f"test-{name}-{uuid.uuid4().hex[:8]}", tmp_path_factory.mktemp(name))
    found.start()
    try:
        asyncio.run(found.until_ready())
        yield found
        assert found.worker.alive(), found.worker.tail()
        assert found.worker.end() == 0
    finally:
        found.stop()
