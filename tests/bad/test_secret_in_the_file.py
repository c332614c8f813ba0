"""A secret that stands in the file itself: a warning."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_secret_in_the_file(complaints: Complaints) -> None:
    found = complaints(BRAND + "api:\n  token: abc\n")
    assert found == [
        (
            "tertulia.yaml:3: api.token: warning: a secret in a file that gets copied around; better "
            "token_file, or the environment"
        ),
    ]
