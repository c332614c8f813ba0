"""Brackets without end."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_nested_without_end(complaints: Complaints) -> None:
    found = complaints(BRAND + "contact: " + "[" * 5_000 + "\n")
    assert found == [
        "tertulia.yaml:1: is nested too deeply to be a configuration",
    ]
