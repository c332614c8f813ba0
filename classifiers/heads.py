"""From a text's vectors to its verdict: one linear layer for each question."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from classifiers.base import LABELS, STAGES, Verdict

Array: TypeAlias = npt.NDArray[np.float64]

SHARES: Final = 1_000  # probabilities are told in thousandths


@dataclass(frozen=True)
class Linear:
    """`weight` (answers, width) and `bias` (answers,); ValueError when they do not fit together."""

    weight: Array
    bias: Array

    def __post_init__(self) -> None:
        if self.weight.ndim != 2 or self.bias.shape != self.weight.shape[:1]:
            raise ValueError(f"a weight {self.weight.shape} and a bias {self.bias.shape} do not fit together")

    def __call__(self, vector: Array) -> Array:
        """(answers,), of one text. By einsum on purpose: a BLAS product may round by its number of rows and threads."""
        return np.asarray(np.einsum("ij,j->i", self.weight, vector) + self.bias)


@dataclass(frozen=True)
class Heads:
    """The questions a vector is asked; temperatures are folded into weights and biases."""

    sentiment: Linear
    """Of a text as a whole."""
    targeted: Linear
    """Toward a target: the same with its own temperature, as the model is surer there than it may be, or less."""
    stages: Linear
    relevance: Linear
    embedding: Linear
    thresholds: Array
    """(7,): the probability from which a stage is told."""

    def __post_init__(self) -> None:
        found = [len(head.bias) for head in (self.sentiment, self.targeted, self.stages, self.relevance)]
        needed = [len(LABELS), len(LABELS), len(STAGES), 1, len(STAGES)]
        if [*found, len(self.thresholds)] != needed:
            raise ValueError(f"heads with {[*found, len(self.thresholds)]} answers: {needed} are needed")

    @property
    def width(self) -> int:
        return int(self.sentiment.weight.shape[1])

    @property
    def hidden(self) -> int:
        return len(self.embedding.bias)

    @classmethod
    def read(cls, path: Path) -> Heads:
        """From an `.npz` (no pickle); KeyError or ValueError when it holds something else."""
        with np.load(path, allow_pickle=False) as arrays:
            found = {name: arrays[name].astype(np.float64) for name in arrays.files}
        names = ("sentiment", "targeted", "stages", "relevance", "embedding")
        heads = {name: Linear(found[f"{name}.weight"], found[f"{name}.bias"]) for name in names}
        return cls(**heads, thresholds=found["stages.thresholds"])

    def verdict(self, vector: npt.NDArray[np.floating], *, targeted: bool, relevance: bool) -> Verdict:
        """`vector` (width,): the mean of the text's tokens, its first token, and the mean of those that name the
        target."""
        wide = vector.astype(np.float64)
        sentiment, p = opinion(softmax((self.targeted if targeted else self.sentiment)(wide)))
        stage_p = sigmoid(self.stages(wide))
        stages = [s for s, found, least in zip(STAGES, stage_p, self.thresholds, strict=True) if found >= least]
        return Verdict(
            sentiment, p,
            told(float(sigmoid(self.relevance(wide))[0])) if relevance else None,
            tuple(stages),
            tuple(map(told, stage_p.tolist())),
        )  # fmt: skip

    def place(self, vector: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
        """(hidden,), of length 1: texts on the same matter lie close together, whatever they feel about it."""
        found = self.embedding(vector[: self.embedding.weight.shape[1]].astype(np.float64))
        return np.asarray(found / max(float(np.sqrt(np.einsum("i,i->", found, found))), 1e-12), np.float32)


def softmax(scores: Array) -> Array:
    powers = np.exp(scores - scores.max())
    return np.asarray(powers / powers.sum())


def sigmoid(scores: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-np.clip(scores, -500, 500))))


def told(probability: float) -> float:
    """To three decimals."""
    return round(probability, 3)


def opinion(probabilities: Array) -> tuple[str, tuple[float, float, float]]:
    """The label, and probabilities rounded to thousandths that sum to exactly 1 (largest remainders get the rest)."""
    exact = probabilities * SHARES
    shares = np.floor(exact).astype(int)
    missing = SHARES - int(shares.sum())
    for i in np.argsort(shares - exact, kind="stable")[:missing]:
        shares[i] += 1
    negative, neutral, positive = (float(share) / SHARES for share in shares)
    return LABELS[int(np.argmax(shares))], (negative, neutral, positive)
