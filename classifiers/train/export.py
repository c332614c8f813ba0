"""The tuned network as the files that ship, `encoder.onnx` and `tokenizer.json`; its uncalibrated heads to `work`."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import onnx
from tokenizers import Tokenizer

from classifiers.train import graph
from classifiers.train.network import Network

MAX_TOKENS: Final = 128
"""Posts of 500 characters rarely pass 150 tokens, and compute grows with length."""
HEADS: Final = ("sentiment", "stages", "relevance", "embedding")


def export(network: Network, tokenizer: Tokenizer, out: Path, work: Path) -> None:
    """Write them; ONNX's own checker raises when the graph is wrong."""
    weights = {name: tensor.detach().float().numpy() for name, tensor in network.state_dict().items()}
    first = network.layers[0]
    model = graph.build(weights, len(network.layers), first.heads, network.ln.eps, MAX_TOKENS)
    onnx.checker.check_model(model)
    onnx.save(model, str(out / "encoder.onnx"))
    tokenizer.save(str(out / "tokenizer.json"), pretty=False)
    arrays = {f"{head}.{part}": weights[f"{head}.{part}"] for head in HEADS for part in ("weight", "bias")}
    np.savez(work / "heads.npz", **arrays)
