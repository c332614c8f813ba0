"""Reads the labelled posts. They are other people's: they stay outside the repository."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from classifiers.base import LABELS
from classifiers.text import clean

SETS = ("en_semeval2017", "de_umsab", "en_umsab", "es_umsab", "fr_umsab", "it_umsab", "pt_umsab")
"""Left out: `es_tass`, whose terms allow research only, and the languages that the model does not serve."""


@dataclass(frozen=True)
class Posts:
    """Labelled texts, cleaned as the classifier cleans them."""

    texts: list[str]
    labels: npt.NDArray[np.int64]
    """Index in `LABELS`."""
    languages: npt.NDArray[np.str_]
    sets: npt.NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.texts)


def read(folder: Path, split: str) -> Posts:
    """All posts of `split` (`train` or `val`); FileNotFoundError names the file that is missing."""
    rows = [(name, *row) for name in SETS for row in _rows(folder / "sentiment" / f"{name}_{split}.tsv")]
    return Posts(
        [clean(text) for _, _, text in rows],
        np.array([LABELS.index(label) for _, label, _ in rows]),
        np.array([name[:2] for name, _, _ in rows]),
        np.array([name for name, _, _ in rows]),
    )


def _rows(path: Path) -> list[tuple[str, str]]:
    """Label and text of each line after the header; quotes mean nothing in these files."""
    lines = path.read_text(encoding="utf-8").split("\n")[1:]
    return [(label, text) for label, _, text in (line.partition("\t") for line in lines if line)]
