"""The Numenta Anomaly Benchmark: its files and its score (Lavin & Ahmad 2015, doi:10.1109/ICMLA.2015.141).

A detector says yes or no to every row. Rows of the first 15 % (750 at most) count for nothing. In each labelled window
the earliest yes scores tanh(5/2 · d) / tanh(5/2), d from 1 at the left edge to 1 / width at the right one; a window
without a yes costs the profile's `missed`. Every yes outside costs `false` · tanh(5/2 · d), d the distance to the end
of the window before it in its widths, and `false` in full beyond three widths or before any window. The score is
normalised so that saying nothing is 0 and a yes at each left edge, and nowhere else, is 100.

`tests/benchmarks/test_nab.py` holds this against rows and scores that Numenta has published.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

PROBATION: Final = 0.15
LONGEST_PROBATION: Final = 750
FAR: Final = 3.0
STEEP: Final = 2.5


class Profile(NamedTuple):
    """What a false alert and a missed window cost."""

    name: str
    false: float
    missed: float


PROFILES: Final = (Profile("standard", 0.11, 1), Profile("low FP", 0.22, 1), Profile("low FN", 0.11, 2))


class Series(NamedTuple):
    """The mentions of one brand: `counts` per five minutes from `starts` (ms); `windows` as [first, last] rows."""

    brand: str
    starts: Ints
    counts: Ints
    windows: tuple[tuple[int, int], ...]


def read(folder: Path) -> list[Series]:
    """All series of a folder with `windows.json` and one CSV for each file that it names."""
    labels: dict[str, list[list[str]]] = json.loads((folder / "windows.json").read_text())
    return [_series(folder / name, windows) for name, windows in labels.items()]


def _series(path: Path, windows: Sequence[Sequence[str]]) -> Series:
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    starts = np.array([_ms(row["timestamp"]) for row in rows], dtype=np.int64)
    edges = np.searchsorted(starts, [[_ms(edge) for edge in window] for window in windows])
    counts = np.array([int(row["value"]) for row in rows], dtype=np.int64)
    return Series(path.stem.rpartition("_")[2], starts, counts, tuple((int(a), int(b)) for a, b in edges))


def _ms(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def probation(rows: int) -> int:
    """How many rows count for nothing."""
    return min(int(PROBATION * rows), LONGEST_PROBATION)


def row_scores(series: Series, profile: Profile, rows: Ints) -> Floats:
    """What a yes at each of these rows scores."""
    scores = np.full(len(rows), -profile.false)
    for left, right in series.windows:
        after, within = rows > right, (rows >= left) & (rows <= right)
        away = (rows[after] - right) / (right - left)
        scores[after] = -profile.false * np.where(away > FAR, 1, np.tanh(STEEP * away))
        scores[within] = np.tanh(STEEP * (right + 1 - rows[within]) / (right + 1 - left)) / np.tanh(STEEP)
    return scores


def score(series: Series, yes: Bools, profile: Profile) -> float:
    """The unnormalised score: at most the number of windows."""
    hits = np.flatnonzero(yes)
    hits = hits[hits >= probation(len(yes))]
    scores, outside, total = row_scores(series, profile, hits), np.ones(len(hits), dtype=bool), 0.0
    for left, right in series.windows:
        within = (hits >= left) & (hits <= right)
        total += float(scores[within][0]) if within.any() else -profile.missed
        outside &= ~within
    return total + float(scores[outside].sum())


def normalised(total: float, windows: int, profile: Profile) -> float:
    """0 for silence, 100 for perfection. `total` over series with so many windows."""
    return 100 * (total + profile.missed * windows) / ((1 + profile.missed) * windows)


def overall(series: Sequence[Series], answers: Mapping[str, Bools], profile: Profile) -> float:
    """The normalised score over several brands; `answers` by brand."""
    total = sum(score(one, answers[one.brand], profile) for one in series)
    return normalised(total, sum(len(one.windows) for one in series), profile)


def first_hits(series: Series, yes: Bools) -> list[int | None]:
    """The row of the earliest yes in each window."""
    found = [np.flatnonzero(yes[left : right + 1]) for left, right in series.windows]
    return [left + int(hits[0]) if len(hits) else None for (left, _), hits in zip(series.windows, found, strict=True)]


def false_alerts(series: Series, yes: Bools) -> int:
    """Yeses outside of all windows, after probation."""
    outside = yes.copy()
    outside[: probation(len(yes))] = False
    for left, right in series.windows:
        outside[left : right + 1] = False
    return int(outside.sum())
