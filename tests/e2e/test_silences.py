"""`tertulia silence`, `ack` and `why` over two worker processes: known to both, and still after a `kill -9`."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from config.schema import Config
from streams.alerting.topic import AlertTopic
from streams.kafka import producer
from streams.records import Alert
from tests.e2e.worker_process import PATIENCE_S, ROOT, Asker, WorkerProcess, tertulia

pytestmark = pytest.mark.timeout(600)
NOW = datetime.now(UTC).replace(microsecond=0)
# The fingerprint is that of no rule, so that no worker looks after it.
SPIKE = Alert("a1b2c3d4", "by-hand", "aurora", "firing", NOW, NOW, title="aurora: 84 posts", value=84, baseline=12)


class Scene:
    """Two workers, and commands that ask one of them."""

    def __init__(self, folder: Path, config: Path, session: aiohttp.ClientSession) -> None:
        self._folder, self._config = folder, config
        self.one, self.two = self.workers = [WorkerProcess(name, folder, config) for name in ("one", "two")]
        self._ask = Asker(session, self.workers)

    def command(self, worker: WorkerProcess, *words: str) -> Any:
        """What a command prints as JSON."""
        line = tertulia(*words, "--json", "--config", str(self._config), "--api", worker.url)
        done = subprocess.run(line, cwd=ROOT, check=False, capture_output=True, timeout=PATIENCE_S)
        assert done.stdout, done.stderr.decode()
        return json.loads(done.stdout)

    async def until_shown(self, worker: WorkerProcess, comment: str | None) -> None:
        """Returns when the worker shows the alert as silenced with this comment; None: not silenced."""

        async def missing() -> str:
            status, answer = await self._ask.get(worker, "/api/alerts")
            if status != 200:
                return f"{worker.name} answers {status}"
            shown = {alert["fingerprint"]: alert.get("silenced", {}).get("comment") for alert in answer["alerts"]}
            return "" if shown == {SPIKE.fingerprint: comment} else f"{worker.name} shows {shown}"

        await self._ask.until(f"{worker.name} shows {comment}", missing)

    async def until_answering(self, worker: WorkerProcess) -> None:
        """Returns when it answers: then the topics are there."""

        async def missing() -> str:
            return "" if (await self._ask.get(worker, "/healthz"))[0] == 200 else "no answer"

        await self._ask.until(f"{worker.name} answers", missing)

    def audit(self, worker: WorkerProcess) -> list[tuple[str, str]]:
        """What was ordered there, and about what."""
        lines = (self._folder / worker.name / "audit.jsonl").read_text().splitlines()
        return [(line["order"], line["about"]) for line in map(json.loads, lines)]


@pytest_asyncio.fixture
async def scene(kafka: str, namespace: str, tmp_path: Path) -> AsyncIterator[Scene]:
    """Both workers run, and an alert fires."""
    settings = {
        "namespace": namespace.lower(),
        "kafka": {"bootstrap": kafka, "posts_partitions": 2, "brand_partitions": 2},
        "brands": [{"name": "aurora", "terms": ["aurora"]}],
        "classifiers": {"sentiment": {"model": "none"}},
    }
    path = tmp_path / "tertulia.yaml"
    path.write_text(json.dumps(settings))  # JSON is YAML
    async with aiohttp.ClientSession() as session:
        found = Scene(tmp_path, path, session)
        for worker in found.workers:
            worker.start()
        try:
            for worker in found.workers:
                await found.until_answering(worker)
            config = Config.model_validate(settings)
            writer = producer(kafka, config.kafka)
            await writer.start()
            await AlertTopic(writer, config).publish(SPIKE)
            await writer.stop()
            for worker in found.workers:
                await found.until_shown(worker, None)
            yield found
        finally:
            for worker in found.workers:
                worker.end(signal.SIGKILL)


async def test_what_one_worker_was_told_both_know_and_remember(scene: Scene) -> None:
    one, two = scene.one, scene.two
    made = scene.command(one, "silence", "aurora", "--for", "1h", "--comment", "launch day")
    assert made["matchers"] == ['brand="aurora"']
    await scene.until_shown(two, "launch day")
    known = scene.command(two, "ack", "a1b2", "--comment", "on it")
    assert known["fingerprint"] == SPIKE.fingerprint
    await scene.until_shown(one, "on it")
    assert "@" in scene.command(one, "why", "aurora")["alert"]["silenced"]["created_by"]
    two.end(signal.SIGKILL)
    two.start()
    await scene.until_shown(two, "on it")
    listed = scene.command(two, "silence", "--list")["silences"]
    assert {each["id"] for each in listed} == {made["id"], known["id"]}
    for name in (made["id"], known["id"]):
        assert scene.command(two, "silence", "--end", name)["state"] == "expired"
    await scene.until_shown(one, None)
    assert scene.audit(one) == [("silence", 'brand="aurora"')]
    assert scene.audit(two) == [("ack", "a1b2c3d4"), ("unsilence", 'brand="aurora"'), ("unack", "a1b2c3d4")]
