"""The folder of a user's model: what is in it, what it says of itself, and what is missing."""

from __future__ import annotations

from pathlib import Path
from typing import Final, NoReturn, TypeVar

import msgspec
import xxhash

from classifiers.bad_model import MODEL_KEY, BadModel
from classifiers.base import Confusion
from classifiers.own_tokens import MAX_TOKENS

PICKLED: Final = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")
"""Files whose reading can run anyone's code: they are never read."""
S = TypeVar("S")


class Card(msgspec.Struct, frozen=True):
    """`config.json`, as far as we need it."""

    id2label: dict[int, str] | None = None
    problem_type: str | None = None
    max_position_embeddings: int | None = None
    pad_token_id: int | None = None


class _Index(msgspec.Struct, frozen=True):
    weight_map: dict[str, str]


class _TokenizerCard(msgspec.Struct, frozen=True):
    model_max_length: float | None = None


def card(folder: Path) -> Card:
    """`config.json`; BadModel when it is not there, cannot be read, or tells of a model for something else."""
    found = _read(folder, "config.json", Card)
    if found is None:
        refuse(folder, "it has no config.json")
    if found.problem_type == "multi_label_classification":
        refuse(
            folder, "it gives several labels to a text (multi_label_classification); take one that chooses one label"
        )
    return found


def names(folder: Path, about: Card, count: int) -> list[str]:
    """The names of the model's `count` labels; without any, those that transformers gives."""
    if about.id2label is None:
        return [f"LABEL_{number}" for number in range(count)]
    if sorted(about.id2label) != list(range(count)):
        refuse(folder, f"its config.json names {len(about.id2label)} labels, and the model gives {count}")
    return [about.id2label[number] for number in range(count)]


def limit(folder: Path, about: Card) -> int:
    """The most tokens to read: what the tokenizer and the positions of the model allow, and no more than we take."""
    limits = [MAX_TOKENS]
    places, first = about.max_position_embeddings, (about.pad_token_id or 0) + 1
    if places is not None:
        # RoBERTa and its kin count positions from behind the id of the padding; to others one place less is no loss.
        limits.append(places - first if first < places else places)
    spoken = _read(folder, "tokenizer_config.json", _TokenizerCard)
    if spoken is not None and spoken.model_max_length is not None:
        limits.append(int(spoken.model_max_length))
    return max(8, min(limits))


def graph(folder: Path) -> Path | None:
    """The ONNX model, if there is one."""
    return next((path for path in (folder / "model.onnx", folder / "onnx" / "model.onnx") if path.is_file()), None)


def weights(folder: Path) -> list[Path]:
    """The safetensors files, in order."""
    return sorted(folder.glob("*.safetensors"))


def complete(folder: Path) -> bool:
    """Whether all that a checkpoint needs is there: a download may have been cut off between two files."""
    index = _read(folder, "model.safetensors.index.json", _Index)
    parts = set(index.weight_map.values()) if index else {"model.safetensors"}
    return all((folder / name).is_file() for name in ("config.json", *parts))


def check_weights(folder: Path, *, hub: bool = False) -> None:
    """BadModel unless there are weights that can be read without running anyone's code."""
    if weights(folder):
        return
    pickled = sorted(path.name for pattern in PICKLED for path in folder.glob(pattern))
    if pickled or hub:
        refuse(
            folder,
            f"it has {'only ' + ', '.join(pickled) if pickled else 'no safetensors'}, and pickled weights are never "
            "loaded, since they can run code: convert them to safetensors, as save_pretrained of transformers does",
        )
    refuse(folder, "it has neither model.onnx nor model.safetensors")


def fingerprint(files: list[Path]) -> str:
    """8 characters that change with the weights: the ledger's entries tell which they were judged by."""
    digest = xxhash.xxh3_64()
    for path in files:
        with path.open("rb") as file:
            while part := file.read(1 << 20):
                digest.update(part)
    return digest.hexdigest()[:8]


def confusion(folder: Path) -> dict[str, Confusion]:
    """`confusion.json` as `python -m classifiers.measure` writes it; empty when the model was not measured."""
    return _read(folder, "confusion.json", dict[str, Confusion]) or {}


def _read(folder: Path, name: str, kind: type[S]) -> S | None:
    try:
        return msgspec.json.decode((folder / name).read_bytes(), type=kind, strict=False)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as problem:
        refuse(folder, f"{name} cannot be read: {problem}")


def refuse(folder: Path, why: str) -> NoReturn:
    """Raise BadModel with the folder and the key of the setting."""
    raise BadModel(f"{MODEL_KEY}: the model in {folder} cannot be used: {why}") from None
