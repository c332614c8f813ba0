"""A user's own model behind the classifier contract, and the shipped one beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

import msgspec
import numpy as np
import numpy.typing as npt

from classifiers.base import Classifier, Confusion, Request, Verdict
from classifiers.heads import opinion, softmax
from classifiers.own_labels import Columns
from classifiers.own_shapes import Shape, Shaping, batches
from classifiers.own_tokens import Reader, Tokens
from classifiers.pooled import PooledClassifier, Question
from classifiers.text import clean


class Scorer(Protocol):
    """What computes: ONNX Runtime or PyTorch. Called in several threads."""

    shaping: Shaping
    threads: int | None
    """How many calls may run at once; None: one per core."""

    def scores(self, batch: Sequence[Tokens], shape: Shape) -> npt.NDArray[np.float32]:
        """(texts, labels), before the softmax."""


class OwnClassifier(PooledClassifier[Tokens]):
    """Gives sentiment and nothing else. `pair`: the model was trained on (target, text), and is told the target."""

    def __init__(
        self,
        name: str,
        scorer: Scorer,
        reader: Reader,
        columns: Columns,
        confusion: Mapping[str, Confusion],
        *,
        pair: bool = False,
        threads: int | None = None,
        cache_size: int = 50_000,
    ) -> None:
        super().__init__(name, confusion, threads=scorer.threads or threads, cache_size=cache_size)
        self._scorer, self._reader, self._columns, self._pair = scorer, reader, columns, pair

    def _question(self, request: Request) -> Question:
        return Question(clean(request.text), clean(request.target or "") if self._pair else None)

    def _tokens(self, question: Question) -> Tokens:
        return self._reader(question.text, question.target)

    def _batches(self, texts: Mapping[bytes, Tokens]) -> Iterator[list[tuple[bytes, Tokens]]]:
        return batches(texts, self._scorer.shaping)

    def _verdicts(self, batch: Sequence[Tokens]) -> list[Verdict | None]:
        scores = self._scorer.scores(batch, self._scorer.shaping(len(batch[0].ids)))
        return [self._verdict(row.astype(np.float64)) for row in scores]

    def _verdict(self, scores: npt.NDArray[np.float64]) -> Verdict | None:
        if not np.isfinite(scores).all():
            return None  # half precision can overflow: no answer is better than a made-up one
        return Verdict(*opinion(np.asarray(np.einsum("i,ij->j", softmax(scores), self._columns))))


class Beside:
    """Sentiment from the user's model; relevance and stages, which it does not know, from the shipped one."""

    def __init__(self, own: Classifier, shipped: Classifier) -> None:
        self.own, self.shipped = own, shipped

    @property
    def name(self) -> str:
        return f"{self.own.name} + {self.shipped.name}"

    @property
    def confusion(self) -> Mapping[str, Confusion]:
        """Of the sentiment, so that of the user's model."""
        return self.own.confusion

    async def classify(self, requests: Sequence[Request]) -> list[Verdict | None]:
        """Verdicts in the order of `requests`; None where the user's model has no answer."""
        own, shipped = await asyncio.gather(self.own.classify(requests), self.shipped.classify(requests))
        return [_joined(*verdicts) for verdicts in zip(own, shipped, strict=True)]

    async def close(self) -> None:
        await self.own.close()
        await self.shipped.close()


def _joined(own: Verdict | None, shipped: Verdict | None) -> Verdict | None:
    if own is None or shipped is None:
        return own
    return msgspec.structs.replace(shipped, sentiment=own.sentiment, p=own.p)
