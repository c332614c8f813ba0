"""The transformer: text and target to tokens, tokens to one vector a text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
import onnxruntime
from tokenizers import Tokenizer

from classifiers.text import Pair, pair

Vectors: TypeAlias = npt.NDArray[np.float32]
OUTPUTS: Final = ["mean", "first", "named"]


class Encoder:
    """An ONNX graph with its tokenizer. Safe to call from several threads; each call runs in the caller's thread."""

    def __init__(self, graph: Path, tokenizer: Path, max_tokens: int) -> None:
        self._tokenizer = Tokenizer.from_file(str(tokenizer))
        self._session = onnxruntime.InferenceSession(str(graph), _options(), providers=["CPUExecutionProvider"])
        self.max_tokens = max_tokens
        self.width = sum(int(output.shape[1]) for output in self._session.get_outputs())

    def tokens(self, text: str, about: str | None = None) -> Pair:
        """Token ids of a cleaned text and of its target, at most `max_tokens` (the head of the text)."""
        return pair(self._tokenizer, text, about, self.max_tokens)

    def vectors(self, batch: Sequence[Pair]) -> Vectors:
        """(texts, width), for pairs of one length in tokens: the mean token of each text, its first token, and the mean
        of those that name the target."""
        ids, kinds = (np.array(rows, dtype=np.int64) for rows in ([p.ids for p in batch], [p.kinds for p in batch]))
        return np.concatenate(self._session.run(OUTPUTS, {"ids": ids, "kinds": kinds}), axis=1)


def _options() -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    # One thread a call: two intra-op threads on a busy machine spin and lose. Parallel calls use the other cores.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.enable_mem_pattern = False  # patterns are kept per input shape, and lengths vary
    options.log_severity_level = 3
    return options
