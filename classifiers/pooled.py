"""The way of a request through any model: off the event loop, in batches, each different text once."""

from __future__ import annotations

import asyncio
import os
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Generic, NamedTuple, Protocol, TypeVar

from classifiers.base import Confusion, Request, Verdict
from classifiers.cache import Cache
from classifiers.text import key, says_something

WINDOW: Final = 512
"""Requests sorted and batched together; also the most that one call has in memory at a time."""


class Question(NamedTuple):
    """A request as the model sees it. Requests with one question share one answer."""

    text: str
    """Cleaned."""
    target: str | None = None
    """Whom the answer is about, as the model reads it; None: the model is not told."""
    described: bool = False
    """Whether the target comes with a line on who that is."""


class Readable(Protocol):
    """A question in tokens."""

    @property
    def cut(self) -> bool:
        """Whether the text was longer than the model reads."""


T = TypeVar("T", bound=Readable)


class _Prepared(NamedTuple, Generic[T]):
    keys: list[bytes]
    """Of each request, in order."""
    known: dict[bytes, Verdict | None]
    unknown: dict[bytes, T]
    """What is left to judge."""


class PooledClassifier(ABC, Generic[T]):
    """A model behind a pool of threads, a cache and a door that waits: awaiting `classify` is the back-pressure.

    A subclass says what a request asks, how it reads in tokens, which texts run together, and what the model answers.
    Cancelling `classify` drops the batches that have not begun; those that have begun still reach the cache.
    """

    blank: Verdict = Verdict("neutral", (0.0, 1.0, 0.0))
    """The answer to a text without any content: nothing, or links and handles alone."""

    def __init__(self, name: str, confusion: Mapping[str, Confusion], *, threads: int | None, cache_size: int) -> None:
        self._name, self._confusion = name, confusion
        self.cache = Cache(cache_size)
        self._pool = ThreadPoolExecutor(threads or default_threads(), thread_name_prefix="classifier")
        self._closed = False
        self.judged = 0
        """Texts that went through the model; the others were blank, repeated, or in the cache."""
        self.truncated = 0
        """Of these, texts longer than the model reads: judged by their head alone."""

    @abstractmethod
    def _question(self, request: Request) -> Question:
        """What the request asks of this model."""

    @abstractmethod
    def _tokens(self, question: Question) -> T:
        """The question in tokens; called in a thread of the pool."""

    @abstractmethod
    def _batches(self, texts: Mapping[bytes, T]) -> Iterator[list[tuple[bytes, T]]]:
        """Which texts run together."""

    @abstractmethod
    def _verdicts(self, batch: Sequence[T]) -> Sequence[Verdict | None]:
        """The model's answers in the order of `batch`; called in a thread of the pool."""

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

    async def _window(self, requests: Sequence[Request]) -> list[Verdict | None]:
        run, pool = asyncio.get_running_loop().run_in_executor, self._open_pool()
        keys, known, unknown = await run(pool, self._prepare, requests)
        self.judged += len(unknown)
        self.truncated += sum(tokens.cut for tokens in unknown.values())
        if self._closed:
            raise RuntimeError("this classifier was closed before it had answered")
        for answers in await asyncio.gather(*(run(pool, self._judge, batch) for batch in self._batches(unknown))):
            known |= answers
        return [known[k] for k in keys]

    def _open_pool(self) -> ThreadPoolExecutor:
        if self._closed:
            raise RuntimeError("this classifier is closed")
        return self._pool

    def _prepare(self, requests: Sequence[Request]) -> _Prepared[T]:
        found: _Prepared[T] = _Prepared([], {}, {})
        for question in map(self._question, requests):
            k = key(question.text, question.target, described=question.described)
            found.keys.append(k)
            if k in found.known or k in found.unknown:
                continue
            verdict = self.cache.get(k) if says_something(question.text) else self.blank
            if verdict is None:
                found.unknown[k] = self._tokens(question)
            else:
                found.known[k] = verdict
        return found

    def _judge(self, batch: Sequence[tuple[bytes, T]]) -> dict[bytes, Verdict | None]:
        verdicts = self._verdicts([tokens for _, tokens in batch])
        answers = {k: verdict for (k, _), verdict in zip(batch, verdicts, strict=True)}
        for k, verdict in answers.items():
            if verdict is not None:
                self.cache.put(k, verdict)
        return answers


def default_threads() -> int:
    """The cores that this process may use. All of them: measured on two cores at 100 posts/s, leaving one to the event
    loop made a post wait 2.1 s (p95) for its place in the numbers, leaving none 1.3 s."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
