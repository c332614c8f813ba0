"""The shipped classifier's answers to the test posts, and the figures asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from benchmarks.scores import Interval, Rows, accuracy, f1, interval, macro_f1, macro_recall, mean_f1, where
from classifiers import LABELS, Request, Verdict, load
from classifiers.base import STAGES
from classifiers.train import calibrate, data
from classifiers.train.data import Example

Labels: TypeAlias = npt.NDArray[np.int64]
Bools: TypeAlias = npt.NDArray[np.bool_]
Floats: TypeAlias = npt.NDArray[np.float64]

ENGLISH: Final = "en_semeval2017"
UMSAB: Final = tuple(name for name in data.SENTIMENT if name.endswith("umsab"))
TWEETS: Final = ("en_semeval_topics", "en_tweets")


@dataclass(frozen=True)
class Answers:
    """Of the model to the test posts; `truth` and `answer` in one order."""

    examples: list[Example]
    verdicts: list[Verdict]

    @cached_property
    def truth(self) -> Labels:
        """Indices in `LABELS`, -1 where a post has no such label."""
        return np.array([-1 if e.sentiment is None else e.sentiment for e in self.examples], np.int64)

    @cached_property
    def answer(self) -> Labels:
        return np.array([LABELS.index(v.sentiment) for v in self.verdicts], np.int64)

    @cached_property
    def p(self) -> Floats:
        """(posts, 3)."""
        return np.array([v.p for v in self.verdicts])

    @cached_property
    def true_stages(self) -> Bools:
        """(posts, 7)."""
        return np.array([[stage in (e.stages or ()) for stage in STAGES] for e in self.examples], bool)

    @cached_property
    def stages(self) -> Bools:
        return np.array([[stage in v.stages for stage in STAGES] for v in self.verdicts], bool)

    @cached_property
    def stage_p(self) -> Floats:
        return np.array([v.stage_p for v in self.verdicts])

    @cached_property
    def meant(self) -> Bools:
        return np.array([bool(e.relevant) for e in self.examples], bool)

    @cached_property
    def relevance(self) -> Floats:
        """(posts,), not a number where relevance was not asked."""
        return np.array([np.nan if v.relevance is None else v.relevance for v in self.verdicts])

    def where(self, chosen: Callable[[Example], bool]) -> Rows:
        return where([chosen(e) for e in self.examples])


class Asked(NamedTuple):
    """One figure asked for, and its limit."""

    what: str
    found: Interval
    limit: float
    most: bool = False
    """Whether the limit is the largest that will do, not the smallest."""

    @property
    def reached(self) -> bool:
        return self.found.value <= self.limit if self.most else self.found.value >= self.limit


async def judge(model: str, examples: list[Example]) -> tuple[str, Answers]:
    """The name of the model, and its answers."""
    classifier = load(model)
    requests = [Request(e.text, e.target, e.lang, e.about) for e in examples]
    verdicts = await classifier.classify(requests)
    await classifier.close()
    return classifier.name, Answers(examples, [v for v in verdicts if v is not None])


def asked(answers: Answers) -> Iterator[Asked]:
    """Each over the whole of its test posts."""
    truth, answer, meant = answers.truth, answers.answer, answers.relevance >= 0.5
    in_set = np.array([e.source for e in answers.examples])

    def rows(name: str) -> Rows:
        return where(list(in_set == name))

    def umsab(drawn: Rows) -> float:
        parts = [drawn[in_set[drawn] == name] for name in UMSAB]
        return float(np.mean([macro_f1(truth[part], answer[part]) for part in parts]))

    yield Asked("tweets in six languages (UMSAB), mean macro-F1", interval(umsab, *map(rows, UMSAB)), 71)
    recall = interval(lambda r: macro_recall(truth[r], answer[r]), rows(ENGLISH))
    yield Asked("English tweets (SemEval-2017), macro recall", recall, 71)
    right = interval(lambda r: accuracy(truth[r], answer[r]), *map(rows, TWEETS))
    yield Asked("targeted tweets, right", right, 72)
    yield Asked("relevance, F1", interval(lambda r: f1(answers.meant[r], meant[r]), rows("relevance")), 90)
    stages = interval(lambda r: mean_f1(answers.true_stages[r], answers.stages[r]), rows("stage"))
    yield Asked("stage, macro-F1", stages, 75)
    yield from _calibration(answers)


def _calibration(answers: Answers) -> Iterator[Asked]:
    """Expected calibration error over 15 bins. Sentiment with a target and without share a head."""
    sure = answers.p.max(axis=1)
    right = answers.answer == answers.truth

    def opinion(drawn: Rows) -> float:
        return calibrate.error(sure[drawn], right[drawn])

    def yes(p: Floats, truth: Bools) -> Callable[[Rows], float]:
        likelier, correct = np.maximum(p, 1 - p), (p >= 0.5) == truth
        return lambda drawn: calibrate.error(likelier[drawn].ravel(), correct[drawn].ravel())

    plain = answers.where(lambda e: e.sentiment is not None and e.target is None)
    toward = answers.where(lambda e: e.sentiment is not None and e.target is not None)
    stage, meant = (answers.where(lambda e: e.stages is not None), answers.where(lambda e: e.relevant is not None))
    for name, figure, rows in (
        ("sentiment", opinion, plain),
        ("targeted", opinion, toward),
        ("stages", yes(answers.stage_p, answers.true_stages), stage),
        ("relevance", yes(answers.relevance, answers.meant), meant),
    ):
        yield Asked(f"calibration error, {name}", interval(figure, rows), 0.05, most=True)
