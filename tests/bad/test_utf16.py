"""A file saved as UTF-16, as some editors do."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_utf16(complaints: Complaints) -> None:
    assert complaints(BRAND.encode("utf-16")) == ["tertulia.yaml:1: the file is UTF-16; save it as UTF-8"]
