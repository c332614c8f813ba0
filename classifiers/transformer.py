"""The transformer behind the classifier contract: off the event loop, batched by length, cached."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, NamedTuple

from classifiers.base import Confusion, Request, Verdict
from classifiers.batching import Batch, by_length
from classifiers.cache import Cache
from classifiers.encoder import Encoder
from classifiers.head import Head
from classifiers.text import clean, key

WINDOW: Final = 512
"""Requests sorted and batched together; also the most that one call has in memory at a time."""
BLANK: Final = Verdict("neutral", (0.0, 1.0, 0.0))
"""The answer to a text without any content."""


class _Prepared(NamedTuple):
    keys: list[bytes]
    """Of each text, in order."""
    known: dict[bytes, Verdict]
    unknown: dict[bytes, list[int]]
    """Tokens of the texts to judge."""
    cut: int
    """How many of these are longer than the model reads."""


class TransformerClassifier:
    """Judges sentiment by the text alone (`target` and `lang` change nothing) and neither relevance nor stages.

    `classify` never computes on the event loop: work goes to a pool of threads, in each of which ONNX Runtime uses one
    core and releases the GIL. Awaiting it is the back-pressure. Cancelling it drops the batches that have not begun;
    those that have begun still reach the cache.
    """

    def __init__(
        self,
        name: str,
        encoder: Encoder,
        head: Head,
        confusion: Mapping[str, Confusion],
        *,
        threads: int | None = None,
        cache_size: int = 50_000,
    ) -> None:
        self._name, self._encoder, self._head, self._confusion = name, encoder, head, confusion
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
            verdicts += await self._window([request.text for request in requests[start : start + WINDOW]])
        return verdicts

    async def close(self) -> None:
        """Let running batches end and free the threads."""
        self._closed = True
        await asyncio.to_thread(self._pool.shutdown)

    async def _window(self, texts: list[str]) -> list[Verdict]:
        if self._closed:
            raise RuntimeError("this classifier is closed")
        run = asyncio.get_running_loop().run_in_executor
        keys, known, unknown, cut = await run(self._pool, self._prepare, texts)
        self.judged += len(unknown)
        self.truncated += cut
        if self._closed:
            raise RuntimeError("this classifier was closed before it had answered")
        for answers in await asyncio.gather(*(run(self._pool, self._judge, b) for b in by_length(unknown))):
            known |= answers
        return [known[k] for k in keys]

    def _prepare(self, texts: list[str]) -> _Prepared:
        found = _Prepared([], {}, {}, 0)
        for text in map(clean, texts):
            found.keys.append(key(text))
            if found.keys[-1] in found.known or found.keys[-1] in found.unknown:
                continue
            verdict = self.cache.get(found.keys[-1]) if text else BLANK
            if verdict is None:
                found.unknown[found.keys[-1]], cut = self._encoder.tokens(text)
                found = found._replace(cut=found.cut + cut)
            else:
                found.known[found.keys[-1]] = verdict
        return found

    def _judge(self, batch: Batch) -> dict[bytes, Verdict]:
        vectors = self._encoder.vectors([tokens for _, tokens in batch])
        answers = {k: self._head.verdict(vector) for (k, _), vector in zip(batch, vectors, strict=True)}
        for k, verdict in answers.items():
            self.cache.put(k, verdict)
        return answers


def default_threads() -> int:
    """The cores that this process may use. All of them: measured on two cores at 100 posts/s, leaving one to the event
    loop made a post wait 2.1 s (p95) for its place in the numbers, leaving none 1.3 s."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
