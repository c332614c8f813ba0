"""Users' own models as transformers checkpoints on PyTorch: small random ones, written here."""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra tertulia[torch] is not installed")
pytest.importorskip("transformers", reason="the extra tertulia[torch] is not installed")

import torch
import transformers
from tokenizers import Tokenizer

from classifiers import BadModel, Request, Verdict, own_hub
from classifiers.own import open_own
from classifiers.own_model import OwnClassifier
from classifiers.own_shapes import Shape, alone, filled
from classifiers.own_tokens import Reader, Tokens
from classifiers.own_torch import TorchScorer, pick_device
from classifiers.text import clean
from tests.classifiers.own_folders import LABELS, TINY, onnx_folder
from tests.classifiers.texts import make_texts

TEXTS = 300


def write(folder: Path, kind: str = "Bert", labels: Sequence[str] = LABELS, **options: Any) -> Path:
    """A random checkpoint with the tokenizer of the tiny ONNX model."""
    torch.manual_seed(0)
    config = getattr(transformers, f"{kind}Config")(
        vocab_size=300, hidden_size=48, num_hidden_layers=2, num_attention_heads=4, intermediate_size=96,
        pad_token_id=0, id2label=dict(enumerate(labels)), label2id={name: i for i, name in enumerate(labels)},
        initializer_range=0.5,
        **options,
    )  # fmt: skip
    model = getattr(transformers, f"{kind}ForSequenceClassification")(config)
    model.save_pretrained(folder)
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_file=str(TINY / "tokenizer.json"), pad_token="[PAD]", unk_token="[UNK]", model_max_length=120
    )
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("models") / "my-bert")


async def _answers(
    model: OwnClassifier, texts: Sequence[str], size: int, at_once: int = 1
) -> dict[str, Verdict | None]:
    calls = [texts[i : i + size] for i in range(0, len(texts), size)]
    found: dict[str, Verdict | None] = {}
    for start in range(0, len(calls), at_once):
        group = calls[start : start + at_once]
        verdicts = await asyncio.gather(*(model.classify([Request(text) for text in call]) for call in group))
        for call, answers in zip(group, verdicts, strict=True):
            found |= dict(zip(call, answers, strict=True))
    await model.close()
    return found


@pytest.mark.parametrize("kind", ["Bert", "Roberta"])
async def test_it_answers_as_transformers_does(tmp_path: Path, kind: str) -> None:
    folder = write(tmp_path / kind, kind)
    texts = make_texts(20)
    found = await _answers(open_own(str(folder), device="cpu"), texts, 20)
    pipeline = transformers.pipeline(
        "text-classification", str(folder), top_k=None, device="cpu", truncation=True, max_length=120
    )
    for text in texts:
        (each,) = pipeline([clean(text)])
        expected = {answer["label"]: answer["score"] for answer in each}
        verdict = found[text]
        assert verdict is not None
        assert np.abs(np.array(verdict.p) - [expected[label] for label in LABELS]).max() < 0.001


async def test_the_same_post_gets_the_same_answer(folder: Path) -> None:
    texts = make_texts(TEXTS)
    expected = await _answers(open_own(str(folder), device="cpu", threads=1, cache_size=0), texts, 1, at_once=16)
    assert len({verdict.p for verdict in expected.values() if verdict}) > 100
    for seed, (size, threads) in enumerate([(TEXTS, 1), (23, 3)]):
        shuffled = random.Random(seed).sample(texts, TEXTS)
        model = open_own(str(folder), device="cpu", threads=threads, cache_size=0)
        assert await _answers(model, shuffled, size, at_once=3) == expected


