"""The small parts: cleaning, batching, rounding."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.batching import MAX_BATCH, TOKENS_PER_BATCH, by_length
from classifiers.head import Head, verdict
from classifiers.text import MAX_CHARACTERS, clean, key


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [
        ("Hi @anna_b and @x.bsky.social!", "Hi @user and @user"),
        ("see https://a.example/b?c=1 or www.b.example", "see http or http"),
        ("mail me at ana@example.org", "mail me at ana@example.org"),
        ("a\x00b \ud800c\n\n d", "a b c d"),
        ("@user http", "@user http"),
    ],
)
def test_cleaning(raw: str, cleaned: str) -> None:
    assert clean(raw).rstrip("!") == cleaned


@given(st.text())
def test_cleaning_twice_changes_nothing_and_all_can_be_encoded(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    assert len(key(once)) == 16
    assert len(once) <= MAX_CHARACTERS * 5


@given(st.dictionaries(st.binary(min_size=1, max_size=4), st.lists(st.integers(0, 9), min_size=1, max_size=40)))
def test_every_text_is_in_one_batch_among_its_equals(texts: dict[bytes, list[int]]) -> None:
    batches = list(by_length(texts))
    assert {k: list(v) for batch in batches for k, v in batch} == texts
    assert sum(map(len, batches)) == len(texts)
    for batch in batches:
        lengths = {len(tokens) for _, tokens in batch}
        assert len(lengths) == 1
        assert len(batch) <= MAX_BATCH
        assert len(batch) == 1 or len(batch) * lengths.pop() <= TOKENS_PER_BATCH


@given(st.lists(st.floats(1e-9, 1), min_size=3, max_size=3))
def test_rounded_probabilities_sum_to_one_and_stay_close(weights: list[float]) -> None:
    exact = np.array(weights) / sum(weights)
    rounded = verdict(exact).p
    assert round(sum(rounded), 9) == 1
    assert max(abs(np.array(rounded) - exact)) < 0.001


def test_the_head_is_a_hidden_layer_and_a_softmax() -> None:
    head = Head(np.array([[1.0, -1.0]]), np.zeros(2), np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]), np.zeros(3))
    expected = np.exp([0, 0, 2]) / np.exp([0, 0, 2]).sum()
    assert head.probabilities(np.array([2.0])) == pytest.approx(expected)
    assert head.verdict(np.array([2.0])).sentiment == "positive"
    assert head.verdict(np.array([-2.0])).sentiment == "negative"
