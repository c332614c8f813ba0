"""A value that is none of the few, with the one that was meant."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_wrong_choice(complaints: Complaints) -> None:
    found = complaints(BRAND + "log_level: warn\n")
    assert found == [
        "tertulia.yaml:2: log_level: 'warn' is none of DEBUG, INFO, WARNING, ERROR; did you mean `WARNING`?",
    ]
