"""The transformer behind the classifier contract: sentiment toward the target, stages, relevance, and a place."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from classifiers.base import STAGES, Confusion, Request, Verdict
from classifiers.batching import Batch, by_length
from classifiers.encoder import Encoder
from classifiers.heads import Heads
from classifiers.pooled import PooledClassifier, Question
from classifiers.text import Pair, clean, key, target

BLANK: Final = Verdict("neutral", (0.0, 1.0, 0.0), stage_p=(0.0,) * len(STAGES))
"""The answer to a text without any content: nothing, or links and handles alone."""


class Asked(NamedTuple):
    """A question in tokens."""

    pair: Pair
    targeted: bool
    relevance: bool
    """Whether the target is described: relevance is judged."""

    @property
    def cut(self) -> bool:
        return self.pair.cut


class TransformerClassifier(PooledClassifier[Asked]):
    """Judges sentiment toward the target, the stages, and, where the target is described, relevance.

    In each thread of the pool ONNX Runtime uses one core and releases the GIL.
    """

    blank = BLANK

    def __init__(
        self,
        name: str,
        encoder: Encoder,
        heads: Heads,
        confusion: Mapping[str, Confusion],
        *,
        threads: int | None = None,
        cache_size: int = 50_000,
    ) -> None:
        super().__init__(name, confusion, threads=threads, cache_size=cache_size)
        self._encoder, self._heads = encoder, heads

    async def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """(texts, hidden), each of length 1: texts on the same matter lie close together. RuntimeError after `close`.

        A blank text is a row of zeros. The same text gets the same row whatever stands beside it.
        """
        cleaned = [clean(text) for text in texts]
        pairs = {key(text): self._encoder.tokens(text) for text in cleaned if text}
        run = asyncio.get_running_loop().run_in_executor
        found = {key(""): np.zeros(self._heads.hidden, np.float32)}
        for places in await asyncio.gather(*(run(self._open_pool(), self._place, b) for b in by_length(pairs))):
            found |= places
        return np.array([found[key(text)] for text in cleaned], np.float32).reshape(len(texts), self._heads.hidden)

    def _question(self, request: Request) -> Question:
        about = target(request.target, request.about) if request.target else None
        return Question(clean(request.text), about, described=bool(request.target and request.about))

    def _tokens(self, question: Question) -> Asked:
        pair = self._encoder.tokens(question.text, question.target)
        return Asked(pair, question.target is not None, question.described)

    def _batches(self, texts: Mapping[bytes, Asked]) -> Iterator[list[tuple[bytes, Asked]]]:
        for batch in by_length({k: asked.pair for k, asked in texts.items()}):
            yield [(k, texts[k]) for k, _ in batch]

    def _verdicts(self, batch: Sequence[Asked]) -> list[Verdict]:
        vectors = self._encoder.vectors([asked.pair for asked in batch])
        rows = zip(batch, vectors, strict=True)
        verdict = self._heads.verdict
        return [verdict(vector, targeted=asked.targeted, relevance=asked.relevance) for asked, vector in rows]

    def _place(self, batch: Batch) -> dict[bytes, npt.NDArray[np.float32]]:
        vectors = self._encoder.vectors([pair for _, pair in batch])
        return {k: self._heads.place(vector) for (k, _), vector in zip(batch, vectors, strict=True)}
