"""Agreement of two labellings, against scikit-learn's, and the reading of both."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING

import pytest
from sklearn.metrics import cohen_kappa_score

from classifiers.language import LANGUAGES
from classifiers.train.agreement import agreement, both, stage

if TYPE_CHECKING:
    from pathlib import Path

ORDER = ("negative", "neutral", "positive")
FIRST = ["negative", "negative", "neutral", "positive", "neutral", "positive", "positive", "negative", "neutral"]
SECOND = ["negative", "neutral", "neutral", "positive", "negative", "negative", "positive", "negative", "positive"]


def test_kappa_is_that_of_scikit_learn() -> None:
    found = agreement(FIRST, SECOND)
    assert found.kappa == pytest.approx(cohen_kappa_score(FIRST, SECOND))
    assert found.rows == 9
    assert found.same == pytest.approx(5 / 9)


def test_weighted_kappa_is_that_of_scikit_learn() -> None:
    expected = cohen_kappa_score(FIRST, SECOND, labels=list(ORDER), weights="linear")
    assert agreement(FIRST, SECOND, ORDER).kappa == pytest.approx(expected)
    assert agreement(FIRST, SECOND, ORDER).kappa != pytest.approx(agreement(FIRST, SECOND).kappa)


def test_the_same_labels_agree_wholly_and_one_label_alone_tells_nothing() -> None:
    assert agreement(FIRST, FIRST).kappa == 1
    assert isnan(agreement(["yes", "yes"], ["yes", "yes"]).kappa)


def test_a_stage_is_one_of_the_words_not_a_part_of_one() -> None:
    assert stage("use")({"stages": "use,loyalty"})
    assert not stage("use")({"stages": "misuse,loyalty"})


def test_posts_are_paired_by_their_line(tmp_path: Path) -> None:
    _write(tmp_path, "id\tmeant\n" + "".join(f"{lang}:3\tno\n{lang}:2\tyes\n" for lang in LANGUAGES))
    pairs = both(tmp_path, "relevance")
    assert len(pairs) == 2 * len(LANGUAGES)
    assert [(p.first["text"], p.second["meant"]) for p in pairs if p.lang == "es"] == [("one", "yes"), ("two", "no")]


def test_a_post_without_a_second_label_is_named(tmp_path: Path) -> None:
    _write(tmp_path, "id\tmeant\n" + "".join(f"{lang}:2\tyes\n" for lang in LANGUAGES))
    with pytest.raises(ValueError, match="de:3"):
        both(tmp_path, "relevance")


def _write(folder: Path, second: str) -> None:
    (folder / "second").mkdir()
    (folder / "second" / "relevance.tsv").write_text(second, encoding="utf-8")
    (folder / "relevance").mkdir()
    for lang in LANGUAGES:
        posts = "brand\tmeant\ttext\nApple\tyes\tone\nApple\tno\ttwo\n"
        (folder / "relevance" / f"{lang}-t.tsv").write_text(posts, encoding="utf-8")
