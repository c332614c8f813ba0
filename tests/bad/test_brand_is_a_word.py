"""A brand is a block, not a word."""

from __future__ import annotations

from tests.bad.complaints import Complaints


def test_brand_is_a_word(complaints: Complaints) -> None:
    found = complaints("brands:\n- Fairphone\n")
    assert found == [
        "tertulia.yaml:2: brands[0]: must be a block of settings (`key: value` lines), not 'Fairphone'",
    ]
