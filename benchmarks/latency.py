"""From a post on the wire to its place in /pulse: `python -m benchmarks.latency [--rate 100] [--seconds 60]`.

A Jetstream server on loopback sends posts one by one, every text a new one, in five languages, each naming a brand. The
collector and the worker, with the shipped classifier, are processes of their own, on the embedded Apache Kafka. The
pulse of each brand is asked again and again; a post's time ends with the first answer that counts it. The posts of one
brand share a partition of `posts`, so that they are counted in the order in which they were sent.

Goal: p95 of 2 s at 100 posts/s.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, TypeAlias

import aiohttp
import numpy as np
import numpy.typing as npt
from aiohttp import web
from prometheus_client.parser import text_string_to_metric_families
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks.crowd import LANGUAGES, brands, words
from benchmarks.service import Role, ask_until, free_port, write_config
from bots.sources.jetstream import POST, V2_PATH, V2_SUBPROTOCOL
from config.schema import Config
from streams.admin import ensure_topics
from streams.broker import EmbeddedKafka
from streams.tasks import Tasks
from streams.topics import Topics, partition_of

LIMIT_S = 2.0
WARM_S = 10.0  # sent before the clock counts: connections, caches, the broker's compiler
PAUSE_S = 0.05  # between two questions: a person would not ask more often, and asking costs the worker time
PATIENCE_S = 120.0
Seconds: TypeAlias = npt.NDArray[np.float64]
CPU = "process_cpu_seconds_total"
TYPE = "network.bsky.jetstream.subscribeEvents#"


class Wire:
    """The Jetstream server: `send` puts one post on the wire and notes when."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = names
        self.sent: list[list[float]] = [[] for _ in names]
        self.connected = asyncio.Event()
        self._dice, self._seq = Random(1), 0
        self._socket: web.WebSocketResponse | None = None

    async def subscribe(self, request: web.Request) -> web.WebSocketResponse:
        """A collector comes."""
        self._socket = web.WebSocketResponse(protocols=(V2_SUBPROTOCOL,))
        await self._socket.prepare(request)
        self.connected.set()
        async for _ in self._socket:
            continue
        return self._socket

    async def send(self) -> None:
        """One post, for each brand in its turn."""
        assert self._socket is not None
        self._seq += 1
        brand = self._seq % len(self.names)
        frame = json.dumps(self._message(brand))
        self.sent[brand].append(time.monotonic())
        await self._socket.send_str(frame)

    def _message(self, brand: int) -> dict[str, Any]:
        when, lang = datetime.now(UTC).isoformat().replace("+00:00", "Z"), self._dice.choice(LANGUAGES)
        did, rkey = self._place(brand)
        record = {"$type": POST, "createdAt": when, "langs": [lang], "text": words(self._dice, lang, self.names[brand])}
        head = {"$type": TYPE + "commit", "seq": self._seq, "did": did, "time": when, "witnessedAt": when}
        commit = {"rev": "3kaaa", "operation": "create", "collection": POST, "rkey": rkey, "record": record}
        return {"$type": "message", "payload": head | commit}

    def _place(self, brand: int) -> tuple[str, str]:
        """An author and a key whose post falls into the brand's own partition."""
        while True:
            did, rkey = f"did:plc:{self._dice.getrandbits(100):024x}"[:32], f"{self._dice.getrandbits(52):013x}"
            if partition_of(f"bluesky:at://{did}/{POST}/{rkey}", len(self.names)) == brand:
                return did, rkey


class Watch:
    """Asks for pulses and notes when each post is first counted."""

    def __init__(self, session: aiohttp.ClientSession, url: str, names: Sequence[str]) -> None:
        self._session, self._url, self._names = session, url, names
        self.counted: list[list[float]] = [[] for _ in names]
        self.asking: list[float] = []

    async def run(self) -> None:
        """Ask until cancelled."""
        while True:
            for number, name in enumerate(self._names):
                await self._ask(number, name)
                await asyncio.sleep(PAUSE_S)

    async def _ask(self, number: int, name: str) -> None:
        begun = time.monotonic()
        async with self._session.get(f"{self._url}/api/brands/{name}/pulse") as response:
            posts = (await response.json())["posts"]
        ended = time.monotonic()
        self.asking.append(ended - begun)
        self.counted[number] += [ended] * (posts - len(self.counted[number]))

    def total(self) -> int:
        """How many posts have been counted."""
        return sum(map(len, self.counted))


@asynccontextmanager
async def listening(wire: Wire) -> AsyncIterator[str]:
    """The server's address."""
    app = web.Application()
    app.router.add_get(V2_PATH, wire.subscribe)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"ws://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def send_all(wire: Wire, rate: float, seconds: float, progress: Progress) -> None:
    """So many posts a second, evenly."""
    total = round(rate * seconds)
    task = progress.add_task("posts on the wire", total=total)
    begun = time.monotonic()
    for number in range(total):
        await asyncio.sleep(max(0.0, begun + number / rate - time.monotonic()))
        await wire.send()
        progress.advance(task)


