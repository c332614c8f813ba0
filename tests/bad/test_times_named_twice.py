"""Two times of one name."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_times_named_twice(complaints: Complaints) -> None:
    found = complaints(
        BRAND
        + """\
routing:
  times:
  - name: night
  - name: night
"""
    )
    assert found == [
        "tertulia.yaml:5: routing.times[1].name: a second 'night'; give it another name",
    ]
