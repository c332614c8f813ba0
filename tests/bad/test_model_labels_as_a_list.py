"""The labels of a model in order, instead of what each means."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_model_labels_as_a_list(complaints: Complaints) -> None:
    found = complaints(BRAND + "classifiers: {sentiment: {labels: [negative, neutral, positive]}}\n")
    assert found == [
        "tertulia.yaml:2: classifiers.sentiment.labels: must be a block of settings (`key: value` lines), not a list",
    ]
