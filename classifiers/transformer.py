"""The transformer behind the classifier contract: off the event loop, batched by length, cached."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from classifiers.base import STAGES, Confusion, Request, Verdict
from classifiers.batching import Batch, by_length
from classifiers.cache import Cache
from classifiers.encoder import Encoder
from classifiers.heads import Heads
from classifiers.text import Pair, clean, key, target

WINDOW: Final = 512
"""Requests sorted and batched together; also the most that one call has in memory at a time."""
BLANK: Final = Verdict("neutral", (0.0, 1.0, 0.0), stage_p=(0.0,) * len(STAGES))
"""The answer to a text without any content."""


class _Prepared(NamedTuple):
    keys: list[bytes]
    """Of each text, in order."""
    known: dict[bytes, Verdict]
    unknown: dict[bytes, Pair]
    """Tokens of the texts to judge."""
    described: set[bytes]
    """Of these, the ones whose target is described: relevance is judged."""
    cut: int
    """How many of these are longer than the model reads."""


class TransformerClassifier:
    """Judges sentiment toward the target, the stages, and, where the target is described, relevance.

    `classify` never computes on the event loop: work goes to a pool of threads, in each of which ONNX Runtime uses one
    core and releases the GIL. Awaiting it is the back-pressure. Cancelling it drops the batches that have not begun;
    those that have begun still reach the cache.
    """

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
        self._name, self._encoder, self._heads, self._confusion = name, encoder, heads, confusion
        self.cache = Cache(cache_size)
        self._pool = ThreadPoolExecutor(threads or default_threads(), thread_name_prefix="classifier")
        self._closed = False
        self.judged = 0
        """Texts that went through the model; the others were blank, repeated, or in the cache."""
        self.truncated = 0
        """Of these, texts longer than the model reads: judged by their head alone."""

    @property
    def name(self) -> str:
        return self._name

    @property
    def confusion(self) -> Mapping[str, Confusion]:
        return self._confusion

    async def classify(self, requests: Sequence[Request]) -> list[Verdict | None]:
        """Verdicts in the order of `requests`; RuntimeError after `close`."""
        verdicts: list[Verdict | None] = []
        for start in range(0, len(requests), WINDOW):
            verdicts += await self._window(requests[start : start + WINDOW])
        return verdicts

    async def close(self) -> None:
        """Let running batches end and free the threads."""
        self._closed = True
        await asyncio.to_thread(self._pool.shutdown)

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

    async def _window(self, requests: Sequence[Request]) -> list[Verdict]:
        run, pool = asyncio.get_running_loop().run_in_executor, self._open_pool()
        keys, known, unknown, described, cut = await run(pool, self._prepare, requests)
        self.judged += len(unknown)
        self.truncated += cut
        if self._closed:
            raise RuntimeError("this classifier was closed before it had answered")
        for answers in await asyncio.gather(*(run(pool, self._judge, b, described) for b in by_length(unknown))):
            known |= answers
        return [known[k] for k in keys]

    def _open_pool(self) -> ThreadPoolExecutor:
        if self._closed:
            raise RuntimeError("this classifier is closed")
        return self._pool

    def _prepare(self, requests: Sequence[Request]) -> _Prepared:
        found = _Prepared([], {}, {}, set(), 0)
        for request in requests:
            text, about = clean(request.text), target(request.target, request.about) if request.target else None
            described = bool(request.target and request.about)
            found.keys.append(key(text, about, described=described))
            if found.keys[-1] in found.known or found.keys[-1] in found.unknown:
                continue
            verdict = self.cache.get(found.keys[-1]) if text else BLANK
            if verdict is not None:
                found.known[found.keys[-1]] = verdict
                continue
            found.unknown[found.keys[-1]] = tokens = self._encoder.tokens(text, about)
            if described:
                found.described.add(found.keys[-1])
            found = found._replace(cut=found.cut + tokens.cut)
        return found

    def _judge(self, batch: Batch, described: set[bytes]) -> dict[bytes, Verdict]:
        vectors = self._encoder.vectors([pair for _, pair in batch])
        rows = zip(batch, vectors, strict=True)
        answers = {k: self._heads.verdict(vector, relevance=k in described) for (k, _), vector in rows}
        for k, verdict in answers.items():
            self.cache.put(k, verdict)
        return answers

    def _place(self, batch: Batch) -> dict[bytes, npt.NDArray[np.float32]]:
        vectors = self._encoder.vectors([pair for _, pair in batch])
        return {k: self._heads.place(vector) for (k, _), vector in zip(batch, vectors, strict=True)}


def default_threads() -> int:
    """The cores that this process may use. All of them: measured on two cores at 100 posts/s, leaving one to the event
    loop made a post wait 2.1 s (p95) for its place in the numbers, leaving none 1.3 s."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
