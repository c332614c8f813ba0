"""Every collector through seeded faults and kills: `python -m benchmarks.faults [--runs 1000] [NETWORK…]`.

Each run is one network of the contract suite (`tests/contract/worlds/`) on loopback, behind a server that by the dice
of the run's seed refuses, fails, cuts bodies, drips bytes, sends garbage and closes connections, and a collector that
is killed after one to six batches, with the last resume points saved or not, again and again; then the network changes
(edits, deletions, news) and all of it happens once more. What was told is compared with an independent reading of what
the server held: `lost` are posts, edits and deletions that were not told, `doubled` those that were told once more
although the resume point behind them had been saved. Before the network changes the collector lives for a moment: of a
post that is told, whose resume point is lost in a kill, and that is deleted before the collector is back, no network
without lasting deletion events can tell (docs/invariants.md).

Goal: zero lost and zero doubled in 1,000 runs of each.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from random import Random
from typing import NamedTuple

import uvloop
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bots.http import Http
from tests.contract.reading import WORLDS, Reader, matches
from tests.contract.source_server import FAULTS, SourceServer, serving
from tests.contract.source_worlds import World

log = logging.getLogger(__name__)
RUNS = 1_000
PIECE = 50
"""Runs of one process's turn."""
TOGETHER = 10
"""Runs at once in one process: a run spends most of its time waiting for a pause, a slow byte or a broken line."""
PATIENCE_S = 5.0
"""How long a collector waits for a server that shares its processor with so many others."""
LONGEST_S = 300.0
"""After so long a run counts as lost."""
PEACE = 30
"""Batches of a life that is not cut short."""
MOST_KILLS = 400
"""After so many what has not been told counts as lost. The faults are over long before."""
MOST_BATCHES = 6
"""Between two kills."""
WEIGHTS = (6, 1, 1, 1, 1, 1, 1)


class Outcome(NamedTuple):
    """Of some runs of one network."""

    network: str
    runs: int
    faults: int
    kills: int
    lost: list[int]
    """Seeds of runs in which something was never told."""
    doubled: list[int]
    seconds: float


async def run(world: World, seed: int) -> tuple[int, int, bool, bool]:
    """Faults, kills, and whether anything was lost or doubled."""
    random = Random(seed)
    async with serving(world.serve) as server:
        world.url, world.dice = server.url, Random(seed)
        client = Http("test@example.org", random=Random(seed), base_s=0.001, timeout_s=PATIENCE_S, environment=False)
        async with client as http:
            reader = Reader(world, http)
            kills, whole = await _through(reader, server, random)
            await _in_peace(reader, server)
            if world.change():
                more, again = await _through(reader, server, random)
                kills, whole = kills + more, whole and again
            return world.wrong + sum(fault != "ok" for fault in server.met), kills, not whole, bool(reader.doubled)


async def _through(reader: Reader, server: SourceServer, random: Random) -> tuple[int, bool]:
    server.break_with(random.choices(FAULTS, WEIGHTS, k=200))
    for kills in range(MOST_KILLS):
        await reader.read(random.choice((1, 1, 2, 3, MOST_BATCHES)), forget=random.choice((0, 0, 1, 2)))
        if matches(reader):
            await reader.read(PEACE)
            return kills, matches(reader)
        if reader.ended:
            return kills, False
    return MOST_KILLS, False


async def _in_peace(reader: Reader, server: SourceServer) -> None:
    """A life without faults: the resume point that it leaves knows of everything that has been told."""
    later = list(server.faults)
    server.faults.clear()
    await reader.read(PEACE)
    server.break_with(later)


async def _one(network: str, seed: int, room: asyncio.Semaphore) -> tuple[int, int, bool, bool]:
    """A run when there is room for it. One that crashes or never ends has lost what it did not tell."""
    async with room:
        with tempfile.TemporaryDirectory() as folder:
            try:
                async with asyncio.timeout(LONGEST_S):
                    return await run(WORLDS[network](Path(folder)), seed)
            except Exception:  # whatever it is, the other runs go on, and this one counts as failed
                log.exception("%s, seed %d", network, seed)
                return 0, 0, True, False


