"""What the model says of many examples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from rich.progress import Progress
from tokenizers import Tokenizer

from classifiers.batching import by_length
from classifiers.encoder import Encoder
from classifiers.text import Pair, pair, target
from classifiers.train.data import Example
from classifiers.train.network import Network

Floats: TypeAlias = npt.NDArray[np.float64]
Vectors: TypeAlias = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Scores:
    """Before temperature, softmax and sigmoid; one row an example."""

    examples: list[Example]
    sentiment: Floats
    """(examples, 3)."""
    stages: Floats
    """(examples, 7)."""
    relevance: Floats
    """(examples,)."""

    def of(self, chosen: Callable[[Example], bool]) -> Scores:
        rows = [i for i, example in enumerate(self.examples) if chosen(example)]
        kept = [self.examples[i] for i in rows]
        return Scores(kept, self.sentiment[rows], self.stages[rows], self.relevance[rows])


def described(example: Example) -> Example:
    """As the service asks when the brand has a description."""
    if example.target is None or not example.about:
        return example
    return replace(example, target=target(example.target, example.about))


def by_encoder(encoder: Encoder, examples: Sequence[Example]) -> Vectors:
    """(examples, width), by the very encoder that ships."""
    return _embed([encoder.tokens(e.text, e.target) for e in examples], encoder.vectors, "int8")


def by_network(network: Network, tokenizer: Tokenizer, tokens: int, examples: Sequence[Example], title: str) -> Vectors:
    """(examples, width), by the network as it was trained, in float32."""

    def vectors(batch: Sequence[Pair]) -> Vectors:
        ids, kinds = (torch.tensor(rows) for rows in ([p.ids for p in batch], [p.kinds for p in batch]))
        parts = network.encode(ids, kinds, torch.ones_like(ids, dtype=torch.bool))
        return np.asarray(torch.cat(parts, dim=1).numpy())

    with torch.inference_mode():
        return _embed([pair(tokenizer, e.text, e.target, tokens) for e in examples], vectors, title)


def scores(vectors: Vectors, examples: Sequence[Example], heads: Path) -> Scores:
    """Through the heads that `export` left in `work`."""
    wide = vectors.astype(np.float64)
    with np.load(heads, allow_pickle=False) as arrays:
        found = [wide @ arrays[f"{h}.weight"].T + arrays[f"{h}.bias"] for h in ("sentiment", "stages", "relevance")]
    return Scores(list(examples), found[0], found[1], found[2][:, 0])


def _embed(pairs: Sequence[Pair], vectors: Callable[[Sequence[Pair]], Vectors], title: str) -> Vectors:
    found: dict[int, npt.NDArray[np.float32]] = {}
    with Progress() as bar:
        task = bar.add_task(title, total=len(pairs))
        for batch in by_length({str(i).encode(): pair for i, pair in enumerate(pairs)}):
            found |= zip((int(row) for row, _ in batch), vectors([p for _, p in batch]), strict=True)
            bar.update(task, advance=len(batch))
    return np.array([found[i] for i in range(len(pairs))], np.float32)
