"""Refits the embedding head when all else is trained: from where a text stands now to where it stood at first.

While the encoder learns what is felt, all posts move together, and the head that is trained beside it follows only in
part. A linear map with a closed form does it better: ridge regression on the teacher's texts.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from torch import Tensor

from classifiers.encoder import Encoder
from classifiers.train import answers
from classifiers.train.data import Example

RIDGE: Final = 1e-3
"""Of the mean squared length of the vectors."""


def refit(encoder: Encoder, teacher: Mapping[str, Tensor], heads: Path) -> None:
    """Put the new `embedding` into the file of heads; the others stay."""
    texts = [Example(text, "", "", "train") for text in teacher]
    now = answers.by_encoder(encoder, texts)
    wanted = np.array([teacher[example.text].float().numpy() for example in texts], np.float64)
    wanted /= np.linalg.norm(wanted, axis=1, keepdims=True)
    weight, bias = fitted(now[:, : wanted.shape[1]].astype(np.float64), wanted)
    with np.load(heads, allow_pickle=False) as arrays:
        found = dict(arrays)
    found["embedding.weight"], found["embedding.bias"] = weight.astype(np.float32), bias.astype(np.float32)
    np.savez(heads, allow_pickle=False, **found)


def fitted(
    x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Weight (out, in) and bias (out,) with the least squared error of x @ weight.T + bias to y, a little shrunk."""
    middle_x, middle_y = x.mean(axis=0), y.mean(axis=0)
    centred = x - middle_x
    square = centred.T @ centred
    square[np.diag_indices_from(square)] += RIDGE * np.trace(square) / len(square)
    weight = np.linalg.solve(square, centred.T @ (y - middle_y)).T
    return weight, middle_y - weight @ middle_x
