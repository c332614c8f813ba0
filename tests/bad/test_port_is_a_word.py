"""A port that is no number."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_port_is_a_word(complaints: Complaints) -> None:
    found = complaints(BRAND + "api:\n  port: http\n")
    assert found == [
        "tertulia.yaml:3: api.port: 'http' is not a whole number",
    ]
