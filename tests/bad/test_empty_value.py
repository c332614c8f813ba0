"""A key with nothing behind it."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_empty_value(complaints: Complaints) -> None:
    found = complaints(BRAND + "api:\n  port:\n")
    assert found == [
        "tertulia.yaml:3: api.port: is empty; write a value or take the line out",
    ]
