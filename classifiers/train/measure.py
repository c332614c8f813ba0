"""How good the model's answers are: the figures of the card and of `benchmarks.accuracy`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
from sklearn.metrics import f1_score, recall_score

from classifiers.base import LABELS, STAGES, Confusion
from classifiers.language import LANGUAGES
from classifiers.train import calibrate
from classifiers.train.answers import Scores
from classifiers.train.calibrate import Scaling
from classifiers.train.data import SENTIMENT, TARGETED, Example

Floats: TypeAlias = npt.NDArray[np.float64]
Truth: TypeAlias = npt.NDArray[np.int64]

UMSAB: Final = tuple(name for name in SENTIMENT if name.endswith("umsab"))
TWEETS: Final = tuple(name for name in TARGETED if name in {"en_semeval_topics", "en_tweets"})


@dataclass(frozen=True)
class Calibration:
    """Temperatures and shifts of the heads, and thresholds of the stages."""

    sentiment: Scaling
    """Of posts without a target."""
    targeted: Scaling
    stages: float
    relevance: float
    shift: float
    """Of the scores of relevance, before the temperature."""
    thresholds: Floats

    def opinions(self, part: Scores) -> Floats:
        """(examples, 3): the scores of the sentiment, each with the scaling of its kind."""
        targeted = np.array([e.target is not None for e in part.examples], bool)[:, None]
        return np.where(targeted, self.targeted(part.sentiment), self.sentiment(part.sentiment))

    def meant(self, scores: Floats) -> Floats:
        """The probability that the brand is meant."""
        return _sigmoid((scores - self.shift) / self.relevance)


def calibration(scores: Scores) -> Calibration:
    """From posts held back for it."""
    opinions = scores.of(lambda e: e.sentiment is not None)
    stages, relevance = scores.of(lambda e: e.stages is not None), scores.of(lambda e: e.relevant is not None)
    of_stages = calibrate.temperature_of_yes(stages.stages, stage_truth(stages.examples))
    return Calibration(
        _scaling(opinions.of(lambda e: e.target is None), balanced=True),
        _scaling(opinions.of(lambda e: e.target is not None), balanced=False),
        of_stages,
        *calibrate.line_of_yes(relevance.relevance, relevance_truth(relevance.examples)),
        calibrate.thresholds(_sigmoid(stages.stages / of_stages), stage_truth(stages.examples)),
    )


def _scaling(part: Scores, *, balanced: bool) -> Scaling:
    """`balanced`: the labels weigh the same, as in training, and so do languages, or English alone would set it."""
    labels = sentiment_truth(part.examples)
    groups = [(e.lang, label) if balanced else () for e, label in zip(part.examples, labels.tolist(), strict=True)]
    counts = Counter(groups)
    return calibrate.scaling_of_labels(part.sentiment, labels, np.array([1 / counts[group] for group in groups]))


@dataclass(frozen=True)
class Figures:
    """Shares of 100. `macro_f1`, `macro_recall`, `accuracy` by set; the rest over the posts written for Tertulia."""

    rows: dict[str, int]
    macro_f1: dict[str, float]
    macro_recall: dict[str, float]
    accuracy: dict[str, float]
    stage_f1: dict[str, float]
    """By stage."""
    stage_macro_f1: dict[str, float]
    """By language, and `all`."""
    relevance_f1: dict[str, float]
    """By language, and `all`; `new` and `known`: brands that training never or once saw."""
    relevance_accuracy: float
    error: dict[str, float]
    """Expected calibration error of `sentiment`, `targeted`, `stages` and `relevance`."""
    confusion: dict[str, Confusion]

    @property
    def umsab(self) -> float:
        """Mean macro-F1 of the six languages' tweets."""
        return float(np.mean([self.macro_f1[name] for name in UMSAB]))

    @property
    def targeted(self) -> float:
        """Share of right answers on all targeted tweets."""
        total = sum(self.rows[name] for name in TWEETS)
        return sum(self.rows[name] * self.accuracy[name] for name in TWEETS) / total


