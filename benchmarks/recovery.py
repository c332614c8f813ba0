"""How soon a worker answers again: `python -m benchmarks.recovery [--entries N] [--brands N]`.

A worker holds the entries; then, one after another:

* it is killed (`kill -9`) and started again at once, on the same folder: the disk survived;
* it is killed and started on an empty folder: only Kafka survived;
* a second worker joins, then the first is killed: the second takes over once the session time-out (10 s) has passed.

Each time the clock stops when /readyz says 200 and the pulse of every brand is what it was before, to the last digit.
Goal: 15 s for the first, with 200,000 entries.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import re
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks.crowd import brands, entries
from benchmarks.service import Role, ask, free_port, write_config
from config.schema import Config
from streams.admin import ensure_topics
from streams.broker import EmbeddedKafka
from streams.entry_keys import entry_key
from streams.kafka import producer
from streams.records import encode
from streams.topics import Topics, partition_of

LIMIT_S = 15.0
LENGTH = timedelta(days=30)
PATIENCE_S = 400.0
STAMP = re.compile(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}) \w+ (\S+): (.*)$")
Answers = dict[str, Any]


class Phases(NamedTuple):
    """Seconds from the start of the process, as its log tells them."""

    loaded: float
    listening: float
    assigned: float
    ledger: float
    posts: float


class Outcome(NamedTuple):
    """One row of the table."""

    case: str
    ready: float
    same: float
    phases: Phases | None


class Trial:
    """The topics, filled, and the workers on them."""

    def __init__(self, folder: Path, bootstrap: str, count: int, brand_count: int) -> None:
        self.folder, self.bootstrap, self.count = folder, bootstrap, count
        self.names = [brand.name for brand in brands(brand_count)]
        self.settings: dict[str, Any] = {
            "namespace": "recovery",
            "brands": [brand.model_dump(mode="json", exclude_defaults=True) for brand in brands(brand_count)],
            "kafka": {"bootstrap": bootstrap},
        }
        self.config = Config.model_validate(self.settings)
        self.to = datetime.now(UTC).replace(microsecond=0)
        self._workers = 0

    def worker(self) -> Worker:
        """A worker with an empty folder."""
        self._workers += 1
        return Worker(self.folder, f"worker-{self._workers}", self.settings, self.to)

    async def fill(self, progress: Progress) -> None:
        """Entries straight into `mentions`, as the match stage would write them."""
        topics, sender = Topics(self.config), producer(self.bootstrap, self.config.kafka)
        await ensure_topics(self.bootstrap, topics.specs())
        await sender.start()
        task = progress.add_task("writing entries", total=self.count)
        for entry in entries(self.names, self.count, 1, self.to, LENGTH):
            partition = partition_of(entry.brand, topics.brand_partitions)
            key = entry_key(entry.brand, entry.post.id)
            await sender.send(topics.mentions, encode(entry), key, partition=partition)
            progress.advance(task)
        await sender.stop()

    async def filled(self, worker: Worker, progress: Progress) -> Answers:
        """Wait until the worker has them all; what it answers then."""
        task = progress.add_task("worker takes them in", total=self.count)
        while True:
            answers = await asyncio.to_thread(worker.answers, self.names)
            held = sum(answer["posts"] for answer in answers.values())
            progress.update(task, completed=held)
            if held == self.count:  # asked once more: the first brands were answered before the last were complete
                return await asyncio.to_thread(worker.answers, self.names)
            if worker.role.ended():
                raise SystemExit(f"the worker ended:\n{worker.tail()}")
            await asyncio.sleep(0.5)


class Worker:
    """One worker process and its address."""

    def __init__(self, folder: Path, name: str, settings: dict[str, Any], to: datetime) -> None:
        self.port, self.log = free_port(), folder / f"{name}.log"
        self._to = to.isoformat().replace("+00:00", "Z")
        path = write_config(folder / f"{name}.yaml", **settings, api={"port": self.port})
        self.role = Role(["work", "--config", str(path), "--data-dir", str(folder / name)], self.log)
        self.started = datetime.now().astimezone()

    def start(self) -> float:
        """Start it; the moment by the monotonic clock."""
        self.log.unlink(missing_ok=True)
        self.started = datetime.now().astimezone()
        self.role.start()
        return time.monotonic()

    def ready(self) -> bool:
        """Whether /readyz says 200."""
        try:
            ask(f"http://127.0.0.1:{self.port}/readyz", timeout=5)
        except OSError:
            return False
        return True

    def answers(self, names: Sequence[str]) -> Answers:
        """The pulse of those brands that answer."""
        found: Answers = {}
        for name in names:
            url = f"http://127.0.0.1:{self.port}/api/brands/{name}/pulse?window={LENGTH.days}d&to={self._to}"
            try:
                found[name] = ask(url)
            except OSError:
                continue
        return found

    def tail(self) -> str:
        """The end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-20:])

    def phases(self) -> Phases:
        """What its log tells of the way from start to answer."""
        times: dict[str, float] = {}
        for line in self.log.read_text(errors="replace").splitlines():
            if (found := STAMP.match(line)) is None:
                continue
            at = (datetime.fromisoformat(found[1]).astimezone() - self.started).total_seconds()
            for part in ("first", _part(found[2], found[3])):
                if part == "first":
                    times.setdefault(part, at)
                elif part:
                    times[part] = at
        names = ("first", "listening", "assigned", "ledger", "posts")
        return Phases(*(times.get(name, float("nan")) for name in names))


