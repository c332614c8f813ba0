"""Training itself, on a network of two small layers: it learns, and an interrupted run ends as an uninterrupted one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

pytest.importorskip("onnx", reason="only making a model needs onnx: pip install 'tertulia[train]'")
pytest.importorskip("torch", reason="only making a model needs torch: pip install 'tertulia[train]'")

import onnx
import torch
from onnx import numpy_helper

from classifiers.encoder import Encoder
from classifiers.train import answers, calibrate, export, mix, place, released, tune, vocabulary
from classifiers.train.data import Example
from classifiers.train.network import Network

WORDS = ["▁good", "▁bad", "▁so", "▁phone", "▁cake", "▁acme", "▁zeta", "▁buy", "▁eat"]
PIECES = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), *((word, -2.0) for word in WORDS), ("▁", -9.0)]


@pytest.fixture
def tokenizer() -> Tokenizer:
    return vocabulary.tokenizer(PIECES)


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    often = {"opinions": 200.0, "relevance": 200.0, "stage": 200.0}
    monkeypatch.setattr(mix, "PHASES", (mix.Phase("one", often, 3e-3, 3e-3), mix.Phase("two", often, 3e-3, 0.0)))
    yield


def _network() -> Network:
    torch.manual_seed(5)
    return Network(len(PIECES), hidden=32, layers=2, heads=2, epsilon=1e-12)


EXAMPLES = [
    *(
        Example(f"so {word} phone", "en", "opinions", "train", sentiment=label)
        for word, label in (("good", 2), ("bad", 0))
    ),
    Example("so phone", "en", "opinions", "train", sentiment=1),
    Example("acme phone", "en", "relevance", "train", "acme", "phone", relevant=True),
    Example("acme cake", "en", "relevance", "train", "acme", "phone", relevant=False),
    Example("zeta cake", "en", "relevance", "train", "zeta", "eat", relevant=True),
    Example("buy acme", "en", "stage", "train", "acme", "phone", sentiment=1, stages=frozenset({"purchase"})),
    Example("eat acme", "en", "stage", "train", "acme", "cake", sentiment=1, stages=frozenset()),
]


class Interrupted(Exception):
    """As if the process had been killed."""


def test_it_learns_all_heads_and_the_graph_says_the_same(tokenizer: Tokenizer, tmp_path: Path) -> None:
    network = _network()
    tune.tune(network, tokenizer, EXAMPLES, {}, tmp_path)
    export.export(network, tokenizer, tmp_path, tmp_path)
    asked = [answers.described(e) for e in EXAMPLES]
    encoder = Encoder(tmp_path / "encoder.onnx", tmp_path / "tokenizer.json", 20)
    for vectors in (
        answers.by_network(network, tokenizer, 20, asked, "float32"),
        answers.by_encoder(encoder, asked),
    ):
        found = answers.scores(vectors, asked, tmp_path / "heads.npz")
        assert found.sentiment[:3].argmax(axis=1).tolist() == [2, 0, 1]
        assert (found.relevance[3:6] > 0).tolist() == [True, False, True]
        assert (found.stages[6:] > 0).any(axis=1).tolist() == [True, False]


def test_an_interrupted_run_goes_on_where_it_was(
    tokenizer: Tokenizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = _network()
    for folder in ("whole", "halves"):
        (tmp_path / folder).mkdir()
    tune.tune(whole, tokenizer, EXAMPLES, {}, tmp_path / "whole")

    monkeypatch.setattr(tune, "SAVE_EVERY", 0.0)
    learn, steps = tune._Run.learn, 0

    def killed(*given: object) -> float:
        nonlocal steps
        steps += 1
        if steps in (7, 60):
            raise Interrupted
        return learn(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(tune._Run, "learn", killed)
    for _ in range(2):
        with pytest.raises(Interrupted):
            tune.tune(_network(), tokenizer, EXAMPLES, {}, tmp_path / "halves")
    halves = _network()
    tune.tune(halves, tokenizer, EXAMPLES, {}, tmp_path / "halves")
    for name, value in whole.state_dict().items():
        assert torch.equal(value, halves.state_dict()[name]), name


def test_a_released_model_comes_back_into_the_network(tokenizer: Tokenizer, tmp_path: Path) -> None:
    """Off by the rounding of 7 and 8 bits, and no more."""
    network, again = _network(), _network()
    with torch.no_grad():
        for value in again.parameters():
            value.normal_()
    export.export(network, tokenizer, tmp_path, tmp_path)
    (tmp_path / "heads.npz").rename(tmp_path / "kept.npz")
    np.savez(tmp_path / "heads.npz", **np.load(tmp_path / "kept.npz"), thresholds=np.zeros(7))
    released.load(again, tmp_path)
    places = network.state_dict()["places.weight"][: export.MAX_TOKENS]
    for name, value in network.state_dict().items():
        if name == "places.weight":
            assert torch.equal(again.state_dict()[name][: export.MAX_TOKENS], places)
            continue
        step = value.abs().amax(-1, keepdim=True) / 63 if value.dim() > 1 and "layers" in name else torch.tensor(0.0)
        step = value.abs().amax(-1, keepdim=True) / 127 if name == "words.weight" else step
        assert ((again.state_dict()[name] - value).abs() <= 0.51 * step + 1e-6).all(), name
    assert released.pieces(tmp_path, [("other", 0.0), *PIECES]).tolist() == list(range(1, len(PIECES) + 1))


def test_a_release_that_marked_no_mentions_answers_as_before(tokenizer: Tokenizer, tmp_path: Path) -> None:
    """Its kinds are two, and its heads read two vectors."""
    old, new = _network(), _network()
    with torch.no_grad():
        for value in new.parameters():
            value.normal_()
        old.kinds.weight[2] = old.kinds.weight[0]
        for head in (old.sentiment, old.stages, old.relevance):
            head.weight[:, 64:] = 0
    export.export(old, tokenizer, tmp_path, tmp_path)
    with np.load(tmp_path / "heads.npz") as arrays:
        heads = dict(arrays)
    narrow = {f"{name}.weight": heads[f"{name}.weight"][:, :64] for name in ("sentiment", "stages", "relevance")}
    np.savez(tmp_path / "heads.npz", **{**heads, **narrow})
    model = onnx.load(str(tmp_path / "encoder.onnx"))
    kinds = next(tensor for tensor in model.graph.initializer if tensor.name == "kinds.weight")
    kinds.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(kinds)[:2], "kinds.weight"))
    onnx.save(model, str(tmp_path / "encoder.onnx"))
    released.load(new, tmp_path)
    state = new.state_dict()
    assert torch.equal(state["kinds.weight"], old.kinds.weight)
    for name in narrow:
        assert torch.allclose(state[name], old.state_dict()[name], atol=1e-6), name


def test_a_phase_leaves_frozen_layers_and_words_alone(
    tokenizer: Tokenizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    phase = mix.Phase("half", {"opinions": 20.0}, 3e-3, 0.0, frozen=1)
    monkeypatch.setattr(mix, "PHASES", (phase,))
    network, before = _network(), _network().state_dict()
    tune.tune(network, tokenizer, EXAMPLES, {}, tmp_path)
    moved = {name for name, value in network.state_dict().items() if not torch.equal(value, before[name])}
    assert "words.weight" not in moved
    assert not any(name.startswith("layers.0.") for name in moved)
    assert "layers.1.fi.weight" in moved


def test_going_on_from_a_release_begins_with_the_phase_behind_it(
    tokenizer: Tokenizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[str] = []
    begin = tune._Run.begin

    def noted(run: tune._Run, number: int, phase: mix.Phase) -> None:
        begun.append(phase.name)
        begin(run, number, phase)

    monkeypatch.setattr(tune._Run, "begin", noted)
    tune.tune(_network(), tokenizer, EXAMPLES, {}, tmp_path, first=1)
    assert begun == ["two"]


def test_the_embedding_is_refitted_to_where_texts_stood() -> None:
    """A turn, a squeeze and a shift are undone, on texts that it was not fitted on too."""
    random = np.random.default_rng(0)
    stood = random.normal(size=(600, 8))
    turn = np.linalg.qr(random.normal(size=(8, 8)))[0] * np.linspace(0.05, 0.2, 8)
    moved = stood @ turn + 5 + random.normal(size=(600, 8)) * 0.001
    weight, bias = place.fitted(moved[:400], stood[:400])
    error = moved[400:] @ weight.T + bias - stood[400:]
    assert np.sqrt((error**2).mean()) < 0.1


def test_temperatures_undo_overconfidence() -> None:
    """Scores that are three times too large are found out, whatever they were."""
    random = np.random.default_rng(0)
    true = random.normal(size=(4_000, 3))
    p = np.exp(true) / np.exp(true).sum(axis=1, keepdims=True)
    labels = np.array([random.choice(3, p=row) for row in p])
    found = calibrate.scaling_of_labels(3 * true + [0.6, 0, -0.6], labels, np.ones(len(labels)))
    assert found.temperature == pytest.approx(3, rel=0.1)
    assert found.shift == pytest.approx([0.6, 0, -0.6], abs=0.25)
    assert found(3 * true + found.shift) == pytest.approx(3 * true / found.temperature)
    yes = random.random((4_000, 7)) < 1 / (1 + np.exp(-true[:, :1]))
    assert calibrate.temperature_of_yes(3 * np.repeat(true[:, :1], 7, axis=1), yes) == pytest.approx(3, rel=0.1)


def test_a_shifted_head_is_put_straight() -> None:
    """Trained on few yes, it says no too often."""
    random = np.random.default_rng(0)
    true = random.normal(size=20_000)
    yes = random.random(20_000) < 1 / (1 + np.exp(-true))
    assert calibrate.line_of_yes(2 * true - 1.5, yes) == pytest.approx((2, -1.5), rel=0.1)
    with pytest.raises(ValueError, match="opposite"):
        calibrate.line_of_yes(-true, yes)


def test_the_calibration_error_is_the_mean_gap() -> None:
    sure = np.repeat([0.95, 0.55], 100)
    right = np.repeat([True, False, True], [75, 70, 55])
    assert calibrate.error(sure, right) == pytest.approx((0.20 + 0.0) / 2, abs=1e-9)
