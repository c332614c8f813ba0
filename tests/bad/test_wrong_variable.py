"""The value of a variable is wrong: the variable is named, not the file."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_wrong_variable(complaints: Complaints) -> None:
    found = complaints(BRAND + "api: {port: 6066}\n", env={"TERTULIA_API__PORT": "many"})
    assert found == [
        "TERTULIA_API__PORT: api.port: 'many' is not a whole number",
    ]
