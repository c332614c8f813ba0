"""`tertulia work` killed while it takes a request in, `collect` behind it: every post counts once."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from config.schema import Config
from streams.admin import ensure_topics
from streams.api.ingest_signature import OURS
from streams.topics import Topics
from tests.e2e.worker_process import ROOT, Asker, WorkerProcess, tertulia
from tests.streams.api.sender import SECRET, post, signature

MANY = 10_000


class World:
    """One worker, one collector, and what they need."""

    def __init__(self, bootstrap: str, namespace: str, folder: Path) -> None:
        secret = folder / "secret"
        secret.write_text(SECRET + "\n")
        self.settings: dict[str, Any] = {
            "namespace": namespace.lower(),
            "kafka": {"bootstrap": bootstrap, "posts_partitions": 2, "brand_partitions": 1},
            "brands": [{"name": "fairphone", "terms": ["Fairphone"]}],
            "classifiers": {"sentiment": {"model": "none"}},
            "sources": {name: {"enabled": False} for name in ("bluesky", "hackernews", "rss", "demo")}
            | {"webhook": {"inlets": [{"name": "shop", "secret_file": str(secret)}]}},
        }
        self.bootstrap, self.folder, self.secret = bootstrap, folder, secret
        file = folder / "tertulia.yaml"
        file.write_text(json.dumps(self.settings))  # JSON is YAML
        plain = {name: value for name, value in self.settings.items() if name != "sources"}
        self.topics = Topics(Config.model_validate(plain))
        self.worker = WorkerProcess("worker", folder, file)
        self._collect = tertulia("collect", "--config", str(file), "--data-dir", str(folder / "collect"))
        self._collector: subprocess.Popen[bytes] | None = None

    def start_collector(self) -> None:
        """`tertulia collect`."""
        with (self.folder / "collect.log").open("ab") as log:
            self._collector = subprocess.Popen(self._collect, cwd=ROOT, stdout=log, stderr=log)

    def stop(self) -> None:
        """End both, however they are."""
        if self._collector is not None:
            self._collector.kill()
            self._collector.wait()
        if self.worker.alive():
            self.worker.end(signal.SIGKILL)

    async def taken(self, at_least: int = 0) -> int:
        """Records in the inbox, once there are so many."""
        target = TopicPartition(self.topics.inbox, 0)
        reader = AIOKafkaConsumer(bootstrap_servers=self.bootstrap)
        await reader.start()
        try:
            while (found := int((await reader.end_offsets([target]))[target])) < at_least:
                await asyncio.sleep(0)
            return found
        finally:
            await reader.stop()


@pytest.fixture
def world(kafka: str, namespace: str, tmp_path: Path) -> Iterator[World]:
    """Not started yet."""
    found = World(kafka, namespace, tmp_path)
    yield found
    found.stop()


def review(number: int) -> dict[str, Any]:
    """Of the last hours."""
    return post(number, created_at=(datetime.now(UTC) - timedelta(seconds=number)).isoformat())


async def send(http: aiohttp.ClientSession, url: str, body: bytes) -> int:
    """The status, 0 when there was no answer."""
    headers = {OURS: signature(body, at=round(datetime.now(UTC).timestamp()))}
    try:
        async with http.post(f"{url}/ingest/shop", data=body, headers=headers) as response:
            return response.status
    except aiohttp.ClientError:
        return 0


async def test_killed_in_the_middle_of_a_request_nothing_is_doubled(world: World) -> None:
    body = json.dumps([review(number) for number in range(MANY)]).encode()
    await ensure_topics(world.bootstrap, world.topics.specs())
    world.worker.start()
    async with aiohttp.ClientSession() as http:
        asker = Asker(http, [world.worker])

        async def not_ready() -> str:
            status, _ = await asker.get(world.worker, "/readyz")
            return "" if status == 200 else f"readyz says {status}"

        await asker.until("ready", not_ready)
        before = await world.taken()  # the empty record that rolls the log
        sending = asyncio.ensure_future(send(http, world.worker.url, body))
        await world.taken(at_least=before + 1)
        world.worker.end(signal.SIGKILL)
        assert await sending in (0, 202)  # nearly always 0; a quick machine may have been quicker than the kill
        world.start_collector()
        world.worker.start()
        await asker.until("ready again", not_ready)
        while (status := await send(http, world.worker.url, body)) != 202:
            assert status == 503, "a slow machine does not take so many in ten seconds"

        async def not_counted() -> str:
            _, pulse = await asker.get(world.worker, "/api/brands/fairphone/pulse")
            _, sources = await asker.get(world.worker, "/api/sources")
            shop = [source for source in (sources or {}).get("sources", ()) if source["name"] == "shop"]
            whole = pulse is not None and pulse["posts"] == MANY and shop and shop[0]["events"] >= MANY
            return "" if whole else f"{(pulse or {}).get('posts')} posts, {shop}"

        await asker.until("every post counted", not_counted)
        _, pulse = await asker.get(world.worker, "/api/brands/fairphone/pulse")
        assert pulse["posts"] == MANY
        async with http.get(world.worker.url + "/metrics") as response:
            text = await response.text()
        assert re.search(r'tertulia_source_state\{source="shop",state="live"\} 1\.0', text)
        assert float(re.search(r'tertulia_source_events_total\{kind="events",source="shop"\} (\S+)', text)[1]) >= MANY  # type: ignore[index]


async def test_the_examples_of_the_page_work_as_they_stand(world: World) -> None:
    page = (ROOT / "docs/sources/webhook.md").read_text("utf-8")
    (shell,) = re.findall(r"^```sh\n(SECRET.*?)^```$", page, re.MULTILINE | re.DOTALL)
    (python,) = re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    await ensure_topics(world.bootstrap, world.topics.specs())
    world.worker.start()
    async with aiohttp.ClientSession() as http:
        asker = Asker(http, [world.worker])

        async def away() -> str:
            return "" if (await asker.get(world.worker, "/healthz"))[0] == 200 else "no answer"

        await asker.until("an answer", away)
    (world.folder / "secrets").mkdir()
    (world.folder / "secrets" / "shop").write_text(world.secret.read_text())
    script = shell.replace("http://127.0.0.1:6066", world.worker.url)
    said = await asyncio.to_thread(_run, ["sh", "-e", "-c", script], world.folder)
    assert "202 Accepted" in said
    assert '{"accepted":1,"ignored":0}' in said
    call = f"print(send([{review(1)!r}, {review(2)!r}], {SECRET!r}, {world.worker.url + '/ingest/shop'!r}))"
    assert (
        await asyncio.to_thread(_run, [sys.executable, "-c", python + call], world.folder)
        == "{'accepted': 2, 'ignored': 0}\n"
    )
    assert await world.taken() >= 3


def _run(command: list[str], folder: Path) -> str:
    found = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=60)
    assert found.returncode == 0, found.stderr
    return found.stdout
