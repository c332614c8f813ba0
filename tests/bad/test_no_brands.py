"""A list of brands that is empty."""

from __future__ import annotations

from tests.bad.complaints import Complaints


def test_no_brands(complaints: Complaints) -> None:
    found = complaints("brands: []\n")
    assert found == [
        "tertulia.yaml:1: brands: there is no brand to listen for; name one, or start with --brand NAME",
    ]