async def _together(network: str, seeds: Sequence[int]) -> list[tuple[int, int, bool, bool]]:
    """Runs wait more than they compute: many at once."""
    room = asyncio.Semaphore(TOGETHER)
    return await asyncio.gather(*(_one(network, seed, room) for seed in seeds))


def piece(network: str, seeds: Sequence[int]) -> Outcome:
    """Some runs, in a process of their own."""
    logging.getLogger("bots").setLevel(logging.ERROR)  # the faults are on purpose
    began = time.monotonic()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:  # as the roles have
        found = runner.run(_together(network, seeds))
    return Outcome(
        network,
        len(seeds),
        sum(faults for faults, _, _, _ in found),
        sum(kills for _, kills, _, _ in found),
        [seed for seed, (_, _, lost, _) in zip(seeds, found, strict=True) if lost],
        [seed for seed, (_, _, _, doubled) in zip(seeds, found, strict=True) if doubled],
        time.monotonic() - began,
    )


def total(parts: Sequence[Outcome]) -> Outcome:
    """The parts of one network together."""
    return Outcome(
        parts[0].network,
        sum(part.runs for part in parts),
        sum(part.faults for part in parts),
        sum(part.kills for part in parts),
        sorted(seed for part in parts for seed in part.lost),
        sorted(seed for part in parts for seed in part.doubled),
        sum(part.seconds for part in parts),
    )


def main(networks: Sequence[str], seeds: range, processes: int, *, as_json: bool) -> int:
    """Run and print; 1 when anything was lost or doubled."""
    pieces = [(name, seeds[start : start + PIECE]) for name in networks for start in range(0, len(seeds), PIECE)]
    outcomes: dict[str, list[Outcome]] = {name: [] for name in networks}
    with Progress(console=Console(stderr=True)) as bar, ProcessPoolExecutor(processes) as pool:
        task = bar.add_task("runs", total=len(seeds) * len(networks))
        for done in as_completed([pool.submit(piece, *each) for each in pieces]):
            outcome = done.result()
            outcomes[outcome.network].append(outcome)
            bar.update(task, advance=outcome.runs)
    totals = [total(parts) for parts in outcomes.values()]
    if as_json:
        print(json.dumps([each._asdict() for each in totals], indent=1))
    else:
        Console(width=110).print(table(totals))
    return int(any(each.lost or each.doubled for each in totals))


def table(totals: Sequence[Outcome]) -> Table:
    """One row for each network."""
    found = Table(title=f"{totals[0].runs:,} seeded runs of each network, {TOGETHER} at once in each process")
    for column in ("network", "faults met", "kills", "lost", "doubled", "seconds a run"):
        found.add_column(column, justify="left" if column == "network" else "right")
    for each in totals:
        found.add_row(
            each.network, f"{each.faults:,}", f"{each.kills:,}", _seeds(each.lost), _seeds(each.doubled),
            f"{each.seconds / each.runs:.2f}",
        )  # fmt: skip
    return found


def _seeds(seeds: Sequence[int]) -> str:
    """How many, and which to run again."""
    return f"{len(seeds)} (seeds {', '.join(map(str, seeds[:4]))}…)" if seeds else "0"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("networks", nargs="*", choices=[*WORLDS, []], metavar="NETWORK", help="default: all")
    parser.add_argument("--runs", type=int, default=RUNS, help="runs of each network (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="the first run's; the others count on (default: 0)")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="default: one for each processor")
    parser.add_argument("--json", action="store_true", help="the figures alone")
    given = parser.parse_args()
    wanted = range(given.seed, given.seed + given.runs)
    sys.exit(main(given.networks or list(WORLDS), wanted, given.processes, as_json=given.json))
