"""A label of a model that is to mean something there is no column for."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_model_label_meaning(complaints: Complaints) -> None:
    found = complaints(
        BRAND
        + "classifiers:\n  sentiment:\n    labels:\n      LABEL_0: negative\n      1 star: negativ\n      2: angry\n"
    )
    assert found == [
        "tertulia.yaml:6: classifiers.sentiment.labels.1 star: 'negativ' is none of negative, neutral, positive; "
        "did you mean `negative`?",
        "tertulia.yaml:7: classifiers.sentiment.labels.2: 'angry' is none of negative, neutral, positive",
    ]
