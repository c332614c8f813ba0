"""A file with a word in it."""

from __future__ import annotations

from tests.bad.complaints import Complaints


def test_word_at_the_top(complaints: Complaints) -> None:
    found = complaints("fairphone\n")
    assert found == [
        "tertulia.yaml:1: the file holds a single value; it must hold settings, `key: value`",
    ]
