"""A file in Latin-1: the line of the first letter that is not UTF-8."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_latin1(complaints: Complaints) -> None:
    found = complaints(BRAND.encode() + "contact: José\n".encode("latin-1"))
    assert found == ["tertulia.yaml:2: this line is not UTF-8; save the file as UTF-8"]
