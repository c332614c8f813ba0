"""Examples to tensors: tokens, labels, and what each label weighs."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from tokenizers import Tokenizer
from torch import Tensor

from classifiers.base import LABELS, STAGES
from classifiers.text import Pair, pair
from classifiers.train.data import Example

BATCH = 32
SORTED = 64
"""Batches' worth of examples that are sorted by length together: little padding, and still mixed."""


@dataclass(frozen=True)
class Batch:
    """Shapes: (texts, tokens) for the first three, then (texts,) or (texts, 7). Labels nobody gave weigh 0."""

    ids: Tensor
    kinds: Tensor
    real: Tensor
    sentiment: Tensor
    sentiment_weight: Tensor
    stages: Tensor
    stages_weight: Tensor
    relevant: Tensor
    relevant_weight: Tensor
    embedding_rows: list[int]
    """Index of each example among those given, for the teacher's vectors."""


def batches(examples: Sequence[Example], tokenizer: Tokenizer, tokens: int, seed: int) -> Iterator[Batch]:
    """Shuffled, of `BATCH` examples of about one length; the same for the same seed."""
    chance = random.Random(seed)
    order = chance.sample(range(len(examples)), len(examples))
    encoded = [pair(tokenizer, e.text, e.target, tokens) for e in examples]
    weights = opinion_weights(examples)
    groups = []
    for start in range(0, len(order), BATCH * SORTED):
        near = sorted(order[start : start + BATCH * SORTED], key=lambda i: len(encoded[i].ids))
        groups += [near[i : i + BATCH] for i in range(0, len(near), BATCH)]
    chance.shuffle(groups)
    for group in groups:
        yield _batch(group, examples, encoded, weights)


def opinion_weights(examples: Sequence[Example]) -> dict[tuple[str, int], float]:
    """Posts without a target: the three labels weigh the same within each set, as the shares of opinion in one sample
    say nothing about the next brand. Targeted posts weigh 1."""
    counts = Counter((e.source, e.sentiment) for e in examples if e.sentiment is not None and not e.target)
    totals = Counter(e.source for e in examples if e.sentiment is not None and not e.target)
    return {
        (source, label): totals[source] / len(LABELS) / max(1, counts[source, label])
        for source in totals
        for label in range(len(LABELS))
    }


def _batch(
    group: list[int], examples: Sequence[Example], encoded: list[Pair], weights: dict[tuple[str, int], float]
) -> Batch:
    chosen = [examples[i] for i in group]
    width = max(len(encoded[i].ids) for i in group)
    ids, kinds = torch.ones(len(group), width, dtype=torch.long), torch.zeros(len(group), width, dtype=torch.long)
    real = torch.zeros(len(group), width, dtype=torch.bool)
    for row, i in enumerate(group):
        length = len(encoded[i].ids)
        ids[row, :length] = torch.tensor(encoded[i].ids)
        kinds[row, :length] = torch.tensor(encoded[i].kinds)
        real[row, :length] = True
    opinions = [0.0 if e.sentiment is None else 1.0 if e.target else weights[e.source, e.sentiment] for e in chosen]
    return Batch(
        ids, kinds, real,
        torch.tensor([e.sentiment or 0 for e in chosen]), torch.tensor(opinions),
        torch.tensor([[float(stage in (e.stages or ())) for stage in STAGES] for e in chosen]),
        torch.tensor([float(e.stages is not None) for e in chosen]),
        torch.tensor([float(bool(e.relevant)) for e in chosen]),
        torch.tensor([float(e.relevant is not None) for e in chosen]),
        group,
    )  # fmt: skip
