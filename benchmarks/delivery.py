"""Alerts to people, through everything that goes wrong: `python -m benchmarks.delivery [--alerts N] [--kills N]`.

10,000 alerts, each a message of its own, go over the real Kafka (embedded) to two receivers that answer with 500s, with
429s that ask for a second, never, or cut the connection; the chat role is killed (`kill -9`) 50 times meanwhile, each
time some messages after it came up, at a random moment. Alerts are published while that goes on. At the end the role is
stopped, started once more, and has nothing to tell.

* `with-keys` takes each Idempotency-Key once. Limit: every alert once, none lost, in the order they were raised in.
* `without-keys` takes whatever comes. Limit: none lost, in order, at most one twice for each kill.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any, Final, NamedTuple

from rich.console import Console
from rich.progress import Progress, TaskID
from rich.table import Table

from benchmarks.delivery_receivers import Receiver, listening
from benchmarks.service import Role, write_config
from config.schema import Config
from streams.admin import ensure_topics
from streams.alerting.topic import AlertTopic
from streams.broker import EmbeddedKafka
from streams.kafka import producer
from streams.records import Alert
from streams.topics import Topics

AHEAD: Final = 1_500  # so many alerts are raised before they can have been told
STEP: Final = 100
LOOK_S: Final = 0.003
QUIET_S: Final = 4.0  # after the last restart, in which nothing may come
PATIENCE_S: Final = 1_800.0
OUTLET: Final[dict[str, Any]] = {
    "kind": "webhook",
    "timeout": "500ms",
    "first_wait": "5ms",
    "longest_wait": "50ms",
    "tries": 100,
    "rate": "100000/1s",
}


class Row(NamedTuple):
    """One receiver's result."""

    receiver: str
    requests: int
    faults: int
    lost: int
    twice: int
    out_of_order: int
    same_key_again: int
    early: int
    good: bool


class Trial:
    """The topic, the role on it, and the receivers."""

    def __init__(self, folder: Path, bootstrap: str, url: str, receivers: list[Receiver], alerts: int) -> None:
        self.receivers, self.alerts = receivers, alerts
        settings = {
            "namespace": "delivery",
            "brands": [{"name": "acme", "terms": ["acme"]}],
            "kafka": {"bootstrap": bootstrap},
            "outlets": {receiver.name: {**OUTLET, "url": f"{url}/{receiver.name}"} for receiver in receivers},
            "routing": {"group_by": ["alertname"], "group_wait": "0s", "group_interval": "1h", "repeat_interval": "1d"},
        }
        self.config, self.bootstrap = Config.model_validate(settings), bootstrap
        path = write_config(folder / "tertulia.yaml", **settings)
        self.log = folder / "chat.log"
        self.role = Role(["chat", "--config", str(path), "--data-dir", str(folder / "data")], self.log)
        self.published = 0

    def least(self) -> int:
        """How many alerts every receiver has."""
        return min(len(set(receiver.taken)) for receiver in self.receivers)

    async def publish(self) -> None:
        """All alerts, never too many ahead of what was told."""
        await ensure_topics(self.bootstrap, Topics(self.config).specs())
        writer = producer(self.bootstrap, self.config.kafka)
        await writer.start()
        topic = AlertTopic(writer, self.config)
        while self.published < self.alerts:
            if self.published < self.least() + AHEAD:
                some = range(self.published, min(self.published + STEP, self.alerts))
                await asyncio.gather(*(topic.publish(alert(number)) for number in some))
                self.published = some.stop
            await asyncio.sleep(0.01)
        await writer.stop()

    async def kill(self, kills: int, random: Random, progress: Progress, task: TaskID) -> None:
        """Kill the role and start it again, spread over the whole delivery."""
        for number in range(kills):
            goal = (number + random.uniform(0.2, 1)) * self.alerts / (kills + 1)
            seen = self._requests()
            await self._reach(partial(self._has_come_far, goal, seen))
            await asyncio.sleep(random.uniform(0, 0.02))
            self.role.kill()
            self.role.start()
            progress.advance(task)

    def _requests(self) -> int:
        return sum(receiver.requests for receiver in self.receivers)

    def _has_come_far(self, goal: float, seen: int) -> bool:
        return self.least() >= goal and self._requests() > seen

    async def finish(self) -> None:
        """Until every alert is there; then one clean restart, after which nothing may come."""
        await self._reach(lambda: self.least() >= self.alerts)
        await asyncio.to_thread(self.role.stop)
        self.role.start()
        await asyncio.sleep(QUIET_S)
        await asyncio.to_thread(self.role.stop)

    async def _reach(self, enough: Callable[[], bool]) -> None:
        while not enough():
            if self.role.ended():
                raise SystemExit(f"the role ended by itself:\n{self.log.read_text()[-3_000:]}")
            await asyncio.sleep(LOOK_S)


