"""A file that begins with a dash."""

from __future__ import annotations

from tests.bad.complaints import Complaints


def test_list_at_the_top(complaints: Complaints) -> None:
    found = complaints("- name: fairphone\n  terms: [Fairphone]\n")
    assert found == [
        "tertulia.yaml:1: the file holds a list; it must hold settings, `key: value`",
    ]
