"""Turns posts into vectors with the very encoder that will run."""

from __future__ import annotations

import sys
import time

import numpy as np

from classifiers.batching import by_length
from classifiers.encoder import Encoder, Vectors


def embed(encoder: Encoder, texts: list[str], title: str) -> Vectors:
    """(texts, encoder.width), in the order of `texts`; shows a progress bar on standard error."""
    tokens = {str(i).encode(): encoder.tokens(text)[0] for i, text in enumerate(texts)}
    vectors = np.empty((len(texts), encoder.width), np.float32)
    done, began = 0, time.monotonic()
    for batch in by_length(tokens):
        rows = [int(row) for row, _ in batch]
        vectors[rows] = encoder.vectors([ids for _, ids in batch])
        done += len(batch)
        _show(title, done, len(texts), time.monotonic() - began)
    sys.stderr.write("\n")
    return vectors


def _show(title: str, done: int, total: int, seconds: float) -> None:
    bar = "#" * (30 * done // total)
    sys.stderr.write(f"\r{title:12} [{bar:30}] {done:,}/{total:,}  {done / max(seconds, 0.001):.0f} posts/s ")
    sys.stderr.flush()
