"""Reads a released model back into the network, so that training can go on from it instead of beginning anew.

What comes back are the rounded weights of `graph.py` (7 bits a product, 8 a word), off by less than a hundredth of the
largest weight of their row: the first few hundred steps mend that.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnx import numpy_helper
from tokenizers import Tokenizer
from torch import Tensor

from classifiers.train.network import Network

Arrays: TypeAlias = dict[str, npt.NDArray[Any]]


def pieces(folder: Path, full: list[tuple[str, float]]) -> npt.NDArray[np.int64]:
    """Which of the source's pieces the model in `folder` kept, in its order."""
    place = {piece: i for i, (piece, _) in enumerate(full)}
    vocabulary = Tokenizer.from_file(str(folder / "tokenizer.json")).get_vocab()
    return np.array([place[piece] for piece, _ in sorted(vocabulary.items(), key=lambda item: item[1])], np.int64)


def load(network: Network, folder: Path) -> None:
    """Put the weights of the model in `folder` into `network`, heads included. Positions beyond those it ships stay."""
    model = onnx.load(str(folder / "encoder.onnx"))
    arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    state = network.state_dict()
    state["words.weight"] = _floats(arrays["words"].astype(np.float32) * arrays["words.scale"])
    state["places.weight"][: len(arrays["places"])] = _floats(arrays["places"])
    state["kinds.weight"] = _wider(_floats(arrays["kinds.weight"]), state["kinds.weight"])
    state |= {name: _floats(arrays[name]) for name in ("ln.weight", "ln.bias")}
    for i in range(len(network.layers)):
        state |= _layer(arrays, f"layers.{i}")
    with np.load(folder / "heads.npz", allow_pickle=False) as heads:
        state |= {name: _wider(_floats(heads[name]), state[name]) for name in heads.files if name in state}
    network.load_state_dict(state)


def _layer(arrays: Arrays, name: str) -> dict[str, Tensor]:
    state = {f"{name}.qkv.weight": torch.cat([_matrix(arrays, f"{name}.{part}") for part in "qkv"])}
    state |= {f"{name}.{part}.weight": _matrix(arrays, f"{name}.{part}") for part in ("ao", "fi", "fo")}
    state |= {f"{name}.{part}.bias": _floats(arrays[f"{name}.{part}.bias"]) for part in ("qkv", "ao", "fi", "fo")}
    for part in ("aln", "oln"):
        state |= {f"{name}.{part}.{kind}": _floats(arrays[f"{name}.{part}.{kind}"]) for kind in ("weight", "bias")}
    return state


def _wider(found: Tensor, now: Tensor) -> Tensor:
    """Releases before the third one did not mark where a text names its target: those tokens were like the rest of the
    text, and the heads did not read them."""
    if found.shape == now.shape:
        return found
    if found.shape[1] == now.shape[1]:
        return torch.cat([found, found[:1]])
    return torch.cat([found, torch.zeros(found.shape[0], now.shape[1] - found.shape[1])], dim=1)


def _matrix(arrays: Arrays, name: str) -> Tensor:
    return _floats((arrays[f"{name}.w"].astype(np.float32) * arrays[f"{name}.s"]).T)


def _floats(array: npt.NDArray[Any]) -> Tensor:
    return torch.from_numpy(np.array(array, np.float32, order="C"))
