"""`python -m classifiers.measure FOLDER FILE.tsv`: how a user's own model errs, for the corrected numbers.

The file has a header with `label` (negative, neutral, positive) and `text`, and perhaps `lang` (`en`, …) and `target`,
separated by tabs. What is written, `confusion.json` in the model's folder, is read with the model.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from classifiers.bad_model import BadModel
from classifiers.base import LABELS, Classifier, Confusion, Request, Row
from classifiers.language import detect
from classifiers.own import open_own

STEP: Final = 512
"""Posts between two lines of progress."""


class BadTable(Exception):
    """The labelled posts cannot be used; the message names the line."""


def read(path: Path) -> list[tuple[int, Request]]:
    """The posts with the place of their label in `LABELS`; those in no language that is known are left out."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return list(_posts(path, csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)))
    except (OSError, UnicodeDecodeError) as problem:
        raise BadTable(f"{path}: {problem}") from None


def _posts(path: Path, rows: csv.DictReader[str]) -> Iterator[tuple[int, Request]]:
    if not {"label", "text"} <= set(rows.fieldnames or ()):
        raise BadTable(f"{path}:1: a header is needed with the columns label and text, and perhaps lang and target")
    for row in rows:
        label, text = row["label"], row["text"]
        if label not in LABELS or not text:
            raise BadTable(f"{path}:{rows.line_num}: {label!r} with {text!r} is no labelled post: {', '.join(LABELS)}")
        lang = row.get("lang") or detect(text)
        if lang is not None:
            yield LABELS.index(label), Request(text, row.get("target") or None, lang)


async def measure(model: Classifier, posts: Sequence[tuple[int, Request]]) -> dict[str, Confusion]:
    """Counts per language; posts without an answer are not counted."""
    counts = {str(request.lang): np.zeros((3, 3), np.int64) for _, request in posts}
    for start in range(0, len(posts), STEP):
        part = posts[start : start + STEP]
        for (truth, request), verdict in zip(part, await model.classify([r for _, r in part]), strict=True):
            if verdict is not None:
                counts[str(request.lang)][truth, LABELS.index(verdict.sentiment)] += 1
        print(f"{min(start + STEP, len(posts)):,} of {len(posts):,} posts", file=sys.stderr)
    return {lang: _rows(matrix) for lang, matrix in sorted(counts.items())}


def _rows(matrix: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> Confusion:
    rows: list[Row] = [(int(row[0]), int(row[1]), int(row[2])) for row in matrix]
    return rows[0], rows[1], rows[2]


def main(arguments: Sequence[str]) -> int:
    """0, or 2 with the mistake on stderr."""
    parser = argparse.ArgumentParser(
        prog="python -m classifiers.measure", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("folder", type=Path, help="folder of the model; for one of the hub, download it first")
    parser.add_argument("table", type=Path, help="labelled posts, tab-separated: label, text, perhaps lang and target")
    parser.add_argument(
        "--label", action="append", default=[], metavar="LABEL_0=negative", help="as labels in the config"
    )
    parser.add_argument("--device", choices=("auto", "cpu", "cuda", "mps"), default="auto")
    parser.add_argument("--pair", action="store_true", help="the model was trained on (target, text)")
    given = parser.parse_args(arguments)
    if not given.folder.is_dir():
        parser.error(f"{given.folder} is no folder: confusion.json is written into the folder of the model")
    try:
        posts = read(given.table)
        labels = dict(each.rpartition("=")[::2] for each in given.label)
        model = open_own(str(given.folder), labels=labels, device=given.device, pair=given.pair)
    except (BadModel, BadTable) as problem:
        print(problem, file=sys.stderr)
        return 2
    found = asyncio.run(measure(model, posts))
    (given.folder / "confusion.json").write_bytes(msgspec.json.encode(found))
    for lang, matrix in found.items():
        right = sum(matrix[i][i] for i in range(3))
        print(f"{lang}: {right} of {sum(map(sum, matrix))} right; rows are the truth: {matrix}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
