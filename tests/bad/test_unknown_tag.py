"""A tag of another program."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_unknown_tag(complaints: Complaints) -> None:
    found = complaints(BRAND + "contact: !secret mail\n")
    assert found == [
        "tertulia.yaml:2: contact: the tag !secret means nothing here",
    ]
