"""Figures of right and wrong answers, each with the interval in which another sample of posts would have put it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

Labels: TypeAlias = npt.NDArray[np.int64]
Bools: TypeAlias = npt.NDArray[np.bool_]
Rows: TypeAlias = npt.NDArray[np.int64]
Figure: TypeAlias = Callable[[Rows], float]
"""Of the posts with these numbers; a number may stand there twice."""

SAMPLES: Final = 1_000


class Interval(NamedTuple):
    """A figure and the bounds of its middle 95 % over resampled posts (Efron & Tibshirani 1993)."""

    value: float
    low: float
    high: float


def interval(figure: Figure, *sets: Rows, seed: int = 0) -> Interval:
    """Of all posts of the `sets`; each set is resampled within itself, so that its size stays."""
    dice = np.random.default_rng(seed)
    drawn = [figure(np.concatenate([dice.choice(rows, len(rows)) for rows in sets])) for _ in range(SAMPLES)]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Interval(figure(np.concatenate(sets)), float(low), float(high))


def accuracy(truth: Labels, answers: Labels) -> float:
    """Percent of right answers."""
    return 100 * float((truth == answers).mean())


def macro_f1(truth: Labels, answers: Labels) -> float:
    """Mean over the labels that stand in `truth` or in `answers`, of 100."""
    counts = _counts(truth, answers)
    told = counts.sum(axis=0) + counts.sum(axis=1)
    return 100 * float(np.mean(2 * np.diag(counts)[told > 0] / told[told > 0]))


def macro_recall(truth: Labels, answers: Labels) -> float:
    """Mean over the labels that stand in `truth`, of 100."""
    counts = _counts(truth, answers)
    there = counts.sum(axis=1)
    return 100 * float(np.mean(np.diag(counts)[there > 0] / there[there > 0]))


def f1(truth: Bools, answers: Bools) -> float:
    """Of "yes", of 100."""
    return 200 * int((truth & answers).sum()) / max(1, int(truth.sum()) + int(answers.sum()))


def mean_f1(truth: Bools, answers: Bools) -> float:
    """Mean over the columns, of 100."""
    return float(np.mean([f1(t, a) for t, a in zip(truth.T, answers.T, strict=True)]))


def where(chosen: Sequence[bool]) -> Rows:
    return np.flatnonzero(np.array(chosen, bool))


def _counts(truth: Labels, answers: Labels) -> npt.NDArray[np.int64]:
    """Rows are the truth."""
    size = 1 + int(max(truth.max(), answers.max()))
    return np.bincount(size * truth + answers, minlength=size * size).reshape(size, size)
