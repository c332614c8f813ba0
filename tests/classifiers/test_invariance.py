"""The same post gets the same answer whatever stands beside it: the numbers survive a crash and a replay."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence

import numpy as np
import pytest

from classifiers import Request, Verdict
from classifiers.batching import MAX_BATCH
from classifiers.encoder import Encoder
from classifiers.load import SHIPPED
from classifiers.text import Pair
from tests.classifiers.texts import make_texts, shipped

TEXTS = 2_100


async def _answers(texts: Sequence[str], size: int, threads: int, at_once: int = 1) -> dict[str, Verdict | None]:
    """Verdicts by text, asked for in calls of `size`, `at_once` of them at a time, without a cache."""
    model = shipped(threads)
    calls = [texts[i : i + size] for i in range(0, len(texts), size)]
    found: dict[str, Verdict | None] = {}
    for start in range(0, len(calls), at_once):
        group = calls[start : start + at_once]
        verdicts = await asyncio.gather(*(model.classify([_request(t) for t in call]) for call in group))
        for call, answer in zip(group, verdicts, strict=True):
            found |= dict(zip(call, answer, strict=True))
    await model.close()
    return found


def _request(text: str) -> Request:
    """A third without a target, a third with a name, a third with a described one."""
    target = (None, "Fairphone", "Orange")[len(text) % 3]
    return Request(text, target, about="French telecom operator" if target == "Orange" else "")


@pytest.mark.timeout(600)
async def test_neither_batch_mates_nor_order_nor_threads_change_an_answer() -> None:
    texts = make_texts(TEXTS)
    alone = await _answers(texts, size=1, threads=1, at_once=16)
    shuffled = random.Random(1).sample(texts, len(texts))
    assert await _answers(shuffled, size=len(texts), threads=1) == alone
    some = shuffled[: TEXTS // 3]
    assert await _answers(some, size=37, threads=4, at_once=5) == {text: alone[text] for text in some}


def test_vectors_are_equal_to_the_last_bit() -> None:
    """Stronger than equal verdicts: nothing is left to luck in the rounding. Targets of all lengths share a batch."""
    encoder = Encoder(SHIPPED / "encoder.onnx", SHIPPED / "tokenizer.json", max_tokens=128)
    for length in (2, 3, 7, 29, 64, 128):
        random = np.random.default_rng(length)
        ids = random.integers(4, 50_000, (MAX_BATCH, length)).tolist()
        targets = random.integers(0, length - 1, MAX_BATCH).tolist()
        batch = [Pair(i, [0, *[1] * t, *[0] * (length - t - 1)], False) for i, t in zip(ids, targets, strict=True)]
        whole = encoder.vectors(batch)
        for size in (1, 2, 5):
            parts = np.concatenate([encoder.vectors(batch[i : i + size]) for i in range(0, MAX_BATCH, size)])
            assert np.array_equal(whole, parts), f"length {length}, batches of {size}"
