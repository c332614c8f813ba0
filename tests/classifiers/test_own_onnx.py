"""Users' own models as ONNX: answers, the same in any company, and what is said when one cannot be used."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import onnxruntime
import pytest
from tokenizers import Tokenizer

from classifiers import BadModel, Request, Verdict, configured, load
from classifiers.base import Confusion
from classifiers.load import SHIPPED
from classifiers.own import open_own
from classifiers.own_model import Beside, OwnClassifier
from classifiers.own_tokens import MAX_TOKENS
from config.schema import Model
from tests.classifiers.own_folders import TINY, onnx_folder, write_config
from tests.classifiers.texts import make_texts

TEXTS = 600


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return onnx_folder(tmp_path / "my-model")


async def _answers(model: OwnClassifier, requests: Sequence[Request], size: int, at_once: int = 1) -> list[Verdict]:
    calls = [requests[i : i + size] for i in range(0, len(requests), size)]
    found: list[Verdict | None] = []
    for start in range(0, len(calls), at_once):
        for answers in await asyncio.gather(*(model.classify(call) for call in calls[start : start + at_once])):
            found += answers
    await model.close()
    assert None not in found
    return [verdict for verdict in found if verdict is not None]


async def _one(model: OwnClassifier, text: str, target: str | None = None) -> Verdict:
    (verdict,) = await _answers(model, [Request(text, target)], 1)
    return verdict


async def test_it_answers_as_the_graph_does(folder: Path) -> None:
    text = "I really hate this phone"
    ids = Tokenizer.from_file(str(TINY / "tokenizer.json")).encode(text).ids
    session = onnxruntime.InferenceSession(TINY / "model.onnx", providers=["CPUExecutionProvider"])
    feed = {"input_ids": [ids], "attention_mask": np.ones((1, len(ids)), np.int64)}
    (logits,) = session.run(None, {**feed, "token_type_ids": np.zeros((1, len(ids)), np.int64)})[0]
    expected = np.exp(logits) / np.exp(logits).sum()
    verdict = await _one(open_own(str(folder)), text)
    assert np.abs(np.array(verdict.p) - expected).max() < 0.001
    assert verdict.sentiment == ("negative", "neutral", "positive")[int(np.argmax(expected))]
    assert (verdict.relevance, verdict.stages, verdict.stage_p) == (None, (), ())


async def test_labels_are_added_up_by_the_mapping(tmp_path: Path) -> None:
    three = await _one(open_own(str(onnx_folder(tmp_path / "three"))), "so so")
    stars = onnx_folder(tmp_path / "stars", ["1 star", "2 stars", "3 stars"])
    labels = {"1 star": "negative", "2 stars": "negative", "3 stars": "positive"}
    two = await _one(open_own(str(stars), labels=labels), "so so")
    assert two.p[1] == 0
    assert two.p[2] == three.p[2]
    assert two.p[0] == pytest.approx(three.p[0] + three.p[1], abs=1e-9)


async def test_labels_without_names_are_called_as_transformers_does(tmp_path: Path) -> None:
    labels = {"LABEL_0": "negative", "LABEL_1": "neutral", "LABEL_2": "positive"}
    nameless = onnx_folder(tmp_path / "nameless", None)
    named = onnx_folder(tmp_path / "named")
    assert await _one(open_own(str(nameless), labels=labels), "well") == await _one(open_own(str(named)), "well")


async def test_the_same_post_gets_the_same_answer(folder: Path) -> None:
    texts = make_texts(TEXTS)
    requests = [Request(text) for text in texts]
    alone = await _answers(open_own(str(folder), threads=1, cache_size=0), requests, size=1, at_once=16)
    assert len({verdict.p for verdict in alone}) > 200, "the answers differ, or equality would say nothing"
    expected = dict(zip(texts, alone, strict=True))
    for seed, (size, threads) in enumerate([(TEXTS, 1), (37, 4), (5, 2)]):
        shuffled = random.Random(seed).sample(texts, TEXTS)
        found = await _answers(
            open_own(str(folder), threads=threads, cache_size=0), [Request(text) for text in shuffled], size, at_once=4
        )
        assert dict(zip(shuffled, found, strict=True)) == expected


async def test_only_a_pair_model_is_told_the_target(folder: Path) -> None:
    plain = open_own(str(folder))
    alike = await _answers(
        plain, [Request("fine", "Acme"), Request("fine", "Other", about="a shop"), Request("fine")], 3
    )
    assert len(set(alike)) == 1
    assert plain.judged == 1, "brands of one post share its answer"
    paired = [Request("fine", "Acme"), Request("fine", "Other"), Request("fine")]
    told = await _answers(open_own(str(folder), pair=True), paired, 3)
    assert len(set(told)) == 3
    assert told[2] == alike[0], "without a target it is the text alone"


async def test_a_long_text_is_judged_by_its_head_and_counted(folder: Path) -> None:
    model = open_own(str(folder))
    long = "nice day " * 200
    answers = await model.classify([Request(long), Request(long + "awful"), Request("nice")])
    assert answers[0] == answers[1]
    assert (model.judged, model.truncated) == (3, 2)
    await model.close()


async def test_the_limit_is_that_of_the_model_and_of_its_tokenizer(folder: Path) -> None:
    async def cut(text: str) -> int:
        model = open_own(str(folder))
        await model.classify([Request(text)])
        await model.close()
        return model.truncated

    assert await cut("x" * 125) == 0, "127 tokens: the first of 128 places is the padding's"
    assert await cut("x" * 126) == 1
    (folder / "tokenizer_config.json").write_text('{"model_max_length": 50}')
    assert (await cut("x" * 48), await cut("x" * 49)) == (0, 1)
    (folder / "tokenizer_config.json").write_text('{"model_max_length": 1000000000000000019884624838656}')
    assert await cut("x" * 126) == 1
    assert MAX_TOKENS > 128


async def test_a_repeated_text_is_computed_once_and_a_blank_one_never(folder: Path) -> None:
    model = open_own(str(folder))
    answers = await model.classify([Request("What a mess"), Request("What  a mess "), Request(" \n")])
    await model.classify([Request("What a mess")])
    assert model.judged == 1
    assert answers[2] == Verdict("neutral", (0.0, 1.0, 0.0))
    await model.close()


async def test_numbers_that_are_not_finite_are_no_answer(folder: Path) -> None:
    model = open_own(str(folder))
    assert model._verdict(np.array([1.0, np.nan, 0.0])) is None
    assert model._verdict(np.array([1e4, -1e4, 0.0])) == Verdict("negative", (1.0, 0.0, 0.0))
    await model.close()


async def test_the_name_tells_the_folder_and_changes_with_the_weights(folder: Path, tmp_path: Path) -> None:
    named = open_own(str(folder)).name
    assert named.startswith("my-model@")
    assert open_own(f"{folder}/").name == named
    spoilt = (folder / "model.onnx").read_bytes().replace(b"tiny", b"tinY")
    (folder / "model.onnx").write_bytes(spoilt)
    assert open_own(str(folder)).name != named


async def test_its_confusion_is_read_when_it_was_measured(folder: Path) -> None:
    assert open_own(str(folder)).confusion == {}
    (folder / "confusion.json").write_text('{"en": [[9, 1, 0], [1, 8, 1], [0, 1, 9]]}')
    assert open_own(str(folder)).confusion == {"en": ((9, 1, 0), (1, 8, 1), (0, 1, 9))}


async def test_it_may_lie_where_optimum_puts_it(folder: Path) -> None:
    (folder / "onnx").mkdir()
    (folder / "model.onnx").rename(folder / "onnx" / "model.onnx")
    assert await _one(open_own(str(folder)), "well") is not None


def test_it_needs_no_torch(folder: Path) -> None:
    code = f"import sys; from classifiers.own import open_own; open_own({str(folder)!r})"
    code += "; print({'torch', 'transformers', 'huggingface_hub'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


# -- beside the shipped model ----------------------------------------------------------------------------------------


class _Fixed:
    """A classifier with one answer."""

    confusion: Mapping[str, Confusion] = {"en": ((1, 0, 0), (0, 1, 0), (0, 0, 1))}

    def __init__(self, name: str, answer: Verdict | None) -> None:
        self.name, self.answer, self.closed = name, answer, False

    async def classify(self, requests: Sequence[Request]) -> list[Verdict | None]:
        return [self.answer] * len(requests)

    async def close(self) -> None:
        self.closed = True


async def test_sentiment_is_the_users_and_the_rest_the_shipped_models(folder: Path) -> None:
    shipped = _Fixed("ours/2", Verdict("positive", (0.0, 0.0, 1.0), 0.7, ("intent",), (0.0,) * 7))
    own = open_own(str(folder))
    both = Beside(own, shipped)
    (alone,) = await own.classify([Request("hello")])
    (verdict,) = await both.classify([Request("hello")])
    assert alone is not None
    assert verdict == Verdict(alone.sentiment, alone.p, 0.7, ("intent",), (0.0,) * 7)
    assert both.name == f"{own.name} + ours/2"
    assert both.confusion == {}, "the shipped model's errors are not the user's model's"
    await both.close()
    assert shipped.closed
    with pytest.raises(RuntimeError, match="closed"):
        await own.classify([Request("hello")])


async def test_without_the_users_answer_there_is_none() -> None:
    some = Verdict("positive", (0.0, 0.0, 1.0))
    assert await Beside(_Fixed("a", None), _Fixed("b", some)).classify([Request("x")]) == [None]
    assert await Beside(_Fixed("a", some), _Fixed("b", None)).classify([Request("x")]) == [some]


@pytest.mark.skipif(not (SHIPPED / "heads.npz").is_file(), reason="the shipped model is not in this tree")
async def test_the_settings_open_it_beside_the_shipped_one(tmp_path: Path) -> None:
    folder = onnx_folder(tmp_path / "mine", None)
    labels: Any = {"LABEL_0": "negative", "LABEL_1": "neutral", "LABEL_2": "positive"}
    model = configured(Model(model=str(folder), labels=labels, threads=1))
    own = open_own(str(folder), labels=labels)
    (verdict,) = await model.classify([Request("I want to buy it", "Acme", about="a shop")])
    (alone,) = await own.classify([Request("I want to buy it")])
    assert verdict is not None
    assert alone is not None
    assert (verdict.sentiment, verdict.p) == (alone.sentiment, alone.p)
    assert verdict.relevance is not None
    assert len(verdict.stage_p) == 7
    await model.close()
    await own.close()


# -- what is said when it cannot be used -----------------------------------------------------------------------------

NO_TORCH = pytest.mark.skipif(find_spec("torch") is not None, reason="this is what is said without torch")


def _told(model: str, **settings: Any) -> str:
    with pytest.raises(BadModel) as told:
        load(model, **settings)
    return str(told.value)


def test_a_word_that_is_no_model() -> None:
    assert _told("defualt") == (
        'classifiers.sentiment.model: there is no model "defualt": use "default", "none", the path of a folder with a '
        "model, or owner/name of the Hugging Face hub"
    )


@NO_TORCH
def test_a_model_of_the_hub_without_the_extra() -> None:
    assert _told("someone/model") == (
        "classifiers.sentiment.model: there is no folder someone/model, and a model of the hub needs torch, "
        "transformers, safetensors: pip install 'tertulia[torch]'"
    )


@NO_TORCH
def test_a_checkpoint_without_the_extra(tmp_path: Path) -> None:
    write_config(tmp_path, None)
    (tmp_path / "model.safetensors").write_bytes(b"")
    told = _told(str(tmp_path))
    assert "safetensors needs torch, transformers, safetensors: pip install 'tertulia[torch]'" in told


def test_a_file_instead_of_its_folder(folder: Path) -> None:
    told = _told(str(folder / "model.onnx"))
    assert told == f"classifiers.sentiment.model: {folder}/model.onnx is a file; name the folder it is in"


def test_an_empty_folder(tmp_path: Path) -> None:
    assert _told(str(tmp_path)).endswith("cannot be used: it has no config.json")


def test_a_folder_without_weights(folder: Path) -> None:
    (folder / "model.onnx").unlink()
    assert _told(str(folder)).endswith("it has neither model.onnx nor model.safetensors")


def test_pickled_weights_are_never_loaded(folder: Path) -> None:
    (folder / "model.onnx").unlink()
    (folder / "pytorch_model.bin").write_bytes(b"cos\nsystem\n(S'exit 1'\ntR.")
    told = _told(str(folder))
    assert "it has only pytorch_model.bin, and pickled weights are never loaded" in told
    assert "convert them to safetensors" in told


def test_a_folder_without_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()
    assert _told(str(folder)).endswith("it has no tokenizer.json")


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json", "config.json", "confusion.json"])
def test_a_broken_file_is_named(folder: Path, name: str) -> None:
    (folder / name).write_text("version https://git-lfs.github.com/spec/v1")
    told = _told(str(folder))
    assert told.startswith(f"classifiers.sentiment.model: the model in {folder} cannot be used")
    assert name.partition(".")[0] in told.partition("cannot be used")[2]


def test_a_multi_label_model(tmp_path: Path) -> None:
    folder = onnx_folder(tmp_path / "many", problem_type="multi_label_classification")
    assert "it gives several labels to a text (multi_label_classification)" in _told(str(folder))


def test_more_names_than_labels(tmp_path: Path) -> None:
    folder = onnx_folder(tmp_path / "odd", ["negative", "positive"])
    assert _told(str(folder)).endswith("its config.json names 2 labels, and the model gives 3")


def test_an_onnx_model_and_a_gpu(folder: Path) -> None:
    assert _told(str(folder), device="cuda") == (
        "classifiers.sentiment.device: an ONNX model runs on the CPU here; cuda needs model.safetensors"
    )


def test_a_graph_with_other_inputs(folder: Path) -> None:
    graph = (folder / "model.onnx").read_bytes().replace(b"token_type_ids", b"token_tipe_ids")
    (folder / "model.onnx").write_bytes(graph)
    assert "its inputs are input_ids, attention_mask, token_tipe_ids, not" in _told(str(folder))


def test_labels_that_say_nothing(tmp_path: Path) -> None:
    assert "labels: {LABEL_0: …, LABEL_1: …, LABEL_2: …}" in _told(str(onnx_folder(tmp_path / "mute", None)))


def test_no_threads_is_a_mistake(folder: Path) -> None:
    assert "threads must be at least 1, not 0" in _told(str(folder), threads=0)


def test_the_configuration_gives_every_setting_to_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """A setting that `configured` forgot would be silently without effect."""
    seen: dict[str, Any] = {}
    monkeypatch.setattr(sys.modules["classifiers.load"], "load", lambda model, **rest: seen.update(rest, model=model))
    given: dict[str, Any] = {
        "model": "m", "labels": {"a": "positive"}, "device": "cpu", "pair": True, "threads": 3, "cache": 7
    }  # fmt: skip
    configured(Model(**given))
    assert {**seen, "cache": seen["cache_size"]} == {**given, "cache_size": 7}
    assert msgspec.to_builtins(sorted(Model.model_fields)) == sorted(given)
