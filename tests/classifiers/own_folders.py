"""Folders with users' own models: a tiny ONNX classifier, and the means to spoil it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

TINY = Path(__file__).with_name("tiny")
LABELS = ("negative", "neutral", "positive")


def onnx_folder(folder: Path, labels: Sequence[str] | None = LABELS, **config: Any) -> Path:
    """The tiny model, whose labels are called `labels` (None: the config does not name them)."""
    folder.mkdir(exist_ok=True)
    for name in ("model.onnx", "tokenizer.json"):
        shutil.copy(TINY / name, folder / name)
    write_config(folder, labels, max_position_embeddings=128, pad_token_id=0, **config)
    return folder


def write_config(folder: Path, labels: Sequence[str] | None, **config: Any) -> None:
    """`config.json`, as transformers writes it."""
    if labels is not None:
        config["id2label"] = {str(number): name for number, name in enumerate(labels)}
    (folder / "config.json").write_text(json.dumps(config), "utf-8")
