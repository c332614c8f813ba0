"""A single word where a list is due."""

from __future__ import annotations

from tests.bad.complaints import Complaints


def test_one_term_instead_of_a_list(complaints: Complaints) -> None:
    found = complaints("brands:\n- name: fairphone\n  terms: Fairphone\n")
    assert found == [
        "tertulia.yaml:3: brands[0].terms: must be a list; write [Fairphone]",
    ]
