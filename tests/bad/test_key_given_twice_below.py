"""Also inside a brand."""

from __future__ import annotations

from tests.bad.complaints import Complaints


def test_key_given_twice_below(complaints: Complaints) -> None:
    found = complaints("brands:\n- name: fairphone\n  terms: [Fairphone]\n  terms: [FP5]\n")
    assert found == [
        "tertulia.yaml:4: brands[0].terms: is given twice; first in line 3",
    ]
