"""The broker goes away for longer than a session lasts, and comes back: the worker and a replay go on, nothing is lost.

Skipped, as every test that needs it, where there is no embedded broker; a named cluster is not ours to stop.
"""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path

import pytest

from streams.admin import ensure_topics
from streams.broker import ArtifactError, EmbeddedKafka
from tests.bad_input.service import Service, good
from tests.e2e.worker_process import PATIENCE_S, ROOT, tertulia
from tests.kafka_fixture import unavailable

pytestmark = pytest.mark.timeout(900)
AWAY_S = 20.0  # twice the session time-out of a worker


async def test_worker_and_replay_outlive_the_broker(tmp_path: Path, namespace: str) -> None:
    """What was counted stays and is answered meanwhile; what comes during and after the silence is counted too."""
    broker = EmbeddedKafka(tmp_path / "broker")
    try:
        await broker.start()
    except ArtifactError as error:
        unavailable(f"no embedded broker: {error}")
    service = Service(broker.bootstrap, namespace.lower(), tmp_path)
    await ensure_topics(broker.bootstrap, service.topics.specs())
    before, during, after = good(20), good(200), good(20)
    path = tmp_path / "during.jsonl"
    path.write_bytes(b"\n".join(during.values()) + b"\n")
    options = ("--rate", "10", "--config", str(service.file), "--data-dir", str(tmp_path / "replay"))
    service.start()
    replay: subprocess.Popen[bytes] | None = None
    try:
        await service.until_ready()
        await service.write([*before.values()])
        await service.until_counted(before)
        with (tmp_path / "replay.log").open("wb") as log:
            replay = subprocess.Popen(tertulia("replay", str(path), *options), cwd=ROOT, stdout=log, stderr=log)
        await service.until_counted(list(during)[:5])  # it runs

        await broker.stop()
        await asyncio.sleep(AWAY_S)
        assert before.keys() <= (await service.mentions()).keys(), "it answers from what it has"
        await broker.start()

        assert await asyncio.to_thread(replay.wait, PATIENCE_S) == 0, (tmp_path / "replay.log").read_text()
        await service.write([*after.values()])
        await service.until_counted([*before, *during, *after])
        pulse = await service.get("/api/brands/aurora/pulse")
        assert pulse["posts"] == len(before) + len(during) + len(after)
        assert service.worker.end() == 0
    finally:
        if replay is not None and replay.poll() is None:
            replay.kill()
        service.stop()
        await broker.stop()
