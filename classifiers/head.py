"""From a text's vector to its verdict."""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from classifiers.base import LABELS, Verdict

Array: TypeAlias = npt.NDArray[np.float64]

SHARES = 1_000  # probabilities are told in thousandths


class Head:
    """One hidden layer (ReLU) and a softmax over the labels; input scaling and temperature are folded in."""

    def __init__(self, w1: Array, b1: Array, w2: Array, b2: Array) -> None:
        """`w1` (width, hidden), `b1` (hidden), `w2` (hidden, 3), `b2` (3); ValueError when they do not fit together."""
        shapes = [array.shape for array in (w1, b1, w2, b2)]
        width, hidden = shapes[0] if w1.ndim == 2 else (0, 0)
        if shapes != [(width, hidden), (hidden,), (hidden, len(LABELS)), (len(LABELS),)]:
            raise ValueError(f"arrays of the shapes {shapes} do not fit together")
        self._w1, self._b1 = np.ascontiguousarray(w1.T), b1
        self._w2, self._b2 = np.ascontiguousarray(w2.T), b2
        self.width = width

    @classmethod
    def read(cls, path: Path) -> Head:
        """From an `.npz` of the four arrays (no pickle); KeyError or ValueError when it holds something else."""
        with np.load(path, allow_pickle=False) as arrays:
            return cls(*(arrays[name].astype(np.float64) for name in ("w1", "b1", "w2", "b2")))

    def probabilities(self, vector: npt.NDArray[np.floating]) -> Array:
        """(3,), of one text.

        One text at a time and by einsum on purpose: a BLAS product may round by the number of rows and of threads.
        """
        hidden = np.maximum(np.einsum("ij,j->i", self._w1, vector.astype(np.float64)) + self._b1, 0)
        scores = np.einsum("ij,j->i", self._w2, hidden) + self._b2
        powers = np.exp(scores - scores.max())
        return np.asarray(powers / powers.sum())

    def verdict(self, vector: npt.NDArray[np.floating]) -> Verdict:
        return verdict(self.probabilities(vector))


def verdict(probabilities: Array) -> Verdict:
    """Rounded to thousandths that sum to exactly 1 (largest remainders get the rest)."""
    exact = probabilities * SHARES
    shares = np.floor(exact).astype(int)
    missing = SHARES - int(shares.sum())
    for i in np.argsort(shares - exact, kind="stable")[:missing]:
        shares[i] += 1
    negative, neutral, positive = (float(share) / SHARES for share in shares)
    return Verdict(LABELS[int(np.argmax(shares))], (negative, neutral, positive))