async def test_filled_batches_give_every_post_one_shape_and_one_answer(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The way of a GPU, on the CPU: always the same rows, and other texts or fillings in them change nothing."""
    scorer = TorchScorer(folder, "cpu", shaping=filled)
    reader = Reader(Tokenizer.from_file(str(TINY / "tokenizer.json")), 120)
    shapes: set[tuple[int, ...]] = set()
    forward = scorer._model.forward

    def noted(**feed: Any) -> Any:
        shapes.add(tuple(feed["input_ids"].shape))
        return forward(**feed)

    monkeypatch.setattr(scorer._model, "forward", noted)
    texts = make_texts(250)

    async def found(order: Sequence[str], size: int) -> dict[str, Verdict | None]:
        return await _answers(OwnClassifier("m", scorer, reader, np.eye(3), {}, threads=1, cache_size=0), order, size)

    expected = await found(texts, 250)
    some = random.Random(1).sample(texts, 60)
    assert await found(some, 60) == {text: expected[text] for text in some}
    assert await found(some[:12], 1) == {text: expected[text] for text in some[:12]}
    assert shapes == {filled(length) for _, length in shapes}
    plain = await _answers(open_own(str(folder), device="cpu"), texts, 250)
    gaps = [np.abs(np.subtract(expected[t].p, plain[t].p)).max() for t in texts]  # type: ignore[union-attr]
    assert max(gaps) <= 0.002, "the filling is no part of the text"


def test_shapes_follow_from_the_length_alone() -> None:
    assert [alone(n) for n in (1, 17, 256)] == [Shape(1, 1), Shape(1, 17), Shape(1, 256)]
    assert [filled(n) for n in (1, 16, 17, 100, 256)] == [
        Shape(128, 16), Shape(128, 16), Shape(128, 32), Shape(73, 112), Shape(32, 256)
    ]  # fmt: skip


async def test_kinds_reach_only_models_that_know_them(folder: Path, tmp_path: Path) -> None:
    """RoBERTa has one kind of token: the 1 of a pair's second part would be out of its range."""
    roberta = open_own(str(write(tmp_path / "r", "Roberta", type_vocab_size=1)), device="cpu", pair=True)
    assert (await roberta.classify([Request("fine", "Acme")]))[0] is not None
    scorer = TorchScorer(folder, "cpu")
    ids = [2, 30, 3, 40, 3]
    one, other = (scorer.scores([Tokens(ids, kinds, False)], alone(5)) for kinds in ([0] * 5, [0, 0, 0, 1, 1]))
    assert not np.array_equal(one, other)
    await roberta.close()


async def test_a_gpu_is_asked_for_the_checkpoint_beside_an_onnx_model(tmp_path: Path) -> None:
    onnx = open_own(str(onnx_folder(tmp_path / "both")))
    folder = onnx_folder(write(tmp_path / "both"))
    if not torch.cuda.is_available():
        with pytest.raises(
            BadModel, match=r"classifiers\.sentiment\.device: PyTorch .* finds no cuda here, only .*cpu"
        ):
            open_own(str(folder), device="cuda")
    assert open_own(str(folder)).name == onnx.name


def test_auto_finds_something() -> None:
    assert pick_device("auto") in {"cpu", "cuda", "mps"}
    assert pick_device("cpu") == "cpu"


def _told(model: Path | str, **settings: Any) -> str:
    with pytest.raises(BadModel) as told:
        open_own(str(model), device="cpu", **settings)
    return str(told.value)


def test_a_model_that_was_not_trained_to_classify(tmp_path: Path) -> None:
    """transformers would give it random weights, and a verdict would be a throw of dice."""
    write(tmp_path)
    transformers.BertModel(transformers.AutoConfig.from_pretrained(tmp_path)).save_pretrained(tmp_path)
    assert "it was not trained to classify: classifier.bias, classifier.weight are missing" in _told(tmp_path)


def test_pickled_weights_beside_nothing_else(folder: Path, tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "model.safetensors").unlink()
    torch.save({}, tmp_path / "pytorch_model.bin")
    assert "it has only pytorch_model.bin, and pickled weights are never loaded" in _told(tmp_path)


def test_code_of_the_model_is_never_run(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "evil.py").write_text("raise SystemExit('run')")
    text = (tmp_path / "config.json").read_text().replace('"bert"', '"evil"')
    text = text.replace(
        "{", '{"auto_map": {"AutoConfig": "evil.C", "AutoModelForSequenceClassification": "evil.M"},', 1
    )
    (tmp_path / "config.json").write_text(text)
    assert "cannot be used" in _told(tmp_path)
    assert "evil" not in sys.modules


def test_weights_that_cannot_be_read(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"version https://git-lfs.github.com/spec/v1")
    assert _told(tmp_path).startswith(f"classifiers.sentiment.model: the model in {tmp_path} cannot be used")


def test_labels_that_say_nothing(tmp_path: Path) -> None:
    write(tmp_path, labels=["A", "B", "C"])
    assert "labels: {A: …, B: …, C: …}" in _told(tmp_path)


def test_the_tokenizer_may_be_made_from_its_other_files(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "tokenizer.json").unlink()
    (tmp_path / "tokenizer_config.json").write_text('{"tokenizer_class": "BertTokenizer", "model_max_length": 120}')
    (tmp_path / "vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "bad"]))
    model = open_own(str(tmp_path), device="cpu")
    assert model._reader("good bad", None).ids == [2, 5, 6, 3]


def test_neither_pickles_nor_code_are_fetched_from_the_hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Among what a repository may hold, by the hub library's own filter."""
    from huggingface_hub.utils import filter_repo_objects  # type: ignore[attr-defined]  # it is re-exported at run time

    held = ["config.json", "tokenizer.json", "model.safetensors", "merges.txt", "spiece.model", "pytorch_model.bin"]
    held += ["modeling.py", "vocab.pkl", "model.onnx", "onnx/model.onnx", "run/model.safetensors", "tf_model.h5"]
    asked: dict[str, Any] = {}

    def download(repository: str, **rest: Any) -> str:
        asked.update(rest, repository=repository)
        return str(tmp_path)

    monkeypatch.setattr("huggingface_hub.snapshot_download", download)
    assert own_hub.fetch("someone/model@v1.2") == tmp_path
    assert (asked["repository"], asked["revision"]) == ("someone/model", "v1.2")
    allowed = filter_repo_objects(
        held, allow_patterns=asked["allow_patterns"], ignore_patterns=asked["ignore_patterns"]
    )
    assert list(allowed) == held[:5]


def test_the_hub_out_of_reach(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import huggingface_hub

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    told = _told("someone/some-model")
    assert told.startswith("classifiers.sentiment.model: someone/some-model: it is not on this machine yet")
    assert "the hub cannot be reached" in told


def test_a_model_that_was_downloaded_before_needs_no_hub(
    monkeypatch: pytest.MonkeyPatch, folder: Path, tmp_path: Path
) -> None:
    import huggingface_hub

    commit = "0123456789abcdef0123456789abcdef01234567"
    place = tmp_path / "models--someone--some-model"
    (place / "refs").mkdir(parents=True)
    (place / "refs" / "main").write_text(commit)
    (place / "snapshots").mkdir()
    (place / "snapshots" / commit).symlink_to(folder)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    assert open_own("someone/some-model", device="cpu").name.startswith("someone/some-model@")
