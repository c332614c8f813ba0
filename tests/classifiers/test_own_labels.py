"""What the labels of a user's model mean."""

from __future__ import annotations

import pytest

from classifiers import LABELS, BadModel
from classifiers.own_labels import columns

THREE = ["LABEL_0", "LABEL_1", "LABEL_2"]


def _meant(names: list[str], given: dict[str, str] | None = None) -> list[str]:
    return [LABELS[list(row).index(1)] for row in columns(names, given or {})]


@pytest.mark.parametrize(
    "names",
    [
        ["negative", "neutral", "positive"],
        ["NEGATIVE", "Neutral", " positive"],
        ["NEG", "NEU", "POS"],
    ],
)
def test_names_that_say_it_need_no_mapping(names: list[str]) -> None:
    assert _meant(names) == ["negative", "neutral", "positive"]


def test_several_labels_may_count_for_one() -> None:
    names = ["Very Negative", "negative", "neutral", "positive", "very_positive"]
    assert _meant(names) == ["negative", "negative", "neutral", "positive", "positive"]
    stars = {"1 star": "negative", "2 stars": "negative", "3 stars": "neutral", "4 stars": "positive"}
    assert _meant([*stars, "positive"], stars) == ["negative", "negative", "neutral", "positive", "positive"]


def test_the_mapping_beats_the_name() -> None:
    assert _meant(["positive", "negative"], {"positive": "negative", "negative": "positive"}) == [
        "negative",
        "positive",
    ]


def test_two_classes_are_enough() -> None:
    assert _meant(["POSITIVE", "NEGATIVE"]) == ["positive", "negative"]


def test_labels_that_say_nothing_are_told_with_what_to_write() -> None:
    with pytest.raises(BadModel) as told:
        columns(THREE, {"LABEL_1": "neutral"})
    assert str(told.value) == (
        "classifiers.sentiment.labels: the model's labels are LABEL_0, LABEL_1, LABEL_2, and nothing says what "
        "LABEL_0, LABEL_2 mean. Write labels: {LABEL_0: …, LABEL_1: neutral, LABEL_2: …} with negative, neutral or "
        "positive for each …, as the model's own page explains them"
    )


def test_names_that_yaml_would_read_otherwise_are_quoted() -> None:
    with pytest.raises(BadModel, match=r'\{"0": …, "a: b": …\}'):
        columns(["0", "a: b"], {})


@pytest.mark.parametrize("name", ["not negative", "mixed", "sarcasm", "entailment", "positif", ""])
def test_a_name_is_not_guessed(name: str) -> None:
    with pytest.raises(BadModel, match="nothing says what"):
        columns(["negative", name, "positive"], {})


def test_a_label_that_the_model_does_not_have() -> None:
    with pytest.raises(BadModel, match=r'has no label LABEL_3, "4"; its labels are LABEL_0, LABEL_1, LABEL_2'):
        columns(THREE, {"LABEL_3": "negative", "4": "positive"})


def test_both_sides_must_be_there() -> None:
    with pytest.raises(BadModel, match=r"classifiers\.sentiment\.labels: no label of the model is negative"):
        columns(["neutral", "positive"], {})


def test_a_single_number_is_no_choice() -> None:
    with pytest.raises(BadModel, match="a single number, not a choice of labels"):
        columns(["LABEL_0"], {})
