"""The short name is shown as it has to be."""

from __future__ import annotations

from tests.bad.complaints import Complaints


def test_brand_name_with_capitals(complaints: Complaints) -> None:
    found = complaints("brands:\n- name: Café Olé\n  terms: [Café Olé]\n")
    assert found == [
        (
            "tertulia.yaml:2: brands[0].name: 'Café Olé' is no short name (lower-case letters, digits, - "
            "and _); write cafe-ole"
        ),
    ]
