"""A key like no other is refused without a wild guess."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_unknown_key_without_a_guess(complaints: Complaints) -> None:
    found = complaints(BRAND + "zebra: 1\n")
    assert found == [
        "tertulia.yaml:2: zebra: unknown key",
    ]
