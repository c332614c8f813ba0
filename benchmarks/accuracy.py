"""How often the shipped classifier is right: `python -m benchmarks.accuracy [DATA]`.

Prints macro-F1 and macro recall on the validation posts beside a TF-IDF baseline trained on the same posts, and figures
measured or published for others. Those stand on the *test* sets, which are not used here: compare the order of
magnitude, not the decimals.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, recall_score
from sklearn.pipeline import make_pipeline, make_union

from classifiers import LABELS, Request, load
from classifiers.train import data

ELSEWHERE: Final = """\
Others, on the test sets (measured in this project unless marked "published"):
                                        en    es    pt    fr    de    it   mean   (UMSAB test, macro-F1)
  VADER                               56.0  36.1  37.2  33.3  45.8  33.0   40.2
  TF-IDF, multilingual                53.9  53.3  61.0  58.9  62.8  53.6   57.3
  e5-small, frozen                    67.6  61.9  64.0  65.0  62.4  65.7   64.4
  e5-small pruned, fine-tuned twice   70.9  65.5  68.3  71.4  73.4  68.7   69.7
  XLM-R base (published)              68.5  66.0  69.8  70.5  72.8  68.6   69.4
  XLM-T (published)                   71.8  68.4  75.5  72.3  77.1  70.1   72.5
  English tweets, SemEval-2017 test, macro recall: VADER 57.0, TF-IDF + SVM 63.5, e5-small frozen 68.4,
  fine-tuned twice 70.0, RoBERTa-RT 72.8 (published), BERTweet 73.4 (published), TimeLMs 73.7 (published)"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy", description=__doc__)
    parser.add_argument("data", type=Path, nargs="?", default=Path("../shared/data"), help="has sentiment/*.tsv")
    folder = parser.parse_args().data
    if not (folder / "sentiment").is_dir():
        sys.exit(f"{folder} has no folder sentiment/: pass the folder of the labelled posts as an argument")
    val = data.read(folder, "val")
    name, ours = asyncio.run(_answers(val.texts))
    baseline = _baseline(data.read(folder, "train"), val.texts)
    print(f"{name}, validation posts           macro-F1          macro recall")
    print(f"{'':24}  rows   model  TF-IDF     model  TF-IDF")
    for part in data.SETS:
        _line(part, val.labels, ours, baseline, val.sets == part)
    _mean(val, ours, baseline)
    print(f"\n{ELSEWHERE}")


async def _answers(texts: list[str]) -> tuple[str, npt.NDArray[np.int64]]:
    model = load()
    verdicts = await model.classify([Request(text) for text in texts])
    await model.close()
    return model.name, np.array([LABELS.index(verdict.sentiment) for verdict in verdicts if verdict])


def _baseline(train: data.Posts, texts: list[str]) -> npt.NDArray[np.int64]:
    """Words, pairs of words and pieces of 2 to 5 letters, weighed by TF-IDF, under a logistic regression."""
    words = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=3, sublinear_tf=True, max_features=200_000)
    judge = LogisticRegression(C=1.0, max_iter=200, class_weight="balanced")
    pipeline = make_pipeline(make_union(words, letters), judge).fit(train.texts, train.labels)
    return np.asarray(pipeline.predict(texts), np.int64)


def _line(
    name: str,
    truth: npt.NDArray[np.int64],
    ours: npt.NDArray[np.int64],
    baseline: npt.NDArray[np.int64],
    rows: npt.NDArray[np.bool_],
) -> None:
    scores = [
        100 * score(truth[rows], answers[rows], average="macro")
        for score in (f1_score, recall_score)
        for answers in (ours, baseline)
    ]
    print(f"{name:24} {rows.sum():5,}   {scores[0]:5.1f}   {scores[1]:5.1f}     {scores[2]:5.1f}   {scores[3]:5.1f}")


def _mean(val: data.Posts, ours: npt.NDArray[np.int64], baseline: npt.NDArray[np.int64]) -> None:
    umsab = [name for name in data.SETS if name.endswith("umsab")]
    means = []
    for answers in (ours, baseline):
        chosen = [val.sets == name for name in umsab]
        means.append(np.mean([100 * f1_score(val.labels[c], answers[c], average="macro") for c in chosen]))
    print(f"{'mean of the six UMSAB':24} {'':5}   {means[0]:5.1f}   {means[1]:5.1f}")


if __name__ == "__main__":
    main()
