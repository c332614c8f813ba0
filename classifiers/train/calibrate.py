"""After training: temperatures and thresholds, set on posts that were not trained on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression

from classifiers.base import STAGES

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

BINS: Final = 15
TEMPERATURES: Final = np.exp(np.linspace(np.log(0.4), np.log(4.0), 200))
LEAST: Final = np.round(np.arange(0.2, 0.71, 0.02), 2)
"""Thresholds that are tried for each stage."""


@dataclass(frozen=True)
class Scaling:
    """(score - shift) / temperature: vector scaling with one temperature (Guo et al. 2017)."""

    temperature: float
    shift: Floats
    """(labels,), with mean 0."""

    def __call__(self, scores: Floats) -> Floats:
        return np.asarray((scores - self.shift) / self.temperature)


def scaling_of_labels(scores: Floats, labels: npt.NDArray[np.int64], weights: Floats) -> Scaling:
    """That under which the labels are likeliest, for `scores` (posts, labels)."""
    rows = np.arange(len(labels))

    def loss(line: Floats) -> float:
        scaled = scores * np.exp(line[0]) + line[1:]
        return float((weights * (np.logaddexp.reduce(scaled, axis=1) - scaled[rows, labels])).sum() / weights.sum())

    found = minimize(loss, np.zeros(1 + scores.shape[1]), method="L-BFGS-B").x
    temperature = float(np.exp(-found[0]))
    return Scaling(temperature, -(found[1:] - found[1:].mean()) * temperature)


def temperature_of_yes(scores: Floats, truth: Bools) -> float:
    """The same for yes and no: `scores` and `truth` of one shape."""
    signs = np.where(truth, 1.0, -1.0)
    return float(min(TEMPERATURES, key=lambda t: float(np.logaddexp(0, -signs * scores / t).sum())))


def line_of_yes(scores: Floats, truth: Bools) -> tuple[float, float]:
    """Temperature and shift, (score - shift) / temperature, under which yes and no are likeliest (Platt 1999): for a
    head that was trained on other shares of yes than it will meet."""
    fitted = LogisticRegression(C=1e6).fit(scores[:, None], truth)
    slope, start = float(fitted.coef_[0, 0]), float(fitted.intercept_[0])
    if slope <= 0:
        raise ValueError("the scores say the opposite of the truth: this head has learnt nothing")
    return 1 / slope, -start / slope


def thresholds(probabilities: Floats, truth: Bools) -> Floats:
    """(7,): for each stage the threshold of the best F1, pulled toward a half, as few posts stand behind it."""
    best = [max(LEAST, key=lambda least: _f1(p >= least, t)) for p, t in zip(probabilities.T, truth.T, strict=True)]
    assert len(best) == len(STAGES)
    return np.round((np.array(best) + 0.5) / 2, 2)


def _f1(answer: Bools, truth: Bools) -> float:
    both = int((answer & truth).sum())
    return 2 * both / max(1, int(answer.sum()) + int(truth.sum()))


def error(sure: Floats, right: npt.NDArray[np.bool_]) -> float:
    """Expected calibration error over 15 bins of equal width: the mean distance of confidence and share of right
    answers (Guo et al. 2017)."""
    bins = np.minimum((sure * BINS).astype(int), BINS - 1)
    gaps = [abs(right[bins == b].mean() - sure[bins == b].mean()) * (bins == b).mean() for b in np.unique(bins)]
    return float(sum(gaps))
