"""A brand called True has to be quoted."""

from __future__ import annotations

from tests.bad.complaints import Complaints


def test_true_among_terms(complaints: Complaints) -> None:
    found = complaints("brands:\n- name: tru\n  terms: [true]\n")
    assert found == [
        'tertulia.yaml:3: brands[0].terms[0]: true must be text here; put it in quotes: "true"',
    ]