def figures(scores: Scores, given: Calibration, known_brands: Collection[str]) -> Figures:
    """Of the test examples; `known_brands` are those that training saw, as targets."""
    opinions = scores.of(lambda e: e.sentiment is not None)
    sets = dict.fromkeys(e.source for e in opinions.examples)
    by_set = {name: _opinions(opinions.of(lambda e, n=name: e.source == n), given) for name in sets}  # type: ignore[misc]
    stages, relevance = scores.of(lambda e: e.stages is not None), scores.of(lambda e: e.relevant is not None)
    plain = opinions.of(lambda e: e.target is None)
    return Figures(
        {name: len(truth) for name, (truth, _) in by_set.items()},
        {name: 100 * f1_score(*pair, average="macro") for name, pair in by_set.items()},
        {name: 100 * recall_score(*pair, average="macro") for name, pair in by_set.items()},
        {name: 100 * float((truth == answer).mean()) for name, (truth, answer) in by_set.items()},
        _stage_f1(stages, given),
        _by_language(stages, lambda part: float(np.mean(list(_stage_f1(part, given).values())))),
        _by_language(relevance, lambda part: _relevance_f1(part, given))
        | {
            "known": _relevance_f1(relevance.of(lambda e: brand(e) in known_brands), given),
            "new": _relevance_f1(relevance.of(lambda e: brand(e) not in known_brands), given),
        },
        100 * float(((given.meant(relevance.relevance) > 0.5) == relevance_truth(relevance.examples)).mean()),
        {
            "sentiment": _opinion_error(plain, given),
            "targeted": _opinion_error(opinions.of(lambda e: e.target is not None), given),
            "stages": _yes_error(_sigmoid(stages.stages / given.stages), stage_truth(stages.examples)),
            "relevance": _yes_error(given.meant(relevance.relevance), relevance_truth(relevance.examples)),
        },
        {lang: _confusion(opinions.of(lambda e, code=lang: e.lang == code), given) for lang in LANGUAGES},  # type: ignore[misc]
    )


def brand(example: Example) -> str:
    """The name of its target, without the description."""
    return (example.target or "").removesuffix(f": {example.about}")


def sentiment_truth(examples: Sequence[Example]) -> Truth:
    return np.array([e.sentiment for e in examples], np.int64)


def stage_truth(examples: Sequence[Example]) -> npt.NDArray[np.bool_]:
    """(examples, 7)."""
    return np.array([[stage in (e.stages or ()) for stage in STAGES] for e in examples], bool).reshape(-1, len(STAGES))


def relevance_truth(examples: Sequence[Example]) -> npt.NDArray[np.bool_]:
    return np.array([bool(e.relevant) for e in examples], bool)


def _opinions(part: Scores, given: Calibration) -> tuple[Truth, Truth]:
    """Truth and answer."""
    return sentiment_truth(part.examples), given.opinions(part).argmax(axis=1)


def _stage_f1(part: Scores, given: Calibration) -> dict[str, float]:
    answers, truth = _sigmoid(part.stages / given.stages) >= given.thresholds, stage_truth(part.examples)
    return {stage: 100 * f1_score(truth[:, i], answers[:, i], zero_division=0.0) for i, stage in enumerate(STAGES)}


def _relevance_f1(part: Scores, given: Calibration) -> float:
    """F1 of "meant"."""
    meant = given.meant(part.relevance) > 0.5
    return 100 * float(f1_score(relevance_truth(part.examples), meant, zero_division=0.0))


def kept(scores: Scores, given: Calibration, least: float) -> tuple[float, float]:
    """What a `match.relevance` of `least` keeps: percent of the posts that mean the brand, and of the others."""
    part = scores.of(lambda e: e.relevant is not None)
    truth, stays = relevance_truth(part.examples), given.meant(part.relevance) >= least
    return 100 * float(stays[truth].mean()), 100 * float(stays[~truth].mean())


def _by_language(part: Scores, figure: Callable[[Scores], float]) -> dict[str, float]:
    found = {lang: figure(part.of(lambda e, code=lang: e.lang == code)) for lang in LANGUAGES}  # type: ignore[misc]
    return {"all": figure(part), **found}


def _opinion_error(part: Scores, given: Calibration) -> float:
    hot = given.opinions(part)
    p = np.exp(hot - np.logaddexp.reduce(hot, axis=1, keepdims=True))
    return calibrate.error(p.max(axis=1), p.argmax(axis=1) == sentiment_truth(part.examples))


def _yes_error(probabilities: Floats, truth: npt.NDArray[np.bool_]) -> float:
    p = probabilities.ravel()
    return calibrate.error(np.maximum(p, 1 - p), (p >= 0.5) == truth.ravel())


def _confusion(part: Scores, given: Calibration) -> Confusion:
    counts = np.zeros((len(LABELS), len(LABELS)), int)
    np.add.at(counts, _opinions(part, given), 1)
    a, b, c = ((int(row[0]), int(row[1]), int(row[2])) for row in counts)
    return a, b, c


def _sigmoid(scores: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-scores)))
