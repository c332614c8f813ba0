"""A device by the name of its maker."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_model_device(complaints: Complaints) -> None:
    found = complaints(BRAND + "classifiers:\n  sentiment:\n    model: ./mine\n    device: cude\n")
    assert found == [
        "tertulia.yaml:5: classifiers.sentiment.device: 'cude' is none of auto, cpu, cuda, mps; did you mean `cuda`?",
    ]
