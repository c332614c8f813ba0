"""Writes what was measured next to the weights: `head.npz`, `model.json`, `confusion.json` and `card.md`."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
from sklearn.metrics import f1_score, recall_score

from classifiers.base import LABELS
from classifiers.load import About
from classifiers.train import data
from classifiers.train.convert import MAX_TOKENS
from classifiers.train.fit_head import Fitted, confusion

NAME: Final = "e5-small-frozen/1"
_TEXT: Final = Path(__file__).with_name("card.template.md")


def write(fitted: Fitted, out: Path, today: dt.date) -> None:
    """All files but the encoder and its tokenizer, to `out`."""
    w1, b1, w2, b2 = (fitted.arrays[name].astype(np.float32) for name in ("w1", "b1", "w2", "b2"))
    np.savez_compressed(out / "head.npz", w1=w1, b1=b1, w2=w2, b2=b2)
    about = About(NAME, MAX_TOKENS)
    (out / "model.json").write_bytes(msgspec.json.format(msgspec.json.encode(about)) + b"\n")
    matrices = confusion(fitted)
    (out / "confusion.json").write_bytes(msgspec.json.encode(matrices, order="sorted") + b"\n")
    text = _TEXT.read_text(encoding="utf-8")
    text = text.replace("{name}", NAME).replace("{date}", today.isoformat()).replace("{tokens}", str(MAX_TOKENS))
    text = text.replace("{accuracy}", _accuracy(fitted)).replace("{confusion}", _confusion(fitted))
    text = text.replace("{temperature}", f"{fitted.temperature:.2f}").replace("{error}", _calibration(fitted))
    (out / "card.md").write_text(text, encoding="utf-8")


def _accuracy(fitted: Fitted) -> str:
    lines = ["| validation posts | rows | macro-F1 | macro recall | right |", "|---|---|---|---|---|"]
    for name in data.SETS:
        inside = fitted.posts.sets == name
        truth, answer = fitted.posts.labels[inside], fitted.answers[inside]
        f1, recall = (100 * score(truth, answer, average="macro") for score in (f1_score, recall_score))
        right = 100 * float((truth == answer).mean())
        lines.append(f"| `{name}` | {inside.sum():,} | {f1:.1f} | {recall:.1f} | {right:.1f} % |")
    return "\n".join(lines)


def _confusion(fitted: Fitted) -> str:
    lines = [f"| language | truth | {' | '.join(LABELS)} |", "|---|---|---|---|---|"]
    for language, matrix in sorted(confusion(fitted).items()):
        for label, row in zip(LABELS, matrix, strict=True):
            lines.append(f"| {language} | {label} | {' | '.join(map(str, row))} |")
    return "\n".join(lines)


def _calibration(fitted: Fitted) -> str:
    """Expected calibration error over ten bins of confidence, in points."""
    sure = fitted.probabilities.max(axis=1)
    right = fitted.answers == fitted.posts.labels
    bins = np.minimum((sure * 10).astype(int), 9)
    gaps = [abs(right[bins == b].mean() - sure[bins == b].mean()) * (bins == b).mean() for b in np.unique(bins)]
    return f"{100 * sum(gaps):.1f}"
