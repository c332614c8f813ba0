"""Which texts share a forward pass.

Only texts of exactly one length do: no padding can leak into an answer, and none is computed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Final, TypeAlias

from classifiers.text import Pair

TOKENS_PER_BATCH: Final = 256
"""Keeps the widest activation (256 tokens, 1,536 wide, float32) within a core's second-level cache."""
MAX_BATCH: Final = 16

Key: TypeAlias = bytes
Batch: TypeAlias = list[tuple[Key, Pair]]


def by_length(texts: Mapping[Key, Pair]) -> Iterator[Batch]:
    """Batches of texts of one length, shortest first."""
    groups: defaultdict[int, Batch] = defaultdict(list)
    for key, pair in texts.items():
        groups[len(pair.ids)].append((key, pair))
    for length in sorted(groups):
        size = max(1, min(MAX_BATCH, TOKENS_PER_BATCH // length))
        for start in range(0, len(groups[length]), size):
            yield groups[length][start : start + size]
