"""A misspelt key names the one that was meant."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_unknown_key(complaints: Complaints) -> None:
    found = complaints(BRAND + "apii: {port: 1}\n")
    assert found == [
        "tertulia.yaml:2: apii: unknown key; did you mean `api`?",
    ]
