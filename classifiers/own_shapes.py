"""Which texts share a forward pass of a user's model, and in which shape.

Matrix products round by their shape: PyTorch gave other last bits for a text alone than among others. So the shape in
which a text runs follows from the length of that text alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Final, NamedTuple, TypeAlias

from classifiers.own_tokens import Tokens

GPU_STEP: Final = 16
"""On a GPU a text is padded to the next multiple of this many tokens, or too few would share a pass."""
GPU_TOKENS: Final = 8_192
GPU_ROWS: Final = 128
"""At most; as many as the match stage hands over at once."""


class Shape(NamedTuple):
    """Of one pass: missing rows and tokens are filled up."""

    rows: int
    width: int


Shaping: TypeAlias = Callable[[int], Shape]
"""The shape in which a text of so many tokens runs."""


def alone(length: int) -> Shape:
    """On a CPU every text runs by itself, unpadded: nothing else can reach its answer."""
    return Shape(1, length)


def filled(length: int) -> Shape:
    """On a GPU many texts run together, always in the same number of rows."""
    width = -(-length // GPU_STEP) * GPU_STEP
    return Shape(max(1, min(GPU_ROWS, GPU_TOKENS // width)), width)


def batches(texts: Mapping[bytes, Tokens], shaping: Shaping) -> Iterator[list[tuple[bytes, Tokens]]]:
    """Texts of one shape, as many as fit, the shortest first."""
    groups: defaultdict[Shape, list[tuple[bytes, Tokens]]] = defaultdict(list)
    for key, tokens in texts.items():
        groups[shaping(len(tokens.ids))].append((key, tokens))
    for shape in sorted(groups, key=lambda shape: shape.width):
        for start in range(0, len(groups[shape]), shape.rows):
            yield groups[shape][start : start + shape.rows]
