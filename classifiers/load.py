"""Find and open a classifier by name."""

from __future__ import annotations

from pathlib import Path
from typing import Final, NoReturn

import msgspec

from classifiers.base import Classifier, Confusion
from classifiers.encoder import Encoder
from classifiers.heads import Heads
from classifiers.null import NullClassifier
from classifiers.transformer import TransformerClassifier

SHIPPED: Final = Path(__file__).with_name("model")
FILES: Final = ("model.json", "encoder.onnx", "tokenizer.json", "heads.npz", "confusion.json")


class BadModel(Exception):
    """The model named in the configuration cannot be used; the message says why and what would help."""


class About(msgspec.Struct, frozen=True):
    """`model.json`."""

    name: str
    """Name and version, written in each ledger entry."""
    max_tokens: int
    """Longer texts are judged by their first tokens."""


def load(model: str = "default", *, threads: int | None = None, cache_size: int = 50_000) -> Classifier:
    """Open a classifier.

    `model` is `default` (the shipped model), `none` (no verdicts), or a folder that holds the five `FILES`.
    `threads` is how many texts' batches run at once (default: one per core), `cache_size` how many answers to
    remember. Takes under two seconds and downloads nothing. Raises `BadModel`.
    """
    if model == "none":
        return NullClassifier()
    if threads is not None and threads < 1:
        raise BadModel(f"threads must be at least 1, not {threads}")
    folder = SHIPPED if model == "default" else Path(model)
    _check(model, folder)
    about = _about(folder)
    encoder, heads = _encoder(folder, about), _heads(folder)
    if heads.width != encoder.width:
        _refuse(folder / "heads.npz", f"expects vectors of {heads.width} numbers, the encoder makes {encoder.width}")
    confusion = _confusion(folder)
    return TransformerClassifier(about.name, encoder, heads, confusion, threads=threads, cache_size=cache_size)


def _check(model: str, folder: Path) -> None:
    if not folder.is_dir():
        raise BadModel(f'there is no model "{model}": use "default", "none", or the path of a folder with a model')
    missing = [name for name in FILES if not (folder / name).is_file()]
    if missing:
        raise BadModel(f"the model folder {folder} lacks {', '.join(missing)}")


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
    raise BadModel(f"the model in {path} cannot be used: {why}") from None
