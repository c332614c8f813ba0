"""The transformer: text to tokens, tokens to one vector a text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import onnxruntime
from tokenizers import Tokenizer

Vectors: TypeAlias = npt.NDArray[np.float32]


class Encoder:
    """An ONNX graph with its tokenizer. Safe to call from several threads; each call runs in the caller's thread."""

    def __init__(self, graph: Path, tokenizer: Path, max_tokens: int) -> None:
        self._tokenizer = Tokenizer.from_file(str(tokenizer))
        self._session = onnxruntime.InferenceSession(str(graph), _options(), providers=["CPUExecutionProvider"])
        self.max_tokens = max_tokens
        outputs = self._session.get_outputs()
        self.outputs = [output.name for output in outputs]
        self.width = sum(int(output.shape[1]) for output in outputs)

    def tokens(self, text: str) -> tuple[list[int], bool]:
        """Token ids, at most `max_tokens` (the head of the text), and whether something was cut off."""
        ids = self._tokenizer.encode(text).ids
        if len(ids) <= self.max_tokens:
            return ids, False
        return [*ids[: self.max_tokens - 1], ids[-1]], True  # the last one marks the end of a text

    def vectors(self, batch: Sequence[Sequence[int]]) -> Vectors:
        """(texts, width): all outputs of the graph side by side, for texts of one length in tokens."""
        found = self._session.run(self.outputs, {"ids": np.array(batch, dtype=np.int64)})
        return np.concatenate(found, axis=1)


def _options() -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    # One thread a call: two intra-op threads on a busy machine spin and lose. Parallel calls use the other cores.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.enable_mem_pattern = False  # patterns are kept per input shape, and lengths vary
    options.log_severity_level = 3
    return options
