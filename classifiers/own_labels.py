"""From the labels of a user's model to ours."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from classifiers.bad_model import LABELS_KEY, MODEL_KEY, BadModel
from classifiers.base import LABELS

Columns: TypeAlias = npt.NDArray[np.float64]
"""(labels of the model, 3): a one where the label counts for ours."""

_SPOKEN: Final = {
    **{name: name for name in LABELS},
    "neg": "negative", "neu": "neutral", "pos": "positive",
    "very negative": "negative", "very positive": "positive",
    "slightly negative": "negative", "slightly positive": "positive",
}  # fmt: skip
"""Names that say what they mean, in lower case."""
_PLAIN: Final = re.compile(r"[A-Za-z][\w ]*")


def columns(names: Sequence[str], given: Mapping[str, str]) -> Columns:
    """How the model's labels `names` add up to ours: by `given` (label to one of `LABELS`), else by what they say.

    Several labels may count for one of ours ("1 star" and "2 stars"). Neutral may have none: it then gets 0. BadModel
    when a label means nothing, or when negative or positive has none.
    """
    if len(names) < 2:
        raise BadModel(f"{MODEL_KEY}: the model gives a single number, not a choice of labels; take a classifier")
    unknown = [name for name in given if name not in names]
    if unknown:
        raise BadModel(f"{LABELS_KEY}: the model has no label {_listed(unknown)}; its labels are {_listed(names)}")
    meant = [given.get(name) or _SPOKEN.get(_folded(name), "") for name in names]
    if not all(meant):
        raise BadModel(_unmapped(names, meant))
    for label in ("negative", "positive"):
        if label not in meant:
            raise BadModel(f"{LABELS_KEY}: no label of the model is {label}; its labels are {_listed(names)}")
    return np.array([[float(label == mine) for mine in LABELS] for label in meant])


def _folded(name: str) -> str:
    return " ".join(re.split(r"[\s_-]+", name.strip().lower()))


def _unmapped(names: Sequence[str], meant: Sequence[str]) -> str:
    silent = [name for name, label in zip(names, meant, strict=True) if not label]
    example = ", ".join(f"{_written(name)}: {label or '…'}" for name, label in zip(names, meant, strict=True))
    return (
        f"{LABELS_KEY}: the model's labels are {_listed(names)}, and nothing says what {_listed(silent)} "
        f"{'means' if len(silent) == 1 else 'mean'}. Write labels: {{{example}}} with negative, neutral or positive "
        "for each …, as the model's own page explains them"
    )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(_written, names))


def _written(name: str) -> str:
    """As YAML takes it for text."""
    return name if _PLAIN.fullmatch(name) else json.dumps(name, ensure_ascii=False)
