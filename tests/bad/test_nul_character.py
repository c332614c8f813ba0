"""A NUL in the text."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_nul_character(complaints: Complaints) -> None:
    found = complaints(BRAND + "contact: a\x00b\n")
    assert found == ["tertulia.yaml:2: the character U+0000 may not stand in YAML"]
