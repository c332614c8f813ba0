"""The service, and a session as the chat role has it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bots.chat.base import Tools
from tests.bots.chat.destination import session
from tests.bots.chat.listen.service import Service
from tests.streams.api.stub import NOW


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    async with Service(tmp_path).serving() as found:
        yield found


@pytest.fixture
async def tools() -> AsyncIterator[Tools]:
    async with session() as http:
        yield Tools(http, lambda: NOW)
