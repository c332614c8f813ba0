"""A list that never ends."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_unclosed_bracket(complaints: Complaints) -> None:
    found = complaints(BRAND + "sources:\n  rss: {urls: [a, b}\n")
    assert found == [
        ("tertulia.yaml:3: a bracket opens here and is not closed as it should be: expected ',' or ']', but got '}'"),
    ]
