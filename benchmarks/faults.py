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
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from random import Random
from typing import NamedTuple

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bots.http import Http
from tests.contract.reading import WORLDS, Reader, matches
from tests.contract.source_server import FAULTS, SourceServer, serving
from tests.contract.source_worlds import World

RUNS = 1_000
PIECE = 20
"""Runs of one process's turn."""
PEACE = 30
"""Batches that are read undisturbed before the network changes."""
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
        world.url = server.url
        async with Http("test@example.org", random=Random(seed), base_s=0.001, timeout_s=2.0) as http:
            reader = Reader(world, http)
            kills, whole = await _through(reader, server, random)
            if world.change():
                more, again = await _through(reader, server, random)
                kills, whole = kills + more, whole and again
            return sum(fault != "ok" for fault in server.met), kills, not whole, bool(reader.doubled)


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


def piece(network: str, seeds: Sequence[int]) -> Outcome:
    """Some runs, in a process of their own."""
    began, faults, kills = time.monotonic(), 0, 0
    lost, doubled = [], []
    for seed in seeds:
        with tempfile.TemporaryDirectory() as folder:
            met, killed, missing, twice = asyncio.run(run(WORLDS[network](Path(folder)), seed))
        faults, kills = faults + met, kills + killed
        lost += [seed] if missing else []
        doubled += [seed] if twice else []
    return Outcome(network, len(seeds), faults, kills, lost, doubled, time.monotonic() - began)


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


def main(networks: Sequence[str], runs: int) -> int:
    """Run and print; 1 when anything was lost or doubled."""
    pieces = [(name, range(start, min(runs, start + PIECE))) for name in networks for start in range(0, runs, PIECE)]
    outcomes: dict[str, list[Outcome]] = {name: [] for name in networks}
    with Progress() as bar, ProcessPoolExecutor(os.cpu_count()) as pool:
        task = bar.add_task("runs", total=runs * len(networks))
        for done in as_completed([pool.submit(piece, *each) for each in pieces]):
            outcome = done.result()
            outcomes[outcome.network].append(outcome)
            bar.update(task, advance=outcome.runs)
    table = Table(title=f"{runs:,} seeded runs of each network")
    for column in ("network", "faults met", "kills", "lost", "doubled", "seconds a run"):
        table.add_column(column, justify="left" if column == "network" else "right")
    totals = [total(parts) for parts in outcomes.values()]
    for each in totals:
        table.add_row(
            each.network, f"{each.faults:,}", f"{each.kills:,}", _seeds(each.lost), _seeds(each.doubled),
            f"{each.seconds / each.runs:.2f}",
        )  # fmt: skip
    Console(width=110).print(table)
    return int(any(each.lost or each.doubled for each in totals))


def _seeds(seeds: Sequence[int]) -> str:
    """How many, and which to run again."""
    return f"{len(seeds)} (seeds {', '.join(map(str, seeds[:4]))}…)" if seeds else "0"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("networks", nargs="*", choices=[*WORLDS, []], metavar="NETWORK", help="default: all")
    parser.add_argument("--runs", type=int, default=RUNS, help="seeds 0 to RUNS - 1 (default: %(default)s)")
    given = parser.parse_args()
    sys.exit(main(given.networks or list(WORLDS), given.runs))
