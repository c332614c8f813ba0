"""Class shares as they would be without the classifier's known errors.

With C[t, a] the share of posts of true class t that the classifier calls a, its answers are distributed as q = C' p.
So p = C'^-1 q, cut to the simplex (Rogan & Gladen 1978; Forman 2008, "adjusted count").
"""

from __future__ import annotations

from typing import Final

import numpy as np

from streams.views.asked import Confusion
from streams.views.columns import Floats, identity

MAX_CONDITION: Final = 10.0
"""Of C: above, the classes are told apart so badly that the correction amplifies noise tenfold."""
MIN_MEASURED: Final = 20
"""Validation posts of each true class; fewer do not fix a row of C."""


def problem(confusion: Confusion) -> str | None:
    """Why a matrix cannot be used; None: it can."""
    counts = np.asarray(confusion, dtype=np.float64)
    if counts.shape != (3, 3) or not np.isfinite(counts).all() or (counts < 0).any():
        return "the confusion matrix is not 3 x 3 counts"
    if counts.sum(axis=1).min() < MIN_MEASURED:
        return f"the classifier was measured on fewer than {MIN_MEASURED} posts of a class"
    if np.linalg.cond(_shares(counts)) > MAX_CONDITION:
        return "the classifier confuses the classes too much to correct for it"
    return None


def correct(confusion: Confusion, answers: Floats) -> Floats:
    """Corrected shares of the classes from counts of the answers, (3,) or (3, replicates)."""
    return _solve(_shares(np.asarray(confusion, dtype=np.float64)), answers)


def correct_replicates(lang: str, confusion: Confusion, answers: Floats) -> Floats:
    """The same for each replicate (3, B), each with a matrix of its own: it was measured on a sample too.

    Its rows are drawn from Dirichlet(counts); the seed is the language, so that the draw is the same everywhere.
    """
    random = np.random.Generator(np.random.PCG64(identity(lang) & 0xFFFF_FFFF))
    counts = np.broadcast_to(np.asarray(confusion, dtype=np.float64), (answers.shape[1], 3, 3))
    return _solve(_shares(random.standard_gamma(counts)), answers)


def _shares(counts: Floats) -> Floats:
    shares: Floats = counts / counts.sum(axis=-1, keepdims=True)
    return shares


def _solve(shares: Floats, answers: Floats) -> Floats:
    """`shares` (3, 3) or (B, 3, 3), `answers` (3,) or (3, B) -> true shares like `answers`; of no answers, zeros."""
    observed = answers / np.maximum(answers.sum(axis=0), 1)
    solved = np.linalg.solve(np.swapaxes(shares, -1, -2), observed.T[..., None])[..., 0].T
    positive = np.maximum(solved, 0.0)
    corrected: Floats = positive / np.where(positive.sum(axis=0) > 0, positive.sum(axis=0), 1.0)
    return corrected
