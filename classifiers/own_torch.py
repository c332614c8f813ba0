"""A user's model as a transformers checkpoint, on PyTorch. Only imported where the extra `tertulia[torch]` is there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
import transformers
from tokenizers import Tokenizer

from classifiers.bad_model import DEVICE_KEY, BadModel
from classifiers.own_shapes import Shape, Shaping, alone, filled
from classifiers.own_tokens import Tokens


class TorchScorer:
    """Scores of each label: float32 and a text at a time on the CPU, half precision and large batches on a GPU.

    ValueError when the checkpoint is no text classifier; transformers raises its own errors.
    """

    def __init__(self, folder: Path, device: str, shaping: Shaping | None = None) -> None:
        _quiet()
        self._device = torch.device(device)
        on_cpu = device == "cpu"
        self.shaping: Shaping = shaping or (alone if on_cpu else filled)
        self.threads = None if on_cpu else 1
        """One per core, or one for the whole GPU."""
        if on_cpu:
            torch.set_num_threads(1)  # parallel calls use the other cores, and sums do not depend on their number
        dtype = torch.float32 if on_cpu else torch.float16
        model, loaded = transformers.AutoModelForSequenceClassification.from_pretrained(
            folder, use_safetensors=True, trust_remote_code=False, local_files_only=True, dtype=dtype,
            output_loading_info=True,
        )  # fmt: skip
        if loaded["missing_keys"]:
            raise ValueError(f"it was not trained to classify: {', '.join(sorted(loaded['missing_keys']))} are missing")
        self._model = model.eval().to(self._device)
        self._padding = model.config.get_text_config().pad_token_id or 0
        # Models with one kind of token, or none, are not told of kinds: GPT-2 would take them for words.
        self._kinds = (getattr(model.config, "type_vocab_size", None) or 0) > 1

    def scores(self, batch: Sequence[Tokens], shape: Shape) -> npt.NDArray[np.float32]:
        """(texts, labels), before the softmax; run in exactly `shape`."""
        rows = [*batch, *[batch[0]] * (shape.rows - len(batch))]
        feed = {
            "input_ids": self._padded([tokens.ids for tokens in rows], shape.width, self._padding),
            "attention_mask": self._padded([[1] * len(tokens.ids) for tokens in rows], shape.width, 0),
        }
        if self._kinds:
            feed["token_type_ids"] = self._padded([tokens.kinds for tokens in rows], shape.width, 0)
        with torch.inference_mode():
            found = self._model(**feed).logits[: len(batch)].float().cpu().numpy()
        return np.asarray(found, np.float32)

    def _padded(self, rows: Sequence[Sequence[int]], width: int, filling: int) -> torch.Tensor:
        return torch.tensor([[*row, *[filling] * (width - len(row))] for row in rows], device=self._device)


def pick_device(wanted: str) -> str:
    """The device for `auto`, `cpu`, `cuda` or `mps`; BadModel when it is not there."""
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if wanted == "auto":
        return next(name for name, found in there.items() if found)
    if not there[wanted]:
        found = ", ".join(name for name, found in there.items() if found)
        raise BadModel(f"{DEVICE_KEY}: PyTorch {torch.__version__} finds no {wanted} here, only {found}; or use auto")
    return wanted


def tokenizer(folder: Path) -> Tokenizer:
    """For folders without a tokenizer.json; ValueError when there is only one written in Python."""
    _quiet()
    found = transformers.AutoTokenizer.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
    if not getattr(found, "is_fast", False):
        raise ValueError("it has no tokenizer.json, and none can be made from its other files")
    inner: Tokenizer = found.backend_tokenizer
    return inner


def _quiet() -> None:
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
