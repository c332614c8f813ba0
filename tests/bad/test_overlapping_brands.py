"""One term for two brands counts twice: a warning, with accents and case aside."""

from __future__ import annotations

from tests.bad.complaints import Complaints


def test_overlapping_brands(complaints: Complaints) -> None:
    found = complaints("brands:\n- name: one\n  terms: [Café Olé]\n- name: two\n  terms: [Fairphone, cafe olé]\n")
    assert found == [
        ("tertulia.yaml:5: brands[1].terms[1]: warning: 'cafe olé' belongs to one as well: such posts count for both"),
    ]
