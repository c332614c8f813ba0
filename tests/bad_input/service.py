"""A worker process on a real Kafka, and everything a test has to write to it and to read from it."""

from __future__ import annotations

import asyncio
import json
import signal
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from config.schema import Brand, Config, Kafka
from streams.kafka import producer
from streams.records import DeadLetter
from streams.topics import Topics, partition_of
from tests.bad_input.records import BRAND, line
from tests.e2e.worker_process import PATIENCE_S, WorkerProcess

MANY = tuple(f"maker{number:02}" for number in range(40))
BRANDS = tuple(Brand(name=name, terms=(name,)) for name in (BRAND, *MANY))


class Service:
    """One namespace with its worker. Life cycle: `start`, questions, `stop`."""

    def __init__(self, bootstrap: str, namespace: str, folder: Path) -> None:
        settings: dict[str, Any] = {
            "namespace": namespace,
            "kafka": {"bootstrap": bootstrap, "posts_partitions": 2, "brand_partitions": 2},
            "brands": [brand.model_dump(mode="json") for brand in BRANDS],
            "classifiers": {"sentiment": {"model": "none"}},
            "sources": {name: {"enabled": False} for name in ("bluesky", "hackernews", "rss", "demo")},
        }
        self.bootstrap, self.folder = bootstrap, folder
        self.config = Config.model_validate(settings)
        self.topics = Topics(self.config)
        self.file = folder / "tertulia.yaml"
        self.file.write_text(json.dumps(settings))  # JSON is YAML
        self.worker = WorkerProcess("worker", folder, self.file)

    def start(self) -> None:
        """Start the worker; `until_ready` waits for it."""
        self.worker.start()

    def stop(self) -> None:
        """End the worker, however it is."""
        if self.worker.alive():
            self.worker.end(signal.SIGKILL)

    async def until(self, what: str, true: Callable[[], Any]) -> Any:
        """The first true answer of an async question; fails with the worker's log when there never is one."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            if found := await true():
                return found
            assert self.worker.alive(), f"the worker ended while waiting: {what}\n{self.worker.tail()}"
            await asyncio.sleep(0.1)
        raise AssertionError(f"never happened: {what}\n{self.worker.tail()}")

    async def until_ready(self) -> None:
        """Wait for /readyz."""
        await self.until("ready", lambda: self.get("/readyz"))

    async def get(self, path: str, **params: str) -> Any:
        """What a route answers; None while it does not."""
        try:
            async with (
                aiohttp.ClientSession() as session,
                session.get(self.worker.url + path, params=params) as response,
            ):
                return await response.json() if response.status == 200 else None
        except (aiohttp.ClientError, TimeoutError):
            return None

    async def mentions(self, brand: str = BRAND) -> dict[str, dict[str, Any]]:
        """The brand's entries by post id."""
        page = await self.get(f"/api/brands/{brand}/mentions", window="90d", limit="500")
        return {} if page is None else {entry["post"]["id"]: entry for entry in page["mentions"]}

    async def until_counted(self, ids: Iterable[str], brand: str = BRAND) -> dict[str, dict[str, Any]]:
        """Wait until all these posts are among the brand's entries; the entries."""
        wanted = set(ids)

        async def there() -> dict[str, dict[str, Any]]:
            found = await self.mentions(brand)
            return found if wanted <= found.keys() else {}

        found: dict[str, dict[str, Any]] = await self.until(f"{sorted(wanted)} counted for {brand}", there)
        return found

    @asynccontextmanager
    async def writer(self) -> AsyncIterator[AIOKafkaProducer]:
        """A bare producer, as an outsider has."""
        sender = producer(self.bootstrap, Kafka())
        await sender.start()
        try:
            yield sender
        finally:
            await sender.stop()

    async def write(
        self, values: Sequence[bytes | None], *, topic: str = "", key: bytes | None = b"k", partition: int = 0
    ) -> list[int]:
        """Records as they are; their offsets."""
        async with self.writer() as sender:
            sends = [await sender.send(topic or self.topics.posts, value, key, partition=partition) for value in values]
            return [done.offset for done in await asyncio.gather(*sends)]

    async def letters(self) -> list[DeadLetter]:
        """All dead letters so far."""
        reader = AIOKafkaConsumer(bootstrap_servers=self.bootstrap)
        await reader.start()
        try:
            place = TopicPartition(self.topics.dead_letters, 0)
            reader.assign([place])
            await reader.seek_to_beginning(place)
            end, values = (await reader.end_offsets([place]))[place], list[bytes]()
            while await reader.position(place) < end:
                found = await reader.getmany(timeout_ms=200)
                values += [record.value for records in found.values() for record in records]
        finally:
            await reader.stop()
        return [msgspec.json.decode(value, type=DeadLetter) for value in values]

    async def until_letters(self, offsets: Iterable[str]) -> dict[str, DeadLetter]:
        """Wait for the dead letters of these places; letters by place."""
        wanted = set(offsets)

        async def there() -> dict[str, DeadLetter]:
            found = {letter.offset: letter for letter in await self.letters()}
            return found if wanted <= found.keys() else {}

        letters: dict[str, DeadLetter] = await self.until(f"letters of {sorted(wanted)}", there)
        return letters


def good(count: int) -> dict[str, bytes]:
    """Good posts that name the brand, by id."""
    ids = [f"test:good-{uuid.uuid4().hex[:12]}" for _ in range(count)]
    return {post_id: line(id=post_id) for post_id in ids}


def partition_for(thread: str) -> int:
    """Where posts of a thread belong."""
    return partition_of(thread, 2)
