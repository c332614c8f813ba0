"""How often the 95 % intervals hold the truth: `python -m benchmarks.coverage [--runs N] [--json] [REGIME …]`.

Communities whose truth is known (`simulator.py`) are drawn anew in every run and shown to the product's own views. An
interval should hold the truth in 93 to 97 % of the runs. A number is out when the 95 % Monte-Carlo interval of its
coverage (Wilson's; about ±1.4 points around 95 % in 1,000 runs) lies wholly beside that; then the status is 1.

Besides the numbers of one window, the changes from one window to the next that `/health` tells: in communities that
stay as they are, and in such that get livelier (`simulated_change.py`).

What comes in few steps can only be held too often, as no interval cuts a step in two: medians of whole numbers, and
shares of which fewer than five hits, or five misses, are to be expected. These are out only from below. Not judged is
what has an interval in fewer than half of the runs, and a median that is never reached.
"""

from __future__ import annotations

import argparse
import itertools
import json
import multiprocessing
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from rich.console import Console
from rich.progress import Progress

from benchmarks.coverage_rows import HIGHEST, LOWEST, Row, plain, rows, table
from benchmarks.simulated_change import CHANGES, ChangePool, observe_change
from benchmarks.simulated_people import REGIMES, Regime
from benchmarks.simulated_truth import Pool, Seen, observe
from config.schema import Views

RUNS: Final = 1_000
TRUTH_RUNS: Final = 2_000
TRUTH_SEED: Final = 1_000_000
CHUNK: Final = 25


def chunk(regime: Regime, first: int, count: int, views: Views) -> tuple[Pool, list[dict[str, Seen]]]:
    """Some windows: what the truth is pooled from, and what was seen."""
    pool, windows = Pool(), [observe(regime, seed, views) for seed in range(first, first + count)]
    for window in windows:
        pool.add(window)
    return pool, windows


def _truth_chunk(job: tuple[Regime, int, int]) -> Pool:
    return chunk(*job, Views(bootstrap=50))[0]


def _judged_chunk(job: tuple[Regime, int, int]) -> list[dict[str, Seen]]:
    return [{name: _bare(seen) for name, seen in window.items()} for window in chunk(*job, Views())[1]]


def _bare(seen: Seen) -> Seen:
    """Without what the truth is made of, which is much to send."""
    return replace(seen, material=np.zeros(0))


def measure(
    regimes: Sequence[Regime], runs: int, truth_runs: int, seed: int, processes: int, niceness: int
) -> Iterator[Row]:
    """Regime after regime; the same for the same seed, whatever the number of processes."""
    with (
        multiprocessing.Pool(processes, os.nice, (niceness,)) as pool,
        Progress(console=Console(stderr=True)) as progress,
    ):
        for regime in regimes:
            task = progress.add_task(regime.name, total=runs + truth_runs)
            truth, windows = Pool(), list[dict[str, Seen]]()
            for job, found in zip(
                _jobs(regime, TRUTH_SEED + seed, truth_runs),
                pool.imap(_truth_chunk, _jobs(regime, TRUTH_SEED + seed, truth_runs)),
                strict=True,
            ):
                truth.merge((found,))
                progress.advance(task, job[2])
            for part in pool.imap(_judged_chunk, _jobs(regime, seed, runs)):
                windows += part
                progress.advance(task, len(part))
            yield from rows(regime.name, truth.truths(), windows)


def measure_changes(
    regimes: Sequence[Regime], runs: int, truth_runs: int, seed: int, processes: int, niceness: int
) -> Iterator[Row]:
    """The same for what health says of the window before, in each regime as before and livelier."""
    with (
        multiprocessing.Pool(processes, os.nice, (niceness,)) as pool,
        Progress(console=Console(stderr=True)) as progress,
    ):
        for regime, change in itertools.product(regimes, CHANGES):
            task = progress.add_task(f"{regime.name}, {change}", total=runs + truth_runs)
            truth, windows = ChangePool(), list[dict[str, Seen]]()
            for found in pool.imap(_true_changes, [(*j, change) for j in _jobs(regime, TRUTH_SEED + seed, truth_runs)]):
                truth.merge((found,))
                progress.advance(task, CHUNK)
            for part in pool.imap(_judged_changes, [(*job, change) for job in _jobs(regime, seed, runs)]):
                windows += part
                progress.advance(task, len(part))
            for one in rows(f"{regime.name}, {change}", truth.truths(), windows):
                yield replace(one, number=f"change.{one.number}")


def _true_changes(job: tuple[Regime, int, int, str]) -> ChangePool:
    regime, first, count, change = job
    pool = ChangePool()
    for seed in range(first, first + count):
        pool.add(regime, change, seed, Views(bootstrap=50))
    return pool


def _judged_changes(job: tuple[Regime, int, int, str]) -> list[dict[str, Seen]]:
    regime, first, count, change = job
    return [observe_change(regime, change, seed, Views()) for seed in range(first, first + count)]


def _jobs(regime: Regime, seed: int, runs: int) -> list[tuple[Regime, int, int]]:
    return [(regime, seed + first, min(CHUNK, runs - first)) for first in range(0, runs, CHUNK)]


def main() -> int:
    names = [regime.name for regime in REGIMES]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.coverage", description=__doc__)
    parser.add_argument("regimes", nargs="*", metavar="REGIME", help=f"of {', '.join(names)}; all unless said")
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--truth-runs", type=int, default=TRUTH_RUNS, help="windows the truth is pooled from")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--nice", type=int, default=10, help="how far to stand back for others")
    parser.add_argument("--only", choices=("windows", "changes"), help="the numbers of a window, or what moved")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    if unknown := set(given.regimes) - set(names):
        parser.error(f"no such regime: {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    regimes = [regime for regime in REGIMES if regime.name in (given.regimes or names)]
    how = (regimes, given.runs, given.truth_runs, given.seed, given.processes, given.nice)
    found = [] if given.only == "changes" else list(measure(*how))
    found += [] if given.only == "windows" else list(measure_changes(*how))
    out = [row for row in found if row.verdict.startswith("too")]
    if given.json:
        print(json.dumps([plain(row) for row in found], indent=1))
    else:
        console = Console(width=None if Console().is_terminal else 120)
        console.print(table(found))
        judged = sum(row.verdict != "not judged" for row in found)
        console.print(f"{judged - len(out)} of {judged} hold the truth in {LOWEST:.0%} to {HIGHEST:.0%} of the runs")
    return 1 if out else 0


if __name__ == "__main__":
    raise SystemExit(main())
