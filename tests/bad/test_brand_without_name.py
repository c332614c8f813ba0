"""A brand that cannot be asked for."""

from __future__ import annotations

from tests.bad.complaints import Complaints


def test_brand_without_name(complaints: Complaints) -> None:
    found = complaints("brands:\n- terms: [Fairphone]\n")
    assert found == [
        "tertulia.yaml:2: brands[0].name: is missing",
    ]
