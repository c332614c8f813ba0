"""What the shipped classifier is measured against: word lists, and linear models on the same training posts."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline, make_union

from classifiers.base import LABELS, STAGES
from classifiers.train.data import Example

Labels: TypeAlias = npt.NDArray[np.int64]
Bools: TypeAlias = npt.NDArray[np.bool_]

VADER_BORDER = 0.05
"""As its authors advise (Hutto & Gilbert 2014): compound scores within it are neutral."""


def vader(texts: Sequence[str]) -> Labels | None:
    """Indices in `LABELS`. Its word list is English. None: `vaderSentiment` is not installed."""
    try:
        judge = import_module("vaderSentiment.vaderSentiment").SentimentIntensityAnalyzer()
    except ModuleNotFoundError:
        return None
    scores = np.array([judge.polarity_scores(text)["compound"] for text in texts])
    return LABELS.index("neutral") + (scores >= VADER_BORDER).astype(np.int64) - (scores <= -VADER_BORDER)


def sentiment(train: Sequence[Example], test: Sequence[Example]) -> Labels:
    """By the texts alone, whoever is meant: indices in `LABELS`."""
    model = _tfidf(_linear()).fit([e.text for e in train], [e.sentiment for e in train])
    return np.asarray(model.predict([e.text for e in test]), np.int64)


def stages(train: Sequence[Example], test: Sequence[Example]) -> Bools:
    """(posts, 7): each stage against the rest, by the texts alone."""
    truth = [[stage in (e.stages or ()) for stage in STAGES] for e in train]
    model = _tfidf(OneVsRestClassifier(_linear())).fit([e.text for e in train], np.array(truth, int))
    return np.asarray(model.predict([e.text for e in test]), bool)


def relevance(train: Sequence[Example], test: Sequence[Example]) -> Bools:
    """(posts,): by the text and the brand's description, written one behind the other."""
    model = _tfidf(_linear()).fit([_with_about(e) for e in train], [bool(e.relevant) for e in train])
    return np.asarray(model.predict([_with_about(e) for e in test]), bool)


def commonest(train: Sequence[Example], count: int) -> Labels:
    """The label that most training posts have, `count` times."""
    found = np.bincount([e.sentiment for e in train if e.sentiment is not None])
    return np.full(count, int(found.argmax()), np.int64)


def _with_about(example: Example) -> str:
    return f"{example.target}: {example.about} {example.text}"


def _tfidf(judge: Any) -> Any:
    """Words, pairs of words and pieces of 2 to 5 letters, weighed by TF-IDF."""
    words = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=3, sublinear_tf=True, max_features=200_000)
    return make_pipeline(make_union(words, letters), judge)


def _linear() -> LogisticRegression:
    return LogisticRegression(C=1.0, max_iter=200, class_weight="balanced")
