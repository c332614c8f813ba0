"""An item left empty."""

from __future__ import annotations

from tests.bad.complaints import Complaints


def test_null_among_terms(complaints: Complaints) -> None:
    found = complaints("brands:\n- name: fairphone\n  terms:\n  - Fairphone\n  -\n")
    assert found == [
        "tertulia.yaml:5: brands[0].terms[1]: is empty; write a value or take the line out",
    ]
