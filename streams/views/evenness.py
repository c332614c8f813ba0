"""How evenly the talk is spread over those who talk."""

from __future__ import annotations

import numpy as np

from streams.views.asked import Answer, Asked
from streams.views.columns import Ints
from streams.views.rows import Rows


class Unevenness(Answer, frozen=True, kw_only=True):
    """`gini` of posts per author: 0 all alike, towards 1 one person says everything. `absence_factor` (CHAOSS): the
    fewest authors who wrote half of the posts."""

    gini: float | None = None
    absence_factor: int | None = None


def unevenness(rows: Rows, asked: Asked) -> Unevenness:
    """Over all entries of the window, reposts and own accounts too."""
    sizes = np.bincount(rows.author_number, minlength=len(rows.authors))
    too_few = asked.too_few(len(rows), len(sizes))
    return Unevenness(
        posts=len(rows),
        authors=len(sizes),
        insufficient=too_few,
        gini=None if too_few else gini(sizes),
        absence_factor=None if too_few else absence_factor(sizes),
    )


def gini(sizes: Ints) -> float:
    """sum (2i - n - 1) x_i / (n sum x) over ascending x (Gini 1912), in whole numbers up to the one division."""
    ordered, n = np.sort(sizes), len(sizes)
    return int(np.arange(1 - n, n, 2) @ ordered) / (n * int(ordered.sum()))


def absence_factor(sizes: Ints) -> int:
    """The smallest k such that the k loudest authors wrote at least half."""
    descending = np.cumsum(np.sort(sizes)[::-1])
    return int(np.searchsorted(descending * 2, descending[-1])) + 1
