"""A byte order mark, as Windows editors write it, is no mistake."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_byte_order_mark(complaints: Complaints) -> None:
    assert complaints(BRAND.encode("utf-8-sig")) == []
