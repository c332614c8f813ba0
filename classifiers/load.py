"""Find and open a classifier by name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final, NoReturn

import msgspec

from classifiers.bad_model import MODEL_KEY, BadModel
from classifiers.base import Classifier, Confusion
from classifiers.encoder import Encoder
from classifiers.heads import Heads
from classifiers.null import NullClassifier
from classifiers.own import open_own
from classifiers.own_model import Beside
from classifiers.transformer import TransformerClassifier
from config.schema import Model

SHIPPED: Final = Path(__file__).with_name("model")
FILES: Final = ("model.json", "encoder.onnx", "tokenizer.json", "heads.npz", "confusion.json")


class About(msgspec.Struct, frozen=True):
    """`model.json`."""

    name: str
    """Name and version, written in each ledger entry."""
    max_tokens: int
    """Longer texts are judged by their first tokens."""


def configured(settings: Model) -> Classifier:
    """Open the classifier of `classifiers.sentiment`. Raises `BadModel`."""
    return load(
        settings.model,
        threads=settings.threads or None,
        cache_size=settings.cache,
        labels=settings.labels,
        device=settings.device,
        pair=settings.pair,
    )


def load(
    model: str = "default",
    *,
    threads: int | None = None,
    cache_size: int = 50_000,
    labels: Mapping[str, str] | None = None,
    device: str = "auto",
    pair: bool = False,
) -> Classifier:
    """Open a classifier.

    `model` is `default` (the shipped model), `none` (no verdicts), a folder that holds the five `FILES`, or a model of
    the user's own (see `classifiers.own`; `labels`, `device` and `pair` are for that one): it gives the sentiment, and
    the shipped model the rest.
    `threads` is how many texts' batches run at once (default: one per core), `cache_size` how many answers to
    remember. The shipped model takes under two seconds and downloads nothing. Raises `BadModel`.
    """
    if model == "none":
        return NullClassifier()
    if threads is not None and threads < 1:
        raise BadModel(f"threads must be at least 1, not {threads}")
    folder = SHIPPED if model == "default" else Path(model).expanduser()
    if model == "default" or (folder / "model.json").is_file():
        return _ours(folder, threads, cache_size)
    own = open_own(model, labels=labels, device=device, pair=pair, threads=threads, cache_size=cache_size)
    return Beside(own, _ours(SHIPPED, threads, cache_size))


def _ours(folder: Path, threads: int | None, cache_size: int) -> TransformerClassifier:
    _check(folder)
    about = _about(folder)
    encoder, heads = _encoder(folder, about), _heads(folder)
    if heads.width != encoder.width:
        _refuse(folder / "heads.npz", f"expects vectors of {heads.width} numbers, the encoder makes {encoder.width}")
    confusion = _confusion(folder)
    return TransformerClassifier(about.name, encoder, heads, confusion, threads=threads, cache_size=cache_size)


def _check(folder: Path) -> None:
    missing = [name for name in FILES if not (folder / name).is_file()]
    if missing:
        raise BadModel(f"{MODEL_KEY}: the model folder {folder} lacks {', '.join(missing)}")


def _about(folder: Path) -> About:
    path = folder / "model.json"
    try:
        return msgspec.json.decode(path.read_bytes(), type=About)
    except msgspec.MsgspecError as problem:
        _refuse(path, str(problem))


def _confusion(folder: Path) -> dict[str, Confusion]:
    path = folder / "confusion.json"
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Confusion])
    except msgspec.MsgspecError as problem:
        _refuse(path, str(problem))


def _encoder(folder: Path, about: About) -> Encoder:
    try:
        return Encoder(folder / "encoder.onnx", folder / "tokenizer.json", about.max_tokens)
    except Exception as problem:  # ONNX Runtime and tokenizers raise bare Exceptions and classes of their own
        _refuse(folder, f"encoder.onnx or tokenizer.json cannot be read: {problem}")


def _heads(folder: Path) -> Heads:
    path = folder / "heads.npz"
    try:
        return Heads.read(path)
    except (OSError, ValueError, KeyError) as problem:
        _refuse(path, str(problem))


def _refuse(path: Path, why: str) -> NoReturn:
    raise BadModel(f"{MODEL_KEY}: the model in {path} cannot be used: {why}") from None
