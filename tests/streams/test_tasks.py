"""Background tasks: their deaths are told, and they end when they are told to, even where a library is in the way."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from streams import tasks
from streams.tasks import Tasks


async def test_a_cancellation_that_a_library_swallows_is_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    """aiokafka's consumer, cancelled while it closes, goes on as if nothing had been said."""
    monkeypatch.setattr(tasks, "ASK_AGAIN_S", 0.01)
    swallowed = asyncio.Event()

    async def deaf_once() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        swallowed.set()
        await asyncio.Event().wait()

    owner = Tasks()
    task = owner.start(deaf_once(), "deaf")
    await asyncio.sleep(0)
    await owner.stop()
    assert swallowed.is_set()
    assert task.cancelled()


async def test_a_death_is_told_and_a_cancellation_is_none() -> None:
    """Only what ended by an error of its own has died."""
    deaths: list[BaseException] = []

    async def dies() -> None:
        raise ValueError("alas")

    owner = Tasks(deaths.append)
    dead, alive = owner.start(dies(), "dies"), owner.start(asyncio.Event().wait(), "waits")
    await asyncio.wait([dead])
    await owner.stop()
    assert [str(death) for death in deaths] == ["alas"]
    assert alive.cancelled()
