"""Groups by what no alert has."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_group_by_an_unknown_label(complaints: Complaints) -> None:
    found = complaints(
        BRAND
        + """\
routing:
  group_by: [brnd]
"""
    )
    assert found == [
        "tertulia.yaml:3: routing.group_by[0]: there is no label 'brnd'; did you mean `brand`?",
    ]
