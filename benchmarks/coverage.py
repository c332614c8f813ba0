"""How often the 95 % intervals hold the truth: `python -m benchmarks.coverage [--runs N] [--json] [REGIME …]`.

Communities whose truth is known (`simulator.py`) are drawn anew in every run and shown to the product's own views. An
interval should hold the truth in 93 to 97 % of the runs. A number is out when the 95 % Monte-Carlo interval of its
coverage (Wilson's; about ±1.4 points around 95 % in 1,000 runs) lies wholly beside that; then the status is 1.

What comes in few steps can only be held too often, as no interval cuts a step in two: medians of whole numbers, and
shares of which fewer than five hits, or five misses, are to be expected. These are out only from below. Not judged is
what has an interval in fewer than half of the runs, and a median that is never reached.
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import numpy as np
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks.simulated_people import REGIMES, Regime
from benchmarks.simulated_truth import Pool, Seen, observe
from config.schema import Views
from streams.views.intervals import wilson

LOWEST, HIGHEST = 0.93, 0.97
RUNS: Final = 1_000
TRUTH_RUNS: Final = 2_000
TRUTH_SEED: Final = 1_000_000
CHUNK: Final = 25
FEWEST: Final = 5
STEPS: Final = {"threads.size", "threads.depth", "threads.virality.median"}


@dataclass(frozen=True)
class Row:
    """One number in one regime."""

    number: str
    regime: str
    runs: int  # with an interval
    coverage: float
    low: float  # of the coverage
    high: float
    truth: float
    width: float  # mean, of those with two ends
    below: float  # the interval lies below the truth
    above: float
    verdict: str


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


def rows(regime: Regime, truths: Mapping[str, float], windows: Sequence[Mapping[str, Seen]]) -> Iterator[Row]:
    """The coverage of each number."""
    for name, truth in truths.items():
        seen = [window[name] for window in windows if name in window and window[name].interval]
        yield row(name, regime.name, truth, seen, len(windows))


def row(name: str, regime: str, truth: float, seen: Sequence[Seen], runs: int) -> Row:
    """Of those windows in which there is an interval."""
    below = sum(one.high is not None and one.high < truth for one in seen)
    above = sum(one.low is not None and one.low > truth for one in seen)
    count = len(seen)
    held = count - below - above
    low, high = wilson(held, count) or (0.0, 1.0)
    widths = [one.high - one.low for one in seen if one.high is not None and one.low is not None]
    share = 1 / count if count else math.nan
    known = 2 * count >= runs and math.isfinite(truth)
    verdict = _verdict(low, high, _in_steps(name, seen)) if known else "not judged"
    width = float(np.mean(widths)) if widths else math.nan
    return Row(name, regime, count, held * share, low, high, truth, width, below * share, above * share, verdict)


def _in_steps(name: str, seen: Sequence[Seen]) -> bool:
    fewest = [one.fewest for one in seen if one.fewest is not None]
    return name in STEPS or sum(fewest) < FEWEST * len(fewest)


def _verdict(low: float, high: float, steps: bool) -> str:
    if high < LOWEST:
        return "too narrow"
    return "too wide" if low > HIGHEST and not steps else "held"


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
            yield from rows(regime, truth.truths(), windows)


def _jobs(regime: Regime, seed: int, runs: int) -> list[tuple[Regime, int, int]]:
    return [(regime, seed + first, min(CHUNK, runs - first)) for first in range(0, runs, CHUNK)]


def table(found: Sequence[Row]) -> Table:
    """By number, then regime."""
    shown = Table("number", "regime", "runs", "truth", "held %", "(95 %)", "below", "above", "width", "")
    order = {row.number: place for place, row in reversed(list(enumerate(found)))}
    last = ""
    for one in sorted(found, key=lambda row: order[row.number]):
        if last and one.number != last:
            shown.add_section()
        shown.add_row("" if one.number == last else one.number, *_cells(one))
        last = one.number
    return shown


def _cells(one: Row) -> tuple[str, ...]:
    mark = {"held": "", "not judged": "[dim]not judged[/]"}.get(one.verdict, f"[bold red]{one.verdict}[/]")
    return (
        one.regime,
        f"{one.runs:,}",
        f"{one.truth:.4g}",
        f"{100 * one.coverage:.1f}",
        f"{100 * one.low:.1f} to {100 * one.high:.1f}",
        f"{100 * one.below:.1f}",
        f"{100 * one.above:.1f}",
        f"{one.width:.3g}",
        mark,
    )


def _plain(one: Row) -> dict[str, Any]:
    """For JSON, which knows no infinity."""
    return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in asdict(one).items()}


def main() -> int:
    names = [regime.name for regime in REGIMES]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.coverage", description=__doc__)
    parser.add_argument("regimes", nargs="*", metavar="REGIME", help=f"of {', '.join(names)}; all unless said")
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--truth-runs", type=int, default=TRUTH_RUNS, help="windows the truth is pooled from")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--nice", type=int, default=10, help="how far to stand back for others")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    if unknown := set(given.regimes) - set(names):
        parser.error(f"no such regime: {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    regimes = [regime for regime in REGIMES if regime.name in (given.regimes or names)]
    found = list(measure(regimes, given.runs, given.truth_runs, given.seed, given.processes, given.nice))
    out = [row for row in found if row.verdict.startswith("too")]
    if given.json:
        print(json.dumps([_plain(row) for row in found], indent=1))
    else:
        console = Console(width=None if Console().is_terminal else 120)
        console.print(table(found))
        judged = sum(row.verdict != "not judged" for row in found)
        console.print(f"{judged - len(out)} of {judged} hold the truth in {LOWEST:.0%} to {HIGHEST:.0%} of the runs")
    return 1 if out else 0


if __name__ == "__main__":
    raise SystemExit(main())
