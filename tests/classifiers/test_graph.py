"""The ONNX graph against the arithmetic of BERT written out in NumPy, on a small random encoder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import onnxruntime
import pytest
from scipy.special import erf, softmax

pytest.importorskip("onnx", reason="only making a model needs onnx")

from classifiers.train.graph import build
from classifiers.train.source import Q4, Source, read

if TYPE_CHECKING:
    Array = npt.NDArray[np.float64]

HIDDEN, HEADS, WORDS, EPSILON = 64, 4, 50, 1e-12


def _matrix(random: np.random.Generator, rows: int, columns: int) -> Q4:
    blocks = columns // 32
    scales = random.uniform(0.005, 0.02, (rows, blocks)).astype(np.float32)
    return Q4(scales, random.integers(0, 256, (rows, blocks, 16), dtype=np.uint8))


def _source() -> Source:
    random = np.random.default_rng(0)
    matrices = {"emb.word": _matrix(random, WORDS, HIDDEN)}
    floats = {"emb.pos": random.normal(size=20 * HIDDEN, scale=0.1), "emb.type": random.normal(size=2 * HIDDEN)}
    norms = ["emb.ln"]
    for i in range(2):
        norms += [f"l{i}.aln", f"l{i}.oln"]
        for name, rows, columns in [
            *((p, HIDDEN, HIDDEN) for p in ("q", "k", "v", "ao")),
            ("fi", 256, 64),
            ("fo", 64, 256),
        ]:
            matrices[f"l{i}.{name}.w"] = _matrix(random, rows, columns)
            floats[f"l{i}.{name}.b"] = random.normal(size=rows, scale=0.1)
    for name in norms:
        floats |= {f"{name}.w": random.uniform(0.5, 1.5, HIDDEN), f"{name}.b": random.normal(size=HIDDEN, scale=0.1)}
    return Source(HIDDEN, 2, HEADS, EPSILON, [], {k: v.astype(np.float32) for k, v in floats.items()}, matrices)


def _bert(s: Source, ids: list[int]) -> Array:
    """(hidden,): the mean of the last layer's tokens, in float64."""

    def linear(x: Array, name: str) -> Array:
        return np.asarray(x @ s.matrices[f"{name}.w"].values().T + s.floats[f"{name}.b"])

    def norm(x: Array, name: str) -> Array:
        centred = x - x.mean(axis=1, keepdims=True)
        scaled = centred / np.sqrt(x.var(axis=1, keepdims=True) + s.epsilon)
        return np.asarray(scaled * s.floats[f"{name}.w"] + s.floats[f"{name}.b"])

    places = s.floats["emb.pos"].reshape(-1, HIDDEN)[: len(ids)] + s.floats["emb.type"][:HIDDEN]
    x = norm(s.matrices["emb.word"].values()[ids].astype(np.float64) + places, "emb.ln")
    for i in range(s.layers):
        q, k, v = (linear(x, f"l{i}.{p}").reshape(len(ids), HEADS, -1).swapaxes(0, 1) for p in "qkv")
        mixed = softmax(q @ k.swapaxes(1, 2) / np.sqrt(HIDDEN / HEADS), axis=2) @ v
        x = norm(x + linear(mixed.swapaxes(0, 1).reshape(len(ids), HIDDEN), f"l{i}.ao"), f"l{i}.aln")
        inner = linear(x, f"l{i}.fi")
        x = norm(x + linear(inner * 0.5 * (1 + erf(inner / np.sqrt(2))), f"l{i}.fo"), f"l{i}.oln")
    return np.asarray(x.mean(axis=0))


def test_the_graph_computes_bert() -> None:
    source = _source()
    model = build(source, positions=20, taps=(1, 2)).SerializeToString()
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    ids = np.random.default_rng(1).integers(0, WORDS, (5, 11))
    (found,) = session.run(["mean2"], {"ids": ids})
    expected = np.array([_bert(source, row.tolist()) for row in ids])
    assert np.abs(found - expected).max() < 0.03 * expected.std(), "7-bit weights and 8-bit activations"


def test_another_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "weights.bin").write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(ValueError, match="not an E5S1 file"):
        read(tmp_path / "weights.bin")
