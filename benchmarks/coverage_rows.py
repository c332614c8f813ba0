"""One line of `benchmarks.coverage`: how often an interval held the truth, and how it is judged."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from rich.table import Table

from benchmarks.simulated_truth import Seen
from streams.views.intervals import wilson

LOWEST, HIGHEST = 0.93, 0.97
FEWEST: Final = 5
STEPS: Final = {"threads.size", "threads.depth", "threads.virality.median", "depth"}


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


def rows(regime: str, truths: Mapping[str, float], windows: Sequence[Mapping[str, Seen]]) -> Iterator[Row]:
    """The coverage of each number."""
    for name, truth in truths.items():
        seen = [window[name] for window in windows if name in window and window[name].interval]
        yield row(name, regime, truth, seen, len(windows))


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


def plain(one: Row) -> dict[str, Any]:
    """For JSON, which knows no infinity."""
    return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in asdict(one).items()}
