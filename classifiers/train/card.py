"""Writes what was measured next to the weights: `heads.npz`, `model.json`, `confusion.json` and `card.md`."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from classifiers.base import LABELS, STAGES
from classifiers.language import LANGUAGES
from classifiers.load import About
from classifiers.train import measure
from classifiers.train.answers import Scores
from classifiers.train.export import MAX_TOKENS
from classifiers.train.measure import Calibration, Figures

NAME: Final = "tertulia-small/3"
LEAST: Final = (0.05, 0.1, 0.2, 0.3, 0.5)
_TEXT: Final = Path(__file__).with_name("card.template.md")


def calibrated(heads: Path, given: Calibration, out: Path) -> None:
    """Fold temperatures and shift into the heads."""
    heat = {
        "sentiment": given.sentiment.temperature, "targeted": given.targeted.temperature, "stages": given.stages,
        "relevance": given.relevance, "embedding": 1.0,
    }  # fmt: skip
    with np.load(heads, allow_pickle=False) as arrays:
        raw = dict(arrays)
    raw["targeted.weight"], raw["targeted.bias"] = raw["sentiment.weight"], raw["sentiment.bias"] - given.targeted.shift
    raw["sentiment.bias"] = raw["sentiment.bias"] - given.sentiment.shift
    raw["relevance.bias"] = raw["relevance.bias"] - given.shift
    cooled = {name: (array / heat[name.partition(".")[0]]).astype(np.float32) for name, array in raw.items()}
    thresholds = {"stages.thresholds": given.thresholds.astype(np.float32)}
    np.savez_compressed(out / "heads.npz", allow_pickle=False, **cooled, **thresholds)


def write(
    shipped: Figures,
    as_trained: Figures,
    unpruned: Figures,
    held: Scores,
    given: Calibration,
    out: Path,
    today: dt.date,
) -> None:
    """The three other files. `as_trained`: the same network in float32; `unpruned`: the same with all words.

    `held` are the posts that set the temperatures.
    """
    about = About(NAME, MAX_TOKENS)
    (out / "model.json").write_bytes(msgspec.json.format(msgspec.json.encode(about)) + b"\n")
    (out / "confusion.json").write_bytes(msgspec.json.encode(shipped.confusion, order="sorted") + b"\n")
    filled = {
        "name": NAME, "date": today.isoformat(), "tokens": str(MAX_TOKENS),
        "opinions": _opinions(shipped), "stages": _stages(shipped, given), "relevance": _relevance(shipped),
        "calibration": _calibration(shipped, given), "losses": _losses(shipped, as_trained, unpruned),
        "confusion": _confusion(shipped), "kept": _kept(held, given),
    }  # fmt: skip
    text = _TEXT.read_text(encoding="utf-8")
    for key, value in filled.items():
        text = text.replace("{" + key + "}", value)
    (out / "card.md").write_text(text, encoding="utf-8")


def _table(*rows: tuple[str, ...]) -> str:
    head, *rest = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([head, "|---" * len(rows[0]) + "|", *rest])


def _opinions(f: Figures) -> str:
    names = list(f.rows)
    rows = [
        (f"`{n}`", f"{f.rows[n]:,}", f"{f.macro_f1[n]:.1f}", f"{f.macro_recall[n]:.1f}", f"{f.accuracy[n]:.1f} %")
        for n in names
    ]
    mean = ("**mean of the six UMSAB sets**", "", f"**{f.umsab:.1f}**", "", "")
    targeted = ("**targeted tweets**", "", "", "", f"**{f.targeted:.1f} %**")
    return _table(("test posts", "rows", "macro-F1", "macro recall", "right"), *rows, mean, targeted)


def _stages(f: Figures, given: Calibration) -> str:
    rows = [(s, f"{f.stage_f1[s]:.1f}", f"{t:.2f}") for s, t in zip(STAGES, given.thresholds, strict=True)]
    total = ("**macro-F1**", f"**{f.stage_macro_f1['all']:.1f}**", "")
    by_language = ", ".join(f"{lang} {f.stage_macro_f1[lang]:.1f}" for lang in LANGUAGES)
    return _table(("stage", "F1", "told from"), *rows, total) + f"\n\nMacro-F1 by language: {by_language}."


def _relevance(f: Figures) -> str:
    by_language = ", ".join(f"{lang} {f.relevance_f1[lang]:.1f}" for lang in LANGUAGES)
    return (
        f"F1 **{f.relevance_f1['all']:.1f}**, right {f.relevance_accuracy:.1f} %. F1 by language: {by_language}. "
        f"Brands that training saw: F1 {f.relevance_f1['known']:.1f}; brands it never saw: {f.relevance_f1['new']:.1f}."
    )


def _kept(held: Scores, given: Calibration) -> str:
    rows = [(str(least), *(f"{share:.0f} %" for share in measure.kept(held, given, least))) for least in LEAST]
    return _table(("`match.relevance`", "kept of those that mean the brand", "kept of the others"), *rows)


def _calibration(f: Figures, given: Calibration) -> str:
    heat = {
        "sentiment": given.sentiment.temperature,
        "targeted": given.targeted.temperature,
        "stages": given.stages,
        "relevance": given.relevance,
    }
    rows = [(name, f"{error:.3f}", f"{heat[name]:.2f}") for name, error in f.error.items()]
    return _table(("head", "expected calibration error (15 bins)", "temperature"), *rows)


def _losses(shipped: Figures, as_trained: Figures, unpruned: Figures) -> str:
    def row(title: str, f: Figures) -> tuple[str, ...]:
        stage, meant = f.stage_macro_f1["all"], f.relevance_f1["all"]
        recall = f.macro_recall["en_semeval2017"]
        return (title, *(f"{x:.2f}" for x in (f.umsab, recall, f.targeted, stage, meant)))

    head = ("", "UMSAB mean macro-F1", "SemEval-2017 macro recall", "targeted", "stage macro-F1", "relevance F1")
    rows = row("all words, float32", unpruned), row("pruned, float32", as_trained), row("pruned, int8: ships", shipped)
    return _table(head, *rows)


def _confusion(f: Figures) -> str:
    rows = [
        (lang, label, *map(str, row))
        for lang, matrix in sorted(f.confusion.items())
        for label, row in zip(LABELS, matrix, strict=True)
    ]
    return _table(("language", "truth", *LABELS), *rows)
