"""A threshold that says neither above nor below."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_threshold_without_a_level(complaints: Complaints) -> None:
    found = complaints(BRAND + "alerts:\n  rules:\n  - {kind: threshold, number: posts}\n")
    assert found == [
        "tertulia.yaml:4: alerts.rules[0]: needs `above`, `below` or both",
    ]
