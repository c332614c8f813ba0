"""A term of digits has to be quoted."""

from __future__ import annotations

from tests.bad.complaints import Complaints


def test_number_among_terms(complaints: Complaints) -> None:
    found = complaints("brands:\n- name: orwell\n  terms:\n  - 1984\n")
    assert found == [
        'tertulia.yaml:4: brands[0].terms[0]: 1984 must be text here; put it in quotes: "1984"',
    ]
