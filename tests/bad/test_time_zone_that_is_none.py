"""A city that gives no time zone its name."""

from __future__ import annotations

from tests.bad.complaints import BRAND, Complaints


def test_time_zone_that_is_none(complaints: Complaints) -> None:
    found = complaints(
        BRAND
        + """\
routing:
  times:
  - name: night
    zone: Europe/Barcelona
"""
    )
    assert found == [
        (
            "tertulia.yaml:5: routing.times[0].zone: there is no time zone 'Europe/Barcelona'; write one "
            "such as UTC or Europe/Madrid"
        ),
    ]