async def counted_all(watch: Watch, wanted: int) -> None:
    """Wait until every post sent is counted."""
    deadline = time.monotonic() + PATIENCE_S
    while watch.total() < wanted:
        if time.monotonic() > deadline:
            raise SystemExit(f"only {watch.total():,} of {wanted:,} posts were ever counted")
        await asyncio.sleep(0.1)


def times(wire: Wire, watch: Watch, rate: float) -> Seconds:
    """Seconds from wire to answer of each post, without those of the warming up."""
    warm = round(rate * WARM_S / len(wire.names))
    pairs = zip(wire.sent, watch.counted, strict=True)
    return np.concatenate([np.array(counted[warm:]) - np.array(sent[warm:]) for sent, counted in pairs])


def means(text: str) -> dict[str, float]:
    """The mean of each of the worker's histograms (of the classifier and of the way from `mentions` to the numbers)."""
    sums: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        if family.type == "histogram":
            for sample in family.samples:
                if sample.name.endswith(("_sum", "_count")) and not sample.labels:
                    sums[sample.name] = sample.value
    return {
        name.removesuffix("_sum"): value / (sums[name.removesuffix("_sum") + "_count"] or 1)
        for name, value in sums.items()
        if name.endswith("_sum")
    }


async def worker_cpu(session: aiohttp.ClientSession, url: str) -> tuple[str, float]:
    """The worker's metrics, and the processor time it has used."""
    async with session.get(f"{url}/metrics") as response:
        text = await response.text()
    cpu = [s.value for f in text_string_to_metric_families(text) for s in f.samples if s.name == CPU]
    return text, sum(cpu)


def show(found: Seconds, asking: Sequence[float], rate: float, parts: dict[str, float], cores: float) -> None:
    """The table."""
    table = Table(title=f"wire to /pulse, {len(found):,} posts at {rate:g}/s, ms")
    for name in ("", "p50", "p95", "p99", "most", "goal (p95)"):
        table.add_column(name, justify="right" if name else "left")
    table.add_row("from the wire to an answer that counts it", *_cells(found), f"≤ {1_000 * LIMIT_S:,.0f}")
    table.add_row("one question to /pulse", *_cells(np.array(asking)), "")
    console = Console(width=110)
    console.print(table)
    classifying, path = (1_000 * parts[f"tertulia_{name}_seconds"] for name in ("classify", "path"))
    console.print(
        f"means by the worker's own metrics: one call of the classifier {classifying:.0f} ms, "
        f"from `mentions` to the numbers {path:.0f} ms; it used {cores:.0%} of one core"
    )


def _cells(seconds: Seconds) -> list[str]:
    return [f"{1_000 * value:,.0f}" for value in (*np.percentile(seconds, (50, 95, 99)), seconds.max())]


async def measured(folder: Path, bootstrap: str, rate: float, seconds: float, model: dict[str, Any]) -> int:
    """One run; 1 when the limit is broken."""
    listened = brands(4)
    wire = Wire([brand.name for brand in listened])
    port = free_port()
    async with AsyncExitStack() as stack:
        address = await stack.enter_async_context(listening(wire))
        settings: dict[str, Any] = {
            "namespace": "latency",
            "brands": [brand.model_dump(mode="json", exclude_defaults=True) for brand in listened],
            "kafka": {"bootstrap": bootstrap, "posts_partitions": len(listened)},
            "classifiers": {"sentiment": model},
            "api": {"port": port},
        }
        await ensure_topics(bootstrap, Topics(Config.model_validate(settings)).specs())
        live = {"bluesky": {"enabled": True, "hosts": [address], "version": "v2"}}
        path = write_config(folder / "tertulia.yaml", **settings, sources=live)
        common = ["--config", str(path), "--data-dir"]
        worker = Role(["work", *common, str(folder / "work")], folder / "work.log").start()
        stack.callback(worker.stop)
        url = f"http://127.0.0.1:{port}"
        await asyncio.to_thread(ask_until, f"{url}/readyz")
        collector = Role(["collect", "bluesky", *common, str(folder / "collect")], folder / "collect.log").start()
        stack.callback(collector.stop)
        await asyncio.wait_for(wire.connected.wait(), PATIENCE_S)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        watch, tasks = Watch(session, url, wire.names), Tasks()
        stack.push_async_callback(tasks.stop)
        tasks.start(watch.run(), "questions")
        begun, (_, cpu) = time.monotonic(), await worker_cpu(session, url)
        with Progress(transient=True) as progress:
            await send_all(wire, rate, WARM_S + seconds, progress)
            await counted_all(watch, sum(map(len, wire.sent)))
        text, used = await worker_cpu(session, url)
        found = times(wire, watch, rate)
        show(found, watch.asking, rate, means(text), (used - cpu) / (time.monotonic() - begun))
        return int(np.percentile(found, 95) > LIMIT_S)


async def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=100.0)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--model", default="default", help="the classifier: default or none")
    parser.add_argument("--threads", type=int, default=0, help="of the classifier; 0: one per core")
    asked = parser.parse_args()
    model = {"model": asked.model, "threads": asked.threads}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        async with EmbeddedKafka(folder / "broker") as broker:
            return await measured(folder, broker.bootstrap, asked.rate, asked.seconds, model)


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main()))
