"""What `benchmarks.live` prints."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import psutil
from rich.console import Console
from rich.table import Table

from benchmarks.live_asking import QUICK, Asker

LIMIT_S, LAG_S, CIRCLES_S = 1.0, 2.0, 10.0
ROUTES: Final = (*QUICK, "live")


class Load:
    """Who takes how much of the machine's cores, from now on; `ours`: names and process ids."""

    def __init__(self, ours: Mapping[str, int]) -> None:
        self._ours = {name: psutil.Process(pid) for name, pid in ours.items()}
        self._begun, self._at = self._used(), time.monotonic()

    def _used(self) -> dict[str, float]:
        whole = psutil.cpu_times()
        everybody = whole.user + whole.nice + whole.system + whole.irq + whole.softirq
        ours = {name: _seconds(process) for name, process in self._ours.items()}
        return ours | {"everybody": everybody, "stolen": getattr(whole, "steal", 0.0)}

    def report(self) -> str:
        """Parts of one core."""
        now, passed = self._used(), time.monotonic() - self._at
        parts = {name: (now[name] - self._begun[name]) / passed for name in now}
        stolen, everybody = parts.pop("stolen"), parts.pop("everybody")
        others = everybody - sum(parts.values())  # the process for circles too, while it is at work
        said = ", ".join(f"{name} {part:.0%}" for name, part in parts.items())
        return (
            f"of one core: {said}; other processes of this machine {others:.0%}, "
            f"other machines of its host {stolen:.0%} (it has {os.cpu_count()} cores)"
        )


def _seconds(process: psutil.Process) -> float:
    """With the children it has had."""
    times = process.cpu_times()
    return float(times.user + times.system + times.children_user + times.children_system)


def show(asker: Asker, wanted: float, rate: float) -> bool:
    """Print it; whether the goals are reached."""
    console, lags = Console(width=110), asker.lags
    console.print(_quick(asker, wanted, rate))
    console.print(_slow(asker))
    p50, p95, p99, most = np.percentile(lags, (50, 95, 99, 100))
    console.print(
        f"consumer behind by p50 {p50:.2f} s, p95 {p95:.2f} s, p99 {p99:.2f} s, at most {most:.2f} s "
        f"(goal: under {LAG_S:g} s); {len(lags):,} looks"
    )
    quick = all(route in asker.times and np.percentile(asker.times[route], 95) <= LIMIT_S for route in ROUTES)
    return quick and most < LAG_S and max(asker.worked.get("circles", [np.inf])) <= CIRCLES_S


def _quick(asker: Asker, wanted: float, rate: float) -> Table:
    table = Table(title=f"from acknowledgement to answer, at {rate:,.0f} of {wanted:,.0f} entries/s, ms")
    for name in ("", "entries", "p50", "p95", "most", "goal (p95)", "a question, p50", "p95"):
        table.add_column(name, justify="right" if name else "left")
    for route in ROUTES:
        found, asked = asker.times.get(route, []), asker.questions.get(route, [])
        table.add_row(f"/{route}", f"{len(found):,}", *_ms(found), f"{1_000 * LIMIT_S:,.0f}", *_ms(asked)[:2])
    return table


def _slow(asker: Asker) -> Table:
    table = Table(title="what is worked out at most once a minute, s")
    for name in ("", "times", "waited for, p50", "most", "goal", "age of an answer, p50", "most"):
        table.add_column(name, justify="right" if name else "left")
    for route, goal in (("circles", f"{CIRCLES_S:g}"), ("health", "")):
        worked, ages = asker.worked.get(route, []), asker.ages.get(route, [])
        table.add_row(f"/{route}", f"{len(worked)}", *_s(worked), goal, *_s(ages))
    return table


def _ms(found: Sequence[float]) -> list[str]:
    return [f"{1_000 * value:,.0f}" for value in np.percentile(found, (50, 95, 100))] if found else ["–"] * 3


def _s(found: Sequence[float]) -> list[str]:
    return [f"{value:.1f}" for value in np.percentile(found, (50, 100))] if found else ["–"] * 2
