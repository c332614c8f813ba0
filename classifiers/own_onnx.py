"""A user's model as an ONNX graph, on the CPU."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime

from classifiers.own_shapes import Shape, Shaping, alone
from classifiers.own_tokens import Tokens

_TYPES = {"tensor(int64)": np.int64, "tensor(int32)": np.int32}
_INPUTS = ("input_ids", "attention_mask", "token_type_ids")


class OnnxScorer:
    """Scores of each label. Safe to call from several threads; each call runs in the caller's thread.

    ValueError when the graph is no text classifier as `optimum` exports them; ONNX Runtime raises its own errors.
    """

    shaping: Shaping = staticmethod(alone)
    threads: int | None = None
    """One per core: a call uses one."""

    def __init__(self, graph: Path) -> None:
        self._session = onnxruntime.InferenceSession(str(graph), _options(), providers=["CPUExecutionProvider"])
        self._inputs = {each.name: _TYPES.get(each.type) for each in self._session.get_inputs()}
        odd = [name for name, kind in self._inputs.items() if name not in _INPUTS or kind is None]
        if odd or "input_ids" not in self._inputs:
            raise ValueError(f"its inputs are {', '.join(self._inputs)}, not {', '.join(_INPUTS)} (whole numbers)")
        outputs = [each.name for each in self._session.get_outputs()]
        if "logits" not in outputs and len(outputs) != 1:
            raise ValueError(f"it has no output `logits`, but {', '.join(outputs)}")
        self._output = "logits" if "logits" in outputs else outputs[0]

    def scores(self, batch: Sequence[Tokens], shape: Shape) -> npt.NDArray[np.float32]:
        """(texts, labels), before the softmax. The texts must fill `shape`: nothing is padded here."""
        ids = [tokens.ids for tokens in batch]
        given = {
            "input_ids": ids,
            "attention_mask": np.ones((len(batch), shape.width)),
            "token_type_ids": [tokens.kinds for tokens in batch],
        }
        feed = {name: np.asarray(given[name], dtype=kind) for name, kind in self._inputs.items()}
        return np.asarray(self._session.run([self._output], feed)[0], np.float32)


def _options() -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # parallel calls use the other cores
    options.inter_op_num_threads = 1
    options.enable_mem_pattern = False  # patterns are kept per input shape, and lengths vary
    options.log_severity_level = 3
    return options
