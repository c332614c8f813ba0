"""Whoever listens to the world needs a token."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_open_address_without_token(complaints: Complaints) -> None:
    found = complaints(BRAND + "api:\n  host: 0.0.0.0\n")
    assert found == [
        (
            "tertulia.yaml:3: api.host: 0.0.0.0 is reached from other machines: set TERTULIA_API__TOKEN or "
            "api.token_file"
        ),
    ]
