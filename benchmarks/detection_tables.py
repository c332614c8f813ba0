"""What `benchmarks.detection` prints."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich.table import Table

from benchmarks.detection_simulated import BUDGETS, DEVIATIONS, WITHIN, Shares
from benchmarks.nab import PROFILES, Series
from benchmarks.nab_compared import CHOSEN_ON, Row
from benchmarks.nab_published import OVERALL, published


def recorded(rows: Sequence[Row], series: Sequence[Series]) -> Table:
    """NAB's scores, of 100, beside published ones."""
    others = [one.brand for one in series if one.brand not in CHOSEN_ON]
    table = Table(title=f"NAB, {', '.join(others)} (settings from {' and '.join(CHOSEN_ON)})")
    for name in ("detector", "threshold"):
        table.add_column(name, no_wrap=True)
    for name in (*(profile.name for profile in PROFILES), "all five", "found", "false/week", "delay, h"):
        table.add_column(name, justify="right")
    for one in rows:
        rest = (f"{one.found}/{one.windows}", f"{one.false_per_week:.2f}", _number(one.delay_hours))
        table.add_row(one.name, one.how, *map(_number, one.scores), _number(one.scores_all[0]), *rest)
    table.add_section()
    here, everywhere = published(others), published([one.brand for one in series])
    for name in OVERALL:
        scores = (*map(_number, here[name]), _number(everywhere[name][0]))
        table.add_row(name, "published", *scores, "", "", "")
    return table


def simulated(world: str, brands: int, false: Sequence[float], spikes: Sequence[Shares]) -> Table:
    """False alerts and spikes found, by budget."""
    table = Table(title=f"simulated, {world}: {brands} brands", show_lines=False)
    table.add_column("budget, false alerts per brand and week")
    for budget in BUDGETS:
        table.add_column(f"{budget:g}", justify="right")
    table.add_column("law known", justify="right")
    table.add_row("false alerts per brand and week", *(f"{each:.2f}" for each in false), f"{BUDGETS[0]:.2f}")
    minutes = ", ".join(map(str, WITHIN))
    for kind in spikes:
        name = f"of {kind.spikes} spikes of {DEVIATIONS:g} {kind.kind}: % found within {minutes} min"
        cells = (" ".join(f"{100 * share:.0f}" for share in shares) for shares in (*kind.within, kind.best))
        table.add_row(name, *cells)
    return table


def _number(value: float | None) -> str:
    return "" if value is None or math.isnan(value) else f"{value:.1f}"
