"""A quote that never ends."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_unclosed_quote(complaints: Complaints) -> None:
    found = complaints(BRAND + 'contact: "me\n')
    assert found == [
        "tertulia.yaml:2: a quote opens here and is never closed",
    ]
