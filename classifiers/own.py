"""Open a user's own model: a folder with an ONNX graph, or a transformers checkpoint from a folder or the hub."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import numpy as np
from tokenizers import Tokenizer

from classifiers import own_files
from classifiers.bad_model import DEVICE_KEY, MODEL_KEY, BadModel
from classifiers.own_labels import columns
from classifiers.own_model import OwnClassifier, Scorer
from classifiers.own_onnx import OnnxScorer
from classifiers.own_tokens import Reader

EXTRA: Final = ("torch", "transformers", "safetensors")
HUB_NAME: Final = re.compile(r"[\w.-]+/[\w.-]+(@[\w./-]+)?")
"""`owner/name`, or `owner/name@revision`."""
_PROBE: Final = "ok"


def open_own(
    model: str,
    *,
    labels: Mapping[str, str] | None = None,
    device: str = "auto",
    pair: bool = False,
    threads: int | None = None,
    cache_size: int = 50_000,
) -> OwnClassifier:
    """The classifier for a folder, or for `owner/name` (`owner/name@revision`) of the hub.

    A folder with model.onnx runs on ONNX Runtime, unless `device` asks for a GPU and there are safetensors too;
    everything else runs on PyTorch. Neither pickled weights nor the model's own code is ever loaded. Raises `BadModel`.
    """
    folder, on_hub = _find(model)
    about = own_files.card(folder)
    graph = own_files.graph(folder)
    if graph and device in ("cuda", "mps"):
        if not own_files.weights(folder):
            raise BadModel(f"{DEVICE_KEY}: an ONNX model runs on the CPU here; {device} needs model.safetensors")
        graph = None
    if graph is None:
        own_files.check_weights(folder, hub=on_hub)
    scorer: Scorer = _onnx(folder, graph) if graph else _torch(folder, device)
    reader = Reader(_tokenizer(folder, on_torch=graph is None), own_files.limit(folder, about))
    weights = columns(own_files.names(folder, about, _count(folder, scorer, reader)), labels or {})
    files = [graph] if graph else own_files.weights(folder)
    name = f"{model if on_hub else folder.resolve().name}@{own_files.fingerprint(files)}"
    confusion = own_files.confusion(folder)
    return OwnClassifier(name, scorer, reader, weights, confusion, pair=pair, threads=threads, cache_size=cache_size)


def _find(model: str) -> tuple[Path, bool]:
    """The model's folder, and whether it came from the hub."""
    folder = Path(model).expanduser()
    if folder.is_dir():
        return folder, False
    if folder.exists():
        raise BadModel(f"{MODEL_KEY}: {model} is a file; name the folder it is in")
    if not HUB_NAME.fullmatch(model):
        raise BadModel(
            f'{MODEL_KEY}: there is no model "{model}": use "default", "none", the path of a folder with a model, '
            "or owner/name of the Hugging Face hub"
        )
    _check_extra(f"there is no folder {model}, and a model of the hub")
    from classifiers import own_hub  # noqa: PLC0415 - it comes with the extra, and is slow to import

    return own_hub.fetch(model), True


def _check_extra(what: str) -> None:
    missing = [name for name in EXTRA if find_spec(name) is None]
    if missing:
        raise BadModel(f"{MODEL_KEY}: {what} needs {', '.join(missing)}: pip install 'tertulia[torch]'")


def _onnx(folder: Path, graph: Path) -> Scorer:
    try:
        return OnnxScorer(graph)
    except Exception as problem:  # ONNX Runtime raises classes of its own, right below Exception
        own_files.refuse(folder, f"{graph.name} cannot be used: {problem}")


def _torch(folder: Path, device: str) -> Scorer:
    _check_extra(f"{folder} has no model.onnx, and safetensors")
    from classifiers import own_torch  # noqa: PLC0415 - as above

    chosen = own_torch.pick_device(device)
    try:
        return own_torch.TorchScorer(folder, chosen)
    except Exception as problem:  # as many classes as there are architectures
        own_files.refuse(folder, str(problem))


def _tokenizer(folder: Path, *, on_torch: bool) -> Tokenizer:
    path = folder / "tokenizer.json"
    if not path.is_file() and not on_torch:
        own_files.refuse(folder, "it has no tokenizer.json")
    try:
        if path.is_file():
            return Tokenizer.from_file(str(path))
        from classifiers import own_torch  # noqa: PLC0415 - as above

        return own_torch.tokenizer(folder)
    except Exception as problem:  # tokenizers raises bare Exceptions
        own_files.refuse(folder, f"its tokenizer cannot be read: {problem}")


def _count(folder: Path, scorer: Scorer, reader: Reader) -> int:
    """How many labels the model gives, by asking it once."""
    try:
        tokens = reader(_PROBE, None)
        scores = scorer.scores([tokens], scorer.shaping(len(tokens.ids)))
    except Exception as problem:  # whatever the runtime raises: the model does not run
        own_files.refuse(folder, f"it fails on a first text: {problem}")
    if scores.ndim != 2 or len(scores) != 1:
        own_files.refuse(folder, f"it gives numbers of shape {scores.shape} for one text, not one for each label")
    if not np.isfinite(scores).all():
        own_files.refuse(folder, "its numbers are not finite; half precision may be too small for it: try device: cpu")
    return int(scores.shape[1])
