"""A span of hours that is none."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_hours_that_are_none(complaints: Complaints) -> None:
    found = complaints(
        BRAND
        + """\
routing:
  times:
  - name: night
    hours: [10pm-7am]
"""
    )
    assert found == [
        "tertulia.yaml:5: routing.times[0].hours[0]: '10pm' is no time of day, such as 07:30 or 22:00",
    ]