def alert(number: int) -> Alert:
    """Raised now; its rule's name says its place in the order."""
    now = datetime.now(UTC)
    return Alert(
        fingerprint=f"f{number:06}",
        rule=f"a{number:06}",
        brand="acme",
        state="firing",
        started_at=now,
        at=now,
        title=f"Acme: alert {number}",
        value=84,
        baseline=12,
        evidence=({"id": "demo:1", "url": "https://example.org/1", "text": "It does not charge"},),
    )


def row(receiver: Receiver, alerts: int, kills: int) -> Row:
    """What the receiver has, held against what was raised."""
    wanted = [f"a{number:06}" for number in range(alerts)]
    twice = len(receiver.taken) - len(set(receiver.taken))
    once = list(dict.fromkeys(receiver.taken))
    # A repetition must be of the message just told: whatever else comes again is out of order.
    stray = sum(name in receiver.taken[max(0, at - 50) : max(0, at - 1)] for at, name in enumerate(receiver.taken))
    out_of_order = sum(after < before for before, after in pairwise(once)) + stray
    lost = len(set(wanted) - set(once))
    allowed = 0 if receiver.knows_keys else kills
    good = not lost and not out_of_order and twice <= allowed and receiver.early <= kills
    faults = sum(count for name, count in receiver.faults.items() if name)
    return Row(
        receiver.name, receiver.requests, faults, lost, twice, out_of_order, receiver.repeated, receiver.early, good
    )


async def run(alerts: int, kills: int, seed: int, console: Console) -> tuple[list[Row], float]:
    """The whole trial; its rows and seconds."""
    receivers = [
        Receiver("with-keys", knows_keys=True, seed=seed),
        Receiver("without-keys", knows_keys=False, seed=seed + 1),
    ]
    with tempfile.TemporaryDirectory() as name, Progress(console=console, transient=True) as progress:
        folder = Path(name)
        broker = EmbeddedKafka(folder / "kafka")
        await broker.start()
        try:
            async with listening(receivers) as url:
                trial = Trial(folder, broker.bootstrap, url, receivers, alerts)
                began = time.monotonic()
                async with asyncio.timeout(PATIENCE_S):
                    await attempt(trial, kills, Random(seed), progress)
                seconds = time.monotonic() - began
        finally:
            await broker.stop()
    return [row(receiver, alerts, kills) for receiver in receivers], seconds


async def attempt(trial: Trial, kills: int, random: Random, progress: Progress) -> None:
    """Publish, kill and finish; the role is ended whatever happens."""
    told = progress.add_task("told", total=trial.alerts)
    killed = progress.add_task("kills", total=kills)
    publishing = asyncio.create_task(trial.publish())
    watching = asyncio.create_task(_show(trial, progress, told))
    try:
        while not trial.published:
            await asyncio.sleep(0.05)
        trial.role.start()
        await trial.kill(kills, random, progress, killed)
        await publishing
        await trial.finish()
    finally:
        publishing.cancel()
        watching.cancel()
        if not trial.role.ended():
            trial.role.kill()


async def _show(trial: Trial, progress: Progress, task: TaskID) -> None:
    while True:
        progress.update(task, completed=trial.least())
        await asyncio.sleep(0.5)


def table(rows: list[Row], alerts: int, kills: int, seconds: float) -> Table:
    """For people."""
    found = Table(title=f"{alerts:,} alerts, {kills} kills, {seconds:.0f} s ({alerts / seconds:.0f} alerts/s each)")
    for name in ("receiver", "requests", "faults", "lost", "twice", "out of order", "same key again", "too early", ""):
        found.add_column(name, justify="left" if name in ("receiver", "") else "right")
    for each in rows:
        cells = [f"{value:,}" if isinstance(value, int) else value for value in each[:-1]]
        found.add_row(*cells, "ok" if each.good else "[red]missed[/red]")
    return found


def main() -> int:
    """The exit status: 1 when a limit is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--alerts", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    logging.getLogger("aiokafka").setLevel(logging.ERROR)  # for a moment a new topic has no leader, it warns
    console = Console(stderr=given.json)
    rows, seconds = asyncio.run(run(given.alerts, given.kills, given.seed, console))
    if given.json:
        print(json.dumps({"seconds": seconds, "rows": [each._asdict() for each in rows]}))
    else:
        console.print(table(rows, given.alerts, given.kills, seconds))
    return 0 if all(each.good for each in rows) else 1


if __name__ == "__main__":
    raise SystemExit(main())
