"""A secret from a file that is not there."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_secret_file_is_missing(complaints: Complaints) -> None:
    found = complaints(BRAND + "api:\n  token_file: secrets/token\n")
    assert found == [
        "tertulia.yaml:3: api.token_file: ~/secrets/token cannot be read: No such file or directory",
    ]
