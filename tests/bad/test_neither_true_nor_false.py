"""A switch that is neither on nor off."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_neither_true_nor_false(complaints: Complaints) -> None:
    found = complaints(BRAND + "sources:\n  demo:\n    enabled: perhaps\n")
    assert found == [
        "tertulia.yaml:4: sources.demo.enabled: 'perhaps' is neither true nor false",
    ]
