"""How soon an entry is in every answer while the stream goes on: `python -m benchmarks.live [--seconds 240]`.

A worker process (ledger, views, API, alert rules, circles in its process beside) on the embedded Apache Kafka takes in
1,000 entries a second, for 50 brands of one group, by 100,000 authors. One of the brands has a past of 100,000 people
and a million ties. This process writes the entries and asks: for each route, how long after Kafka's acknowledgement an
entry is counted. The circles and the health of the large brand are asked for all the time, so that they are worked out
every minute. How far the consumer is behind is asked for ten times a second; where its loop stalls, the question waits.

All share the machine's cores: the broker, the worker, whoever writes and asks. What other processes took of them is
printed: where that is much, the times say more of them than of the worker.

Goals: 1 s to every answer that is worked out when it is asked for, 10 s for circles, a consumer never 2 s behind.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final

import aiohttp

from benchmarks.crowd import brands
from benchmarks.live_asking import QUICK, WINDOW, Asker, healthy, posts
from benchmarks.live_stream import Stream, lay_past
from benchmarks.live_tables import Load, show
from benchmarks.service import Role, ask, ask_until, free_port, write_config
from config.schema import Config
from streams.admin import ensure_topics
from streams.broker import EmbeddedKafka
from streams.kafka import producer
from streams.tasks import Tasks
from streams.topics import Topics

WARM_S: Final = 20.0
PATIENCE_S: Final = 900.0
CIRCLES: Final = "circles?window=30d"


class Trial:
    """One run on one broker."""

    def __init__(self, folder: Path, broker: EmbeddedKafka, asked: argparse.Namespace) -> None:
        self._folder, self._broker, self._asked = folder, broker, asked
        port = free_port()
        self.settings: dict[str, Any] = {
            "namespace": "live",
            "brands": [brand.model_dump(mode="json", exclude_defaults=True) for brand in brands(asked.brands)],
            "kafka": {"bootstrap": broker.bootstrap},
            "classifiers": {"sentiment": {"model": "none"}},
            "api": {"port": port},
        }
        self.config, self.url = Config.model_validate(self.settings), f"http://127.0.0.1:{port}"
        self.large = self.config.brands[0].name

    async def run(self) -> int:
        """1 when a goal is missed."""
        await self._lay()
        async with AsyncExitStack() as stack:
            role = await self._worker(stack)
            sender = producer(self._broker.bootstrap, self.config.kafka)
            await sender.start()
            stack.push_async_callback(sender.stop)
            session = await stack.enter_async_context(aiohttp.ClientSession())
            stream, tasks = Stream(sender, self.config, self._asked.authors, self._asked.rate), Tasks()
            stack.push_async_callback(tasks.stop)
            return await self._measure(role, stream, Asker(session, self.url, stream), tasks)

    async def _lay(self) -> None:
        state, begun = self._folder / "work" / "state", time.monotonic()
        wanted = (self.config, state, self.large, self._asked.authors, self._asked.ties)
        past = await asyncio.to_thread(lay_past, *wanted)
        print(f"a past of {past:,} entries laid down in {time.monotonic() - begun:.0f} s", flush=True)

    async def _worker(self, stack: AsyncExitStack) -> Role:
        await ensure_topics(self._broker.bootstrap, Topics(self.config).specs())
        path, begun = write_config(self._folder / "tertulia.yaml", **self.settings), time.monotonic()
        words = ["work", "--config", str(path), "--data-dir", str(self._folder / "work")]
        role = Role(words, self._folder / "work.log").start()
        stack.callback(role.stop)
        await asyncio.to_thread(ask_until, f"{self.url}/readyz", PATIENCE_S)
        print(f"the worker is ready after {time.monotonic() - begun:.0f} s", flush=True)
        return role

    async def _measure(self, role: Role, stream: Stream, asker: Asker, tasks: Tasks) -> int:
        before = await asyncio.to_thread(ask, f"{self.url}/api/brands/{self.large}/pulse?window=30d")
        sending = tasks.start(stream.run(WARM_S + self._asked.seconds), "stream")
        for route in QUICK:
            tasks.start(asker.probe(route), route)
        tasks.start(asker.listen(), "live")
        tasks.start(asker.watch("circles", self.large, CIRCLES, posts, before["posts"]), "circles")
        tasks.start(asker.watch("health", self.large, f"health?window={WINDOW}", healthy, 0), "health")
        tasks.start(asker.follow(Topics(self.config).mentions), "lag")
        await asyncio.sleep(WARM_S)
        asker.restart()
        assert role.process is not None
        assert self._broker.pid is not None
        load = Load({"worker": role.process.pid, "broker": self._broker.pid, "asker": os.getpid()})
        sent, begun = stream.sent, time.monotonic()
        await sending
        asker.give_up()
        rate, said = (stream.sent - sent) / (time.monotonic() - begun), load.report()
        good = show(asker, self._asked.rate, rate)
        print(said)
        return 0 if good else 1


async def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=1_000.0)
    parser.add_argument("--seconds", type=float, default=240.0)
    parser.add_argument("--brands", type=int, default=50)
    parser.add_argument("--authors", type=int, default=100_000)
    parser.add_argument("--ties", type=int, default=1_000_000, help="of the large brand's past")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        async with EmbeddedKafka(folder / "broker") as broker:
            return await Trial(folder, broker, asked).run()


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main()))
