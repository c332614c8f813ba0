"""All labels, and some of them once more."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_group_by_everything_and_more(complaints: Complaints) -> None:
    found = complaints(
        BRAND
        + """\
routing:
  group_by: [brand, ...]
"""
    )
    assert found == [
        "tertulia.yaml:2: routing: group_by: `...` means all labels already; take the others out",
    ]
