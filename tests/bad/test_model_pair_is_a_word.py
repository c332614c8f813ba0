"""The form of the input instead of whether it is a pair."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_model_pair_is_a_word(complaints: Complaints) -> None:
    found = complaints(BRAND + "classifiers: {sentiment: {pair: target}}\n")
    assert found == [
        "tertulia.yaml:2: classifiers.sentiment.pair: 'target' is neither true nor false",
    ]