def _part(logger: str, text: str) -> str:
    """Which step has ended with this line of the log."""
    if text.startswith("API on"):
        return "listening"
    if text.startswith("partitions held"):
        return "assigned"
    if logger == "streams.stage" and "recovered up to" in text:
        return "ledger" if ".mentions/" in text else "posts"
    return ""


def until(condition: Callable[[], bool], worker: Worker, begun: float) -> float:
    """Seconds from `begun` until the condition holds. Raises `SystemExit` when it does not come."""
    while not condition():
        if worker.role.ended() or time.monotonic() - begun > PATIENCE_S:
            raise SystemExit(f"the worker does not come back:\n{worker.tail()}")
        time.sleep(0.02)
    return time.monotonic() - begun


def recovered(case: str, trial: Trial, worker: Worker, begun: float, before: Answers, *, started: bool) -> Outcome:
    """Wait for the same answers as before."""
    ready = until(worker.ready, worker, begun)
    same = until(lambda: worker.answers(trial.names) == before, worker, begun)
    return Outcome(case, ready, same, worker.phases() if started else None)


async def held_by_both(trial: Trial, workers: Sequence[Worker]) -> None:
    """Wait until each of the workers holds some of the brands and is ready."""
    for _ in range(2_000):
        try:
            parts = [ask(f"http://127.0.0.1:{worker.port}/readyz")["brands"] for worker in workers]
        except OSError:
            parts = []
        if all(parts) and sum(len(part) for part in parts) == len(trial.names):
            return
        await asyncio.sleep(0.2)
    raise SystemExit("the two workers never shared the brands")


async def measured(trial: Trial) -> list[Outcome]:
    """All cases, one after another."""
    first = trial.worker()
    with Progress(transient=True) as progress:
        await trial.fill(progress)
        first.start()
        before = await trial.filled(first, progress)
    rows = []
    for _ in range(3):
        first.role.kill()
        begun = first.start()
        rows.append(await asyncio.to_thread(_case, "kill -9, same folder", trial, first, begun, before))
    first.role.kill()
    second = trial.worker()
    begun = second.start()
    rows.append(await asyncio.to_thread(_case, "kill -9, empty folder", trial, second, begun, before))
    third = trial.worker()
    third.start()
    await held_by_both(trial, (second, third))
    begun = time.monotonic()
    second.role.kill()
    rows.append(
        await asyncio.to_thread(recovered, "taken over by a second worker", trial, third, begun, before, started=False)
    )
    third.role.stop()
    return rows


def _case(case: str, trial: Trial, worker: Worker, begun: float, before: Answers) -> Outcome:
    return recovered(case, trial, worker, begun, before, started=True)


def show(rows: Sequence[Outcome], trial: Trial) -> None:
    """The table."""
    table = Table(title=f"seconds until a worker answers again, {trial.count:,} entries, {len(trial.names)} brands")
    table.add_column("case")
    columns = ("loaded", "listens", "assigned", "ledger and views", "matching", "/readyz", "same numbers", "goal")
    for name in columns:
        table.add_column(name, justify="right")
    for row in rows:
        phases = [_cell(value) for value in row.phases or [float("nan")] * 5]
        goal = f"≤ {LIMIT_S:.0f}" if "same folder" in row.case else ""
        table.add_row(row.case, *phases, f"{row.ready:.1f}" if row.phases else "", f"{row.same:.1f}", goal)
    Console(width=120).print(table)


def _cell(seconds: float) -> str:
    return "" if math.isnan(seconds) else f"{seconds:.1f}"  # what had not ended when the numbers were right


async def main() -> int:
    """Measure and print; 1 when the limit is broken."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=200_000)
    parser.add_argument("--brands", type=int, default=20)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        async with EmbeddedKafka(folder / "broker") as broker:
            trial = Trial(folder, broker.bootstrap, asked.entries, asked.brands)
            rows = await measured(trial)
    show(rows, trial)
    return 1 if max(row.same for row in rows if "same folder" in row.case) > LIMIT_S else 0


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main()))
