"""Trains the head over the frozen encoder and measures what the whole answers."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from classifiers.base import LABELS, Confusion
from classifiers.encoder import Encoder, Vectors
from classifiers.head import Array, Head
from classifiers.language import LANGUAGES
from classifiers.train import data
from classifiers.train.features import embed

MEMBERS: Final = 4
"""Networks whose scores are averaged; side by side they are one wider network."""
HIDDEN: Final = 64
EPOCHS: Final = 10
DECAY: Final = 1.0
RATE: Final = 3e-4
OTHER_LANGUAGES: Final = 2.0
"""Weight of a post of the six small sets against one of the large English set."""
HELD_BACK: Final = 0.1
"""Share of the training posts that only sets the temperature."""


@dataclass(frozen=True)
class Fitted:
    """A head, and how it did on the validation posts."""

    head: Head
    arrays: dict[str, Array]
    temperature: float
    posts: data.Posts
    answers: npt.NDArray[np.int64]
    probabilities: Array


def fit(folder: Path, encoder: Encoder) -> Fitted:
    """Train on `*_train.tsv` of `folder`, judge `*_val.tsv`."""
    train, val = data.read(folder, "train"), data.read(folder, "val")
    vectors = embed(encoder, train.texts, "training")
    back = np.random.default_rng(0).random(len(train)) < HELD_BACK
    weights = _weights(train)
    arrays = _network(vectors[~back], train.labels[~back], weights[~back])
    temperature = _temperature(Head(**arrays), vectors[back], train.labels[back], weights[back])
    arrays |= {"w2": arrays["w2"] / temperature, "b2": arrays["b2"] / temperature}
    head = Head(**arrays)
    probabilities = np.array([head.probabilities(v) for v in embed(encoder, val.texts, "validation")])
    return Fitted(head, arrays, temperature, val, probabilities.argmax(axis=1), probabilities)


def confusion(fitted: Fitted) -> dict[str, Confusion]:
    """Per language, rows truth, columns answer, counts of validation posts."""
    return {language: _matrix(fitted, fitted.posts.languages == language) for language in LANGUAGES}


def _matrix(fitted: Fitted, chosen: npt.NDArray[np.bool_]) -> Confusion:
    counts = np.zeros((len(LABELS), len(LABELS)), int)
    np.add.at(counts, (fitted.posts.labels[chosen], fitted.answers[chosen]), 1)
    a, b, c = ((int(row[0]), int(row[1]), int(row[2])) for row in counts)
    return a, b, c


def _weights(posts: data.Posts) -> Array:
    """The three labels weigh the same within each set: the head must not learn one sample's shares of opinion."""
    weights = np.ones(len(posts))
    for name in data.SETS:
        inside = posts.sets == name
        for label in range(len(LABELS)):
            chosen = inside & (posts.labels == label)
            weights[chosen] = inside.sum() / len(LABELS) / max(1, chosen.sum())
    weights[posts.sets != "en_semeval2017"] *= OTHER_LANGUAGES
    return np.asarray(weights / weights.mean())


def _network(vectors: Vectors, labels: npt.NDArray[np.int64], weights: Array) -> dict[str, Array]:
    """The averaged members as the arrays of one `Head`, with the scaling of the input folded in."""
    mean, deviation = vectors.mean(axis=0), vectors.std(axis=0) + 1e-6
    scaled = (vectors - mean) / deviation
    members = [_member(scaled, labels, weights, seed) for seed in range(MEMBERS)]
    w1 = np.concatenate([m.coefs_[0] for m in members], axis=1).astype(np.float64)
    b1 = np.concatenate([m.intercepts_[0] for m in members])
    w1 /= deviation[:, None]
    return {
        "w1": w1,
        "b1": np.asarray(b1 - mean @ w1, np.float64),
        "w2": np.concatenate([m.coefs_[1] for m in members]).astype(np.float64) / MEMBERS,
        "b2": np.asarray(np.mean([m.intercepts_[1] for m in members], axis=0), np.float64),
    }


def _member(scaled: Vectors, labels: npt.NDArray[np.int64], weights: Array, seed: int) -> MLPClassifier:
    network = MLPClassifier(
        hidden_layer_sizes=(HIDDEN,), alpha=DECAY, learning_rate_init=RATE,
        max_iter=EPOCHS, batch_size=256, random_state=seed,
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # stopping early is meant: it is half of the regularisation
        return network.fit(scaled, labels, sample_weight=weights)


def _temperature(head: Head, vectors: Vectors, labels: npt.NDArray[np.int64], weights: Array) -> float:
    """The divisor of the scores under which the held-back posts are likeliest (Guo et al. 2017)."""
    scores = np.log(np.array([head.probabilities(vector) for vector in vectors]))

    def loss(temperature: float) -> float:
        hot = scores / temperature
        chosen = hot[np.arange(len(labels)), labels] - np.log(np.exp(hot).sum(axis=1))
        return float(-(weights * chosen).sum())

    return float(min(np.arange(0.5, 3.0, 0.01), key=loss))
