"""The training data: labels, splits, and that nothing is measured on what was trained on."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import regex

from classifiers.base import STAGES
from classifiers.language import LANGUAGES
from classifiers.text import target
from classifiers.train import data, mix
from classifiers.train.data import Example, fold

POSTS = Path(__file__).parents[3] / "shared" / "data"
"""Other people's posts, which the repository does not hold: a checkout beside them runs these tests on them too."""
needs_posts = pytest.mark.skipif(not POSTS.is_dir(), reason="the labelled posts of others are not beside this checkout")


@pytest.fixture(scope="module")
def labelled() -> list[Example]:
    """The posts written for Tertulia. Reading them fails on an unknown label or a brand without a description."""
    return [*data._stage(), *data._relevance(), *data._feeling()]


@pytest.fixture(scope="module")
def everything() -> list[Example]:
    return data.read(POSTS)


def test_every_label_has_at_least_300_examples(labelled: list[Example]) -> None:
    found = Counter(stage for e in labelled if e.stages is not None for stage in e.stages or {"none"})
    found.update("meant" if e.relevant else "not meant" for e in labelled if e.relevant is not None)
    assert set(found) == {*STAGES, "none", "meant", "not meant"}
    assert min(found.values()) >= 300, found


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_language_has_every_label_in_both_halves(labelled: list[Example], lang: str) -> None:
    for test in (True, False):
        half = [e for e in labelled if e.lang == lang and (e.split == "test") == test]
        assert {stage for e in half for stage in e.stages or ()} == set(STAGES)
        assert {e.relevant for e in half} == {True, False, None}


def test_the_test_shares_no_text_with_training(labelled: list[Example]) -> None:
    _check_apart(labelled)


@needs_posts
def test_no_test_text_of_any_set_is_trained_on(everything: list[Example]) -> None:
    _check_apart(everything)
    targets = {e.split: set[str | None]() for e in everything}
    for e in everything:
        if e.source == data.BY_TARGET:
            targets[e.split].add(e.target)
    assert not targets["test"] & targets["train"], "topics are held out whole"


def _check_apart(examples: list[Example]) -> None:
    texts: dict[str, set[str]] = {"train": set(), "calibration": set(), "test": set()}
    for e in examples:
        texts[e.split].add(fold(e.text))
    assert all(texts.values())
    assert not texts["test"] & (texts["train"] | texts["calibration"])
    assert not texts["calibration"] & texts["train"]


def test_no_test_post_is_a_paraphrase_of_a_training_post(labelled: list[Example]) -> None:
    """Written by other authors: they share words, not sentences."""
    training = [(e.text, _pieces(e.text)) for e in labelled if e.split != "test"]
    near = [
        (e.text, other)
        for e in labelled
        if e.split == "test" and len(own := _pieces(e.text)) >= 4
        for other, pieces in training
        if len(own & pieces) > 0.5 * len(own)
    ]
    assert not near


def _pieces(text: str) -> set[tuple[str, ...]]:
    words = regex.findall(r"\w+", text.lower())
    return set(zip(words, words[1:], words[2:], strict=False))


@needs_posts
def test_the_recipe_takes_training_posts_only_and_is_the_same_each_time(everything: list[Example]) -> None:
    training = {fold(e.text) for e in everything if e.split == "train"}
    for phase in mix.PHASES:
        chosen = mix.examples(phase, everything, seed=1)
        assert {fold(e.text) for e in chosen} <= training
        assert chosen == mix.examples(phase, everything, seed=1)
        assert len(chosen) > 30_000


def test_a_description_may_be_swapped_and_then_the_brand_is_not_meant(labelled: list[Example]) -> None:
    phase = mix.Phase("one", {"relevance": 2.0, "stage": 2.0}, 0, 0)
    chosen = mix.examples(phase, labelled, seed=3)
    abouts = {(e.text, e.target): e.about for e in labelled}
    swapped = 0
    for e in (e for e in chosen if e.relevant is not None):
        assert e.target is not None
        name, _, told = e.target.partition(": ")
        if told != (right := abouts.get((e.text, name), told)) and not right.startswith(told):
            swapped += 1
            assert e.relevant is False
    assert swapped > 100


def test_a_stage_post_with_a_description_tells_relevance_only_where_it_names_its_brand(labelled: list[Example]) -> None:
    chosen = mix.examples(mix.Phase("one", {"stage": 3.0}, 0, 0), labelled, seed=3)
    told = [e for e in chosen if e.relevant is not None]
    assert {e.relevant for e in told} == {True, False}
    for e in told:
        assert e.target is not None
        name, _, about = e.target.partition(": ")
        assert fold(name) in fold(e.text)
        assert (e.relevant is True) == (about == target("", e.about).removeprefix(": "))
        assert (e.stages is None) == (e.relevant is False), "what is felt about another brand nobody has labelled"


def test_folding_ignores_case_accents_and_signs() -> None:
    assert fold("¡Qué BIEN, @user!") == fold("que bien user")
    assert fold("😀") != fold("😡")
