"""The list of brands written without dashes."""

from __future__ import annotations

from tests.bad.complaints import Complaints


def test_brands_as_a_block(complaints: Complaints) -> None:
    found = complaints("brands:\n  name: fairphone\n  terms: [Fairphone]\n")
    assert found == [
        "tertulia.yaml:1: brands: must be a list; begin each item with `- `",
    ]
