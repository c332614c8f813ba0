"""A secret and a file with it."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_secret_given_twice(complaints: Complaints) -> None:
    found = complaints(BRAND + "api:\n  token_file: tertulia.yaml\n", env={"TERTULIA_API__TOKEN": "abc"})
    assert found == [
        "tertulia.yaml:3: api.token_file: token is given as well; keep one of the two",
    ]
