"""What the numbers of a simulated window say, and the truth about the population that the windows are samples of.

The truth of a share is the expected number of hits over the expected total, of a median the median of all there would
ever be. Both come from one long run: windows of other seeds than those judged, pooled as if they were one. So the truth
is itself within a fiftieth of the width of an interval. Where the algebra is short, `tests/benchmarks` holds it beside.
Not from the product's answers: true opinions, and waits for an answer as they are without an end of the window.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import msgspec
import numpy as np

from benchmarks.simulated_people import BRANDS, Regime
from benchmarks.simulator import WINDOW, simulate
from config.schema import Views
from streams.views.asked import Asked, Share
from streams.views.base import VIEWS
from streams.views.columns import Floats
from streams.views.reciprocity import Reciprocity
from streams.views.rows import Rows
from streams.views.thread_trees import ThreadTrees
from streams.views.voice import share_of_voice, voice_counts

Material: TypeAlias = Floats
"""Of one window, what the truth is pooled from: cells that are added up, or values that are put together."""

VALUES: Final = ("value", "share", "net", "median_s", "mean")
"""What an estimate is called, beside its `interval`."""
WAITS: Final = ("first_response", "first_response.by_brand")


@dataclass(frozen=True)
class Seen:
    """A number in one window. `high` None: the interval has no upper end; `interval` False: there is none."""

    value: float | None
    interval: bool
    low: float | None
    high: float | None
    material: Material
    fewest: int | None = None  # of a share: its hits, or what is none, whichever are fewer


def observe(regime: Regime, seed: int, views: Views) -> dict[str, Seen]:
    """Every number of the window that has an interval, by its name (`venues.by_posts.own`)."""
    window = simulate(regime, seed)
    rows, asked = window.frames[0].rows(WINDOW), Asked(views, window.confusion)
    counts = {str(brand): voice_counts(window.frames[brand].rows(WINDOW)) for brand in range(BRANDS)}
    answers: dict[str, msgspec.Struct] = {name: view(rows, asked) for name, view in VIEWS.items()}
    answers["share_of_voice"] = share_of_voice("0", counts, asked)
    special = {
        "sentiment.corrected": np.array([window.said[2] - window.said[0], window.said.sum()], dtype=np.float64),
        **dict(zip(WAITS, (window.first_reply, window.first_by_brand), strict=True)),
    }
    return seen(answers, special | of_trees(rows, views))


def seen(answers: Mapping[str, msgspec.Struct], special: Mapping[str, Material]) -> dict[str, Seen]:
    """Every estimate of these answers; `special`: material that does not follow from them."""
    found = {name: answer for top, answer in answers.items() for name, answer in estimates(top, answer)}
    return {name: _seen(answer, special.get(name)) for name, answer in found.items()}


def estimates(name: str, answer: msgspec.Struct) -> Iterator[tuple[str, msgspec.Struct]]:
    """Every part of an answer that has an interval, whatever view it is of."""
    if hasattr(answer, "interval"):
        yield name, answer
    for field in answer.__struct_fields__:
        part = getattr(answer, field)
        if isinstance(part, msgspec.Struct):
            yield from estimates(f"{name}.{field}", part)


def _seen(answer: Any, material: Material | None) -> Seen:
    value = next((getattr(answer, name) for name in VALUES if hasattr(answer, name)), None)
    low, high = answer.interval or (None, None)
    material = _material(answer, value) if material is None else material
    fewest = min(answer.count, answer.total - answer.count) if isinstance(answer, Share) else None
    return Seen(value, answer.interval is not None, low, high, material, fewest)


def _material(answer: Any, value: float | None) -> Material:
    if isinstance(answer, Share):
        return np.array([answer.count, answer.total], dtype=np.float64)
    if isinstance(answer, Reciprocity):
        return np.array([answer.mutual, answer.ties, answer.authors * (answer.authors - 1)], dtype=np.float64)
    if hasattr(answer, "net") and hasattr(answer, "posts"):
        return np.array([(answer.net or 0.0) * answer.posts, answer.posts], dtype=np.float64)
    return np.array([value or 0.0, value is not None], dtype=np.float64)  # a new number: the mean of its estimates


def of_trees(rows: Rows, views: Views) -> dict[str, Material]:
    """Of the shapes of threads."""
    trees = ThreadTrees(rows)
    several, large = trees.posts > 1, trees.posts >= views.min_thread_posts
    return {
        "threads.size": trees.posts[several].astype(np.float64),
        "threads.depth": trees.depth[several].astype(np.float64),
        "threads.virality.mean": np.array([trees.virality[large].sum(), large.sum()]),
        "threads.virality.median": trees.virality[large],
    }


def _ratio(cells: Floats) -> float:
    return float(cells[0] / cells[1]) if cells[1] else float("nan")


def _reciprocity(cells: Floats) -> float:
    mutual, ties, pairs = cells
    return float((mutual / ties - ties / pairs) / (1 - ties / pairs))


MEDIANS: Final = (*WAITS, "threads.size", "threads.depth", "threads.virality.median")
TRUTHS: Final[Mapping[str, Callable[[Floats], float]]] = {"reciprocity": _reciprocity}


class Pool:
    """Material of many windows."""

    def __init__(self) -> None:
        self._held: dict[str, list[Floats]] = defaultdict(list)

    def add(self, window: Mapping[str, Seen]) -> None:
        """One more window."""
        for name, seen in window.items():
            self._held[name].append(seen.material)

    def merge(self, others: Iterable[Pool]) -> Pool:
        """All windows of the others too."""
        for other in others:
            for name, held in other._held.items():
                self._held[name] += held
        return self

    def truths(self) -> dict[str, float]:
        """By name; infinite: never reached."""
        return {name: self._truth(name, held) for name, held in self._held.items()}

    @staticmethod
    def _truth(name: str, held: list[Floats]) -> float:
        if name in MEDIANS:
            return float(np.median(np.concatenate(held)))
        return TRUTHS.get(name, _ratio)(np.sum(held, axis=0))
