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
from classifiers.train.source import read

if TYPE_CHECKING:
    Array = npt.NDArray[np.float64]

HIDDEN, HEADS, WORDS, LAYERS, EPSILON = 64, 4, 50, 2, 1e-12


def _weights() -> dict[str, npt.NDArray[np.float32]]:
    """As `classifiers.train.network.Network` names them."""
    random = np.random.default_rng(0)

    def matrix(*shape: int) -> Array:
        return random.normal(size=shape, scale=0.1)

    found = {
        "words.weight": matrix(WORDS, HIDDEN),
        "places.weight": matrix(20, HIDDEN),
        "kinds.weight": matrix(3, HIDDEN),
    }
    norms = ["ln"]
    for i in range(LAYERS):
        for name, rows, columns in (("qkv", 3, 1), ("ao", 1, 1), ("fi", 4, 1), ("fo", 1, 4)):
            found[f"layers.{i}.{name}.weight"] = matrix(rows * HIDDEN, columns * HIDDEN)
            found[f"layers.{i}.{name}.bias"] = matrix(rows * HIDDEN)
        norms += [f"layers.{i}.aln", f"layers.{i}.oln"]
    for name in norms:
        found |= {f"{name}.weight": random.uniform(0.5, 1.5, HIDDEN), f"{name}.bias": matrix(HIDDEN)}
    return {name: value.astype(np.float32) for name, value in found.items()}


def _bert(w: dict[str, npt.NDArray[np.float32]], ids: list[int], kinds: list[int]) -> tuple[Array, Array, Array]:
    """Each (hidden,), of the last layer, in float64: the mean of the text's tokens, the first token, and the mean of
    those that name the target, or of the text where none does."""

    def linear(x: Array, name: str) -> Array:
        return np.asarray(x @ w[f"{name}.weight"].astype(np.float64).T + w[f"{name}.bias"])

    def norm(x: Array, name: str) -> Array:
        centred = x - x.mean(axis=1, keepdims=True)
        return np.asarray(
            centred / np.sqrt(x.var(axis=1, keepdims=True) + EPSILON) * w[f"{name}.weight"] + w[f"{name}.bias"]
        )

    x = w["words.weight"][ids].astype(np.float64) + w["places.weight"][: len(ids)] + w["kinds.weight"][kinds]
    x = norm(x, "ln")
    for i in range(LAYERS):
        name = f"layers.{i}"
        thirds = np.split(linear(x, f"{name}.qkv"), 3, axis=1)
        q, k, v = (third.reshape(len(ids), HEADS, -1).swapaxes(0, 1) for third in thirds)
        mixed = softmax(q @ k.swapaxes(1, 2) / np.sqrt(HIDDEN / HEADS), axis=2) @ v
        x = norm(x + linear(mixed.swapaxes(0, 1).reshape(len(ids), HIDDEN), f"{name}.ao"), f"{name}.aln")
        inner = linear(x, f"{name}.fi")
        x = norm(x + linear(inner * 0.5 * (1 + erf(inner / np.sqrt(2))), f"{name}.fo"), f"{name}.oln")
    text = x[np.array(kinds) != 1].mean(axis=0)
    named = x[np.array(kinds) == 2].mean(axis=0) if 2 in kinds else text
    return np.asarray(text), np.asarray(x[0]), np.asarray(named)


def test_the_graph_computes_bert() -> None:
    weights, random = _weights(), np.random.default_rng(1)
    model = build(weights, LAYERS, HEADS, EPSILON, positions=20).SerializeToString()
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    ids = random.integers(0, WORDS, (5, 11))
    kinds = np.array([[0] + [1] * n + [0] * (10 - n) for n in (0, 3, 3, 5, 9)])
    kinds[1, 5], kinds[3, [7, 9]] = 2, 2
    for found, expected in zip(
        session.run(["mean", "first", "named"], {"ids": ids, "kinds": kinds}),
        zip(*(_bert(weights, i, k) for i, k in zip(ids.tolist(), kinds.tolist(), strict=True)), strict=True),
        strict=True,
    ):
        error = np.sqrt(np.mean((found - np.array(expected)) ** 2))
        assert error < 0.04 * np.std(expected), "7-bit weights, 8-bit activations"


def test_another_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "weights.bin").write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(ValueError, match="not an E5S1 file"):
        read(tmp_path / "weights.bin")
