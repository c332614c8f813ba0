"""An endless reference."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_value_that_contains_itself(complaints: Complaints) -> None:
    found = complaints(BRAND + "sources: &all\n  rss: *all\n")
    assert found == [
        "tertulia.yaml:3: sources.rss: refers to itself",
    ]
