"""A folder called by a number."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_model_as_a_number(complaints: Complaints) -> None:
    found = complaints(BRAND + "classifiers: {sentiment: {model: 2024}}\n")
    assert found == [
        'tertulia.yaml:2: classifiers.sentiment.model: 2024 must be text here; put it in quotes: "2024"',
    ]
